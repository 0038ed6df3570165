package dev.amphora.controller.statefulset;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Decides what a StatefulSet does next about its pods: a function of what is seen and the time. */
final class StatefulSetPlanner {
    private StatefulSetPlanner() {}

    /** One thing to do. */
    sealed interface Step permits Create, Delete, Repair, Claims, Retain {}

    /** Make the pod of an ordinal, and its claims before it. */
    record Create(int ordinal, boolean current) implements Step {}

    /**
     * Delete a pod.
     *
     * @param scaledAway whether it goes because the set has become smaller
     */
    record Delete(Pod pod, int ordinal, boolean scaledAway) implements Step {}

    /** Put a pod's labels and claims right. */
    record Repair(Pod pod, int ordinal) implements Step {}

    /** Make the claims that a waiting pod lacks. */
    record Claims(Pod pod, int ordinal) implements Step {}

    /** Give the claims of a pod the owners that the retention policy wants. */
    record Retain(Pod pod, int ordinal) implements Step {}

    /** What to do, in this order, and what the status says. */
    record Plan(List<Step> steps, StatefulSetStatus status) {}

    /**
     * What is seen.
     *
     * @param current the name of the revision that is being left
     * @param update the name of the revision to go to
     * @param pods those that the set controls
     * @param staleClaims whether a claim of an ordinal is on its way out
     */
    record View(
            StatefulSet set,
            String current,
            String update,
            int collisions,
            List<Pod> pods,
            IntPredicate staleClaims,
            Instant now) {}

    static Plan plan(View view) {
        return new Planning(view).plan();
    }

    /** Whether a missing pod comes back at the revision that is being left. */
    static boolean comesBackOld(StatefulSet set, int ordinal) {
        return isRolling(set) && ordinal < Identity.start(set) + partition(set);
    }

    static boolean isRolling(StatefulSet set) {
        return set.getSpec().getUpdateStrategy() == null
                || !"OnDelete".equals(set.getSpec().getUpdateStrategy().getType());
    }

    private static int partition(StatefulSet set) {
        return set.getSpec().getUpdateStrategy() == null
                        || set.getSpec().getUpdateStrategy().getRollingUpdate() == null
                        || set.getSpec().getUpdateStrategy().getRollingUpdate().getPartition() == null
                ? 0
                : set.getSpec().getUpdateStrategy().getRollingUpdate().getPartition();
    }

    private static final class Planning {
        private final View view;
        private final StatefulSet set;
        private final int minReady;
        private final boolean ordered;
        private final @Nullable Pod[] replicas;
        private final List<Pod> condemned = new ArrayList<>();
        private final List<Step> steps = new ArrayList<>();

        Planning(View view) {
            this.view = view;
            this.set = view.set;
            this.minReady = set.getSpec().getMinReadySeconds() == null
                    ? 0
                    : set.getSpec().getMinReadySeconds();
            this.ordered = !"Parallel".equals(set.getSpec().getPodManagementPolicy());
            int start = Identity.start(set);
            this.replicas = new Pod[Identity.replicas(set)];
            for (Pod pod : view.pods) {
                int ordinal = Identity.ordinal(set, pod);
                if (ordinal >= start && ordinal < start + replicas.length) {
                    replicas[ordinal - start] = pod;
                } else if (ordinal >= 0) {
                    condemned.add(pod);
                }
            }
            condemned.sort(Comparator.comparingInt((Pod pod) -> Identity.ordinal(set, pod))
                    .reversed());
        }

        Plan plan() {
            StatefulSetStatus status = status();
            if (!Pods.isTerminating(set) && living() && condemned()) {
                update();
            }
            return new Plan(steps, status);
        }

        private StatefulSetStatus status() {
            StatefulSetStatus before = set.getStatus() == null ? new StatefulSetStatus() : set.getStatus();
            int ready = 0;
            int available = 0;
            int current = 0;
            int updated = 0;
            for (Pod pod : view.pods) {
                if (isReady(pod)) {
                    ready++;
                    if (Pods.isAvailable(pod, minReady, view.now)) {
                        available++;
                    }
                }
                if (!Pods.isTerminating(pod)) {
                    current += Identity.revision(pod).equals(view.current) ? 1 : 0;
                    updated += Identity.revision(pod).equals(view.update) ? 1 : 0;
                }
            }
            String revision = view.current;
            int wanted = Identity.replicas(set);
            if (isRolling(set) && updated == wanted && ready == wanted && view.pods.size() == wanted) {
                current = updated;
                revision = view.update;
            }
            StatefulSetStatus status = before.edit().build();
            status.setObservedGeneration(
                    set.getMetadata().getGeneration() == null
                            ? Long.valueOf(0)
                            : set.getMetadata().getGeneration());
            status.setReplicas(view.pods.size());
            status.setReadyReplicas(orNull(ready));
            status.setAvailableReplicas(available);
            status.setCurrentReplicas(orNull(current));
            status.setUpdatedReplicas(orNull(updated));
            status.setCurrentRevision(revision);
            status.setUpdateRevision(view.update);
            status.setCollisionCount(view.collisions);
            return status;
        }

        private static @Nullable Integer orNull(int number) {
            return number == 0 ? null : number;
        }

        private static boolean isReady(Pod pod) {
            return Pods.phase(pod).equals("Running") && Pods.isReady(pod);
        }

        private boolean isAvailable(Pod pod) {
            return isReady(pod) && Pods.isAvailable(pod, minReady, view.now);
        }

        private boolean isHealthy(@Nullable Pod pod) {
            return pod != null && isReady(pod) && !Pods.isTerminating(pod);
        }

        /** Goes through the replicas from the lowest; false if something has to be waited for. */
        private boolean living() {
            for (int i = 0; i < replicas.length; i++) {
                Pod pod = replicas[i];
                int ordinal = Identity.start(set) + i;
                if (pod == null) {
                    if (!view.staleClaims.test(ordinal)) {
                        steps.add(new Create(ordinal, comesBackOld(set, ordinal)));
                    }
                    if (ordered) {
                        return false;
                    }
                } else if (Pods.isTerminal(pod)) {
                    if (!Pods.isTerminating(pod)) {
                        steps.add(new Delete(pod, ordinal, false));
                    }
                    if (ordered) {
                        return false;
                    }
                } else {
                    if (Pods.phase(pod).equals("Pending")) {
                        steps.add(new Claims(pod, ordinal));
                    }
                    steps.add(new Retain(pod, ordinal));
                    if (ordered && (Pods.isTerminating(pod) || !isAvailable(pod))) {
                        return false;
                    }
                    if (!Identity.matches(set, pod, ordinal)) {
                        steps.add(new Repair(pod, ordinal));
                    }
                }
            }
            return true;
        }

        /** Goes through the pods out of range from the highest; false if something has to be waited for. */
        private boolean condemned() {
            Pod unhealthy = firstUnhealthy();
            for (Pod pod : condemned) {
                if (Pods.isTerminating(pod)) {
                    if (ordered) {
                        return false;
                    }
                    continue;
                }
                if (ordered && !isAvailable(pod) && pod != unhealthy) {
                    return false;
                }
                steps.add(new Delete(pod, Identity.ordinal(set, pod), true));
                if (ordered) {
                    return false;
                }
            }
            return true;
        }

        private @Nullable Pod firstUnhealthy() {
            for (Pod pod : replicas) {
                if (pod == null || !isHealthy(pod)) {
                    return pod;
                }
            }
            Pod first = null;
            for (Pod pod : condemned) {
                if (!isHealthy(pod)) {
                    first = pod;
                }
            }
            return first;
        }

        /** Takes the highest pod that is at another revision, unless a pod above it is not healthy. */
        private void update() {
            if (!isRolling(set)) {
                return;
            }
            for (int i = replicas.length - 1; i >= partition(set); i--) {
                Pod pod = replicas[i];
                if (pod == null) {
                    return;
                }
                if (!Identity.revision(pod).equals(view.update) && !Pods.isTerminating(pod)) {
                    if (Pods.isTerminal(pod)) {
                        return;
                    }
                    steps.add(new Delete(pod, Identity.start(set) + i, false));
                    return;
                }
                if (Pods.isTerminating(pod) || !isAvailable(pod)) {
                    return;
                }
            }
        }
    }

    /** When the next ready pod becomes available; null if none is waiting for that. */
    static @Nullable Duration nextAvailability(StatefulSet set, List<Pod> pods, Instant now) {
        int seconds =
                set.getSpec().getMinReadySeconds() == null ? 0 : set.getSpec().getMinReadySeconds();
        Duration next = null;
        for (Pod pod : pods) {
            Duration left = Pods.untilAvailable(pod, seconds, now);
            if (left != null && (next == null || left.compareTo(next) < 0)) {
                next = left;
            }
        }
        return next;
    }
}
