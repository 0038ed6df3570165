package dev.amphora.controller.daemonset;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.api.model.apps.RollingUpdateDaemonSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Decides where a DaemonSet starts and stops pods, and what its status says: functions of what is seen and the time. */
final class DaemonSetPlanner {
    /** At most so many pods are created or deleted in one go. */
    static final int BURST = 250;

    private final DaemonSet set;
    private final String hash;
    private final Instant now;
    private final int minReady;
    private final Map<String, NodeFit> fits = new LinkedHashMap<>();
    private final Map<String, List<Pod>> byNode = new LinkedHashMap<>();
    private final List<String> create = new ArrayList<>();
    private final List<Pod> delete = new ArrayList<>();
    private final List<Pod> failed = new ArrayList<>();

    /**
     * What to do about the pods.
     *
     * @param create the nodes to start one on
     * @param delete to delete
     * @param failed to delete because they have ended, unless that was done a moment ago
     */
    record Plan(List<String> create, List<Pod> delete, List<Pod> failed) {
        boolean isEmpty() {
            return create.isEmpty() && delete.isEmpty() && failed.isEmpty();
        }
    }

    /**
     * A planner for one look.
     *
     * @param hash of the present template
     * @param pods those that the set controls
     */
    DaemonSetPlanner(DaemonSet set, String hash, List<Node> nodes, List<Pod> pods, Instant now) {
        this.set = set;
        this.hash = hash;
        this.now = now;
        this.minReady =
                set.getSpec().getMinReadySeconds() == null ? 0 : set.getSpec().getMinReadySeconds();
        List<Toleration> tolerations =
                DaemonPods.tolerations(set.getSpec().getTemplate().getSpec());
        for (Node node : nodes) {
            fits.put(
                    node.getMetadata().getName(),
                    NodeFit.of(set.getSpec().getTemplate().getSpec(), tolerations, node));
        }
        for (Pod pod : pods) {
            String node = DaemonPods.node(pod);
            if (!node.isEmpty() && !(Pods.isTerminal(pod) && Pods.isTerminating(pod))) {
                byNode.computeIfAbsent(node, name -> new ArrayList<>()).add(pod);
            }
        }
        byNode.values().forEach(list -> list.sort(DaemonPods.OLDEST));
    }

    /** Keeps a pod on each node that fits, and none elsewhere. */
    Plan manage() {
        fits.forEach((node, fit) -> {
            List<Pod> pods = byNode.get(node);
            if (pods == null) {
                if (fit.shouldRun()) {
                    create.add(node);
                }
            } else if (fit.mayStay()) {
                keep(node, fit, pods);
            } else {
                pods.stream().filter(pod -> !Pods.isTerminating(pod)).forEach(delete::add);
            }
        });
        byNode.forEach((node, pods) -> {
            if (!fits.containsKey(node)) {
                pods.stream()
                        .filter(pod -> !Pods.isAssigned(pod) && !Pods.isTerminating(pod))
                        .forEach(delete::add);
            }
        });
        return new Plan(create, delete, failed);
    }

    private void keep(String node, NodeFit fit, List<Pod> pods) {
        List<Pod> running = new ArrayList<>();
        for (Pod pod : pods) {
            if (Pods.isTerminating(pod)) {
                continue;
            }
            if (Pods.isTerminal(pod)) {
                failed.add(pod);
            } else {
                running.add(pod);
            }
        }
        if (surge(1) == 0) {
            running.stream().skip(1).forEach(delete::add);
            return;
        }
        if (running.size() <= 1) {
            if (running.isEmpty() && fit.shouldRun() && failed.stream().noneMatch(pods::contains)) {
                create.add(node);
            }
            return;
        }
        Pod updated = null;
        Pod old = null;
        for (Pod pod : running) {
            if (DaemonPods.isUpdated(set, pod, hash) && updated == null) {
                updated = pod;
            } else if (!DaemonPods.isUpdated(set, pod, hash) && old == null) {
                old = pod;
            } else {
                delete.add(pod);
            }
        }
        if (updated != null && old != null && (!Pods.isReady(old) || isAvailable(updated))) {
            delete.add(old);
        }
    }

    private boolean isAvailable(Pod pod) {
        return Pods.isAvailable(pod, minReady, now);
    }

    private record Pair(@Nullable Pod updated, @Nullable Pod old) {}

    /** The new and the old pod of a node; null if there are more than one of a kind. */
    private @Nullable Pair pair(List<Pod> pods) {
        Pod updated = null;
        Pod old = null;
        for (Pod pod : pods) {
            if (Pods.isTerminating(pod)) {
                continue;
            }
            if (DaemonPods.isUpdated(set, pod, hash)) {
                if (updated != null) {
                    return null;
                }
                updated = pod;
            } else {
                if (old != null) {
                    return null;
                }
                old = pod;
            }
        }
        return new Pair(updated, old);
    }

    /** Replaces old pods, as many at a time as the strategy allows. */
    Plan roll() {
        int desired = desired();
        if (desired == 0 || isOnDelete()) {
            return new Plan(List.of(), List.of(), List.of());
        }
        int surge = surge(desired);
        return surge == 0 ? rollInPlace(Math.max(1, unavailable(desired))) : rollBySurge(surge);
    }

    private Plan rollInPlace(int maxUnavailable) {
        int unavailable = 0;
        List<Pod> free = new ArrayList<>();
        List<Pod> candidates = new ArrayList<>();
        for (String node : nodes()) {
            Pair pair = pair(byNode.getOrDefault(node, List.of()));
            if (pair == null || (pair.updated == null) == (pair.old == null)) {
                unavailable++;
            } else if (pair.updated != null) {
                unavailable += isAvailable(pair.updated) ? 0 : 1;
            } else if (pair.old != null && isAvailable(pair.old)) {
                candidates.add(pair.old);
            } else if (pair.old != null) {
                free.add(pair.old);
                unavailable++;
            }
        }
        int more = Math.min(candidates.size(), Math.max(0, maxUnavailable - unavailable));
        free.addAll(candidates.subList(0, more));
        return new Plan(List.of(), free, List.of());
    }

    private Plan rollBySurge(int maxSurge) {
        int surging = 0;
        List<Pod> old = new ArrayList<>();
        List<String> free = new ArrayList<>();
        List<String> candidates = new ArrayList<>();
        for (String node : nodes()) {
            Pair pair = pair(byNode.getOrDefault(node, List.of()));
            if (pair == null) {
                surging++;
            } else if (pair.old != null && pair.updated == null) {
                (isAvailable(pair.old) ? candidates : free).add(node);
            } else if (pair.old != null && pair.updated != null) {
                if (isAvailable(pair.updated)) {
                    old.add(pair.old);
                } else {
                    surging++;
                }
            }
        }
        int more = Math.min(candidates.size(), Math.max(0, maxSurge - surging));
        free.addAll(candidates.subList(0, more));
        return new Plan(free, old, List.of());
    }

    /** The nodes that should have a pod or have one, by name. */
    private Iterable<String> nodes() {
        TreeSet<String> nodes = new TreeSet<>(byNode.keySet());
        fits.forEach((node, fit) -> {
            if (fit.shouldRun()) {
                nodes.add(node);
            }
        });
        return nodes;
    }

    private int desired() {
        return (int) fits.values().stream().filter(NodeFit::shouldRun).count();
    }

    private boolean isOnDelete() {
        return set.getSpec().getUpdateStrategy() != null
                && "OnDelete".equals(set.getSpec().getUpdateStrategy().getType());
    }

    private @Nullable RollingUpdateDaemonSet rolling() {
        return isOnDelete() || set.getSpec().getUpdateStrategy() == null
                ? null
                : set.getSpec().getUpdateStrategy().getRollingUpdate();
    }

    private int surge(int desired) {
        RollingUpdateDaemonSet rolling = rolling();
        return rolling == null ? 0 : scaled(rolling.getMaxSurge(), desired, 0);
    }

    private int unavailable(int desired) {
        RollingUpdateDaemonSet rolling = rolling();
        return rolling == null ? 1 : scaled(rolling.getMaxUnavailable(), desired, 1);
    }

    /** A number, or a share of the nodes rounded up. */
    static int scaled(@Nullable IntOrString value, int total, int otherwise) {
        if (value == null) {
            return otherwise;
        }
        if (value.getStrVal() == null) {
            return value.getIntVal() == null ? otherwise : value.getIntVal();
        }
        String text = value.getStrVal();
        if (!text.matches("[0-9]{1,4}%")) {
            return otherwise;
        }
        int percent = Integer.parseInt(text.substring(0, text.length() - 1));
        return (percent * total + 99) / 100;
    }

    DaemonSetStatus status() {
        int current = 0;
        int ready = 0;
        int available = 0;
        int updated = 0;
        int misscheduled = 0;
        for (Map.Entry<String, NodeFit> entry : fits.entrySet()) {
            List<Pod> pods = byNode.get(entry.getKey());
            if (pods == null) {
                continue;
            }
            if (!entry.getValue().shouldRun()) {
                misscheduled++;
                continue;
            }
            Pod pod = pods.get(0);
            current++;
            ready += Pods.isReady(pod) ? 1 : 0;
            available += isAvailable(pod) ? 1 : 0;
            updated += DaemonPods.isUpdated(set, pod, hash) ? 1 : 0;
        }
        int desired = desired();
        DaemonSetStatus status = set.getStatus() == null
                ? new DaemonSetStatus()
                : set.getStatus().edit().build();
        status.setObservedGeneration(
                set.getMetadata().getGeneration() == null
                        ? Long.valueOf(0)
                        : set.getMetadata().getGeneration());
        status.setDesiredNumberScheduled(desired);
        status.setCurrentNumberScheduled(current);
        status.setNumberMisscheduled(misscheduled);
        status.setNumberReady(ready);
        status.setUpdatedNumberScheduled(orNull(updated));
        status.setNumberAvailable(orNull(available));
        status.setNumberUnavailable(orNull(desired - available));
        return status;
    }

    private static @Nullable Integer orNull(int number) {
        return number == 0 ? null : number;
    }
}
