package dev.amphora.controller.deployment;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.RollingUpdateDeployment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The arithmetic of rollouts. Sizes are numbers of pods. */
final class RolloutMath {
    static final Comparator<ReplicaSet> OLDEST_FIRST = Comparator.comparing(
                    (ReplicaSet set) -> orEmpty(set.getMetadata().getCreationTimestamp()))
            .thenComparing(set -> set.getMetadata().getName());

    private RolloutMath() {}

    /** A set and the size that it gets. */
    record Sizing(ReplicaSet set, int size) {}

    /**
     * How far a rollout may deviate.
     *
     * @param surge pods above the wanted number
     * @param unavailable pods below it that are available
     */
    record Bounds(int surge, int unavailable) {

        /** The bounds of a strategy: surge percentages round up, unavailable ones down, and they are never both zero. */
        static Bounds of(@Nullable IntOrString maxSurge, @Nullable IntOrString maxUnavailable, int replicas) {
            int surge = resolve(maxSurge, replicas, true);
            int unavailable = resolve(maxUnavailable, replicas, false);
            return surge == 0 && unavailable == 0 ? new Bounds(0, 1) : new Bounds(surge, unavailable);
        }

        /** The bounds of a Deployment; none at all unless it rolls. */
        static Bounds of(Deployment deployment) {
            if (!isRolling(deployment)) {
                return new Bounds(0, 0);
            }
            RollingUpdateDeployment rolling = deployment.getSpec().getStrategy() == null
                    ? null
                    : deployment.getSpec().getStrategy().getRollingUpdate();
            int replicas = replicas(deployment);
            Bounds bounds = of(
                    rolling == null ? null : rolling.getMaxSurge(),
                    rolling == null ? null : rolling.getMaxUnavailable(),
                    replicas);
            return new Bounds(bounds.surge, Math.min(bounds.unavailable, replicas));
        }

        private static int resolve(@Nullable IntOrString value, int total, boolean up) {
            if (value == null) {
                return 0;
            }
            if (value.getIntVal() != null) {
                return value.getIntVal();
            }
            String text = value.getStrVal();
            if (text == null || !text.endsWith("%")) {
                return 0;
            }
            long percent = Long.parseLong(text.substring(0, text.length() - 1));
            return (int) (up ? Math.floorDiv(percent * total + 99, 100) : Math.floorDiv(percent * total, 100));
        }
    }

    static boolean isRolling(Deployment deployment) {
        return deployment.getSpec().getStrategy() == null
                || !"Recreate".equals(deployment.getSpec().getStrategy().getType());
    }

    static int replicas(Deployment deployment) {
        Integer replicas = deployment.getSpec().getReplicas();
        return replicas == null ? 1 : replicas;
    }

    static int replicas(ReplicaSet set) {
        Integer replicas = set.getSpec().getReplicas();
        return replicas == null ? 1 : replicas;
    }

    static int available(ReplicaSet set) {
        return set.getStatus() == null || set.getStatus().getAvailableReplicas() == null
                ? 0
                : set.getStatus().getAvailableReplicas();
    }

    static int replicas(Collection<ReplicaSet> sets) {
        return sets.stream().mapToInt(RolloutMath::replicas).sum();
    }

    static int available(Collection<ReplicaSet> sets) {
        return sets.stream().mapToInt(RolloutMath::available).sum();
    }

    static List<ReplicaSet> active(Collection<ReplicaSet> sets) {
        return sets.stream().filter(set -> replicas(set) > 0).toList();
    }

    /**
     * The size the new set may have now.
     *
     * @param present the new set's size
     * @param all the size of all sets, the new one included
     */
    static int newSetSize(Deployment deployment, int present, int all) {
        int wanted = replicas(deployment);
        if (!isRolling(deployment)) {
            return wanted;
        }
        int room = wanted + Bounds.of(deployment).surge - all;
        return room <= 0 ? present : present + Math.min(room, wanted - present);
    }

    /**
     * How far the old sets may shrink now.
     *
     * @return the sets that shrink, with their new sizes
     */
    static List<Sizing> oldSetSizes(Deployment deployment, ReplicaSet newSet, List<ReplicaSet> old) {
        int minAvailable = replicas(deployment) - Bounds.of(deployment).unavailable;
        int newUnavailable = replicas(newSet) - available(newSet);
        int budget = replicas(old) + replicas(newSet) - minAvailable - newUnavailable;
        if (replicas(old) == 0 || budget <= 0) {
            return List.of();
        }
        List<ReplicaSet> oldestFirst = new ArrayList<>(old);
        oldestFirst.sort(OLDEST_FIRST);
        int[] sizes = oldestFirst.stream().mapToInt(RolloutMath::replicas).toArray();
        int unhealthyLeft = budget;
        for (int i = 0; i < sizes.length && unhealthyLeft > 0; i++) {
            int down = Math.min(unhealthyLeft, Math.max(0, sizes[i] - available(oldestFirst.get(i))));
            sizes[i] -= down;
            unhealthyLeft -= down;
        }
        int spare = available(newSet) - minAvailable;
        for (ReplicaSet set : old) {
            // a set that was just told to shrink may not have said so yet
            spare += Math.min(available(set), replicas(set));
        }
        for (int i = 0; i < sizes.length && spare > 0; i++) {
            int down = Math.min(sizes[i], spare);
            sizes[i] -= down;
            spare -= down;
        }
        List<Sizing> shrunk = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] != replicas(oldestFirst.get(i))) {
                shrunk.add(new Sizing(oldestFirst.get(i), sizes[i]));
            }
        }
        return shrunk;
    }

    /**
     * How a change of the wanted number is shared among the sets of a rollout, in proportion to their sizes.
     *
     * @param active the sets that have replicas
     * @return every one of them with its new size
     */
    static List<Sizing> proportional(Deployment deployment, List<ReplicaSet> active) {
        int wanted = replicas(deployment);
        int max = wanted + Bounds.of(deployment).surge;
        int toAdd = (wanted > 0 ? max : 0) - replicas(active);
        List<ReplicaSet> order = new ArrayList<>(active);
        order.sort(Comparator.comparingInt((ReplicaSet set) -> -replicas(set))
                .thenComparing(toAdd > 0 ? OLDEST_FIRST.reversed() : OLDEST_FIRST));
        List<Sizing> sizes = new ArrayList<>();
        int added = 0;
        for (ReplicaSet set : order) {
            int left = toAdd - added;
            int fair = left == 0 ? 0 : fairShare(deployment, set, wanted, max);
            int share = toAdd > 0 ? Math.min(fair, left) : Math.max(fair, left);
            sizes.add(new Sizing(set, replicas(set) + share));
            added += share;
        }
        if (!sizes.isEmpty()) {
            Sizing first = sizes.get(0);
            sizes.set(0, new Sizing(first.set, Math.max(0, first.size + toAdd - added)));
        }
        return sizes;
    }

    private static int fairShare(Deployment deployment, ReplicaSet set, int wanted, int max) {
        if (wanted == 0) {
            return -replicas(set);
        }
        int before = Revisions.maxReplicas(set);
        if (before <= 0) {
            Integer reported = deployment.getStatus() == null
                    ? null
                    : deployment.getStatus().getReplicas();
            before = reported == null ? 0 : reported;
        }
        if (before == 0) {
            return 0;
        }
        double size = (double) replicas(set) * max / before;
        return (int) (size + 0.5) - replicas(set);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
