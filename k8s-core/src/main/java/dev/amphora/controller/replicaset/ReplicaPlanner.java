package dev.amphora.controller.replicaset;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Decides how many pods to make, which to delete and what the status says: functions of what is seen and the time. */
final class ReplicaPlanner {
    /** At most so many pods are created or deleted in one go. */
    static final int BURST = 500;

    private ReplicaPlanner() {}

    /**
     * What to do about the pods.
     *
     * @param create how many to make
     * @param delete which to delete
     */
    record Plan(int create, List<Pod> delete) {
        static final Plan NOTHING = new Plan(0, List.of());
    }

    /**
     * Compares what is wanted with what counts.
     *
     * @param wanted how many replicas
     * @param active pods that count
     * @param related active pods of the same controller's other sets too, which decide how crowded a node is
     */
    static Plan plan(int wanted, List<Pod> active, List<Pod> related, Instant now) {
        int surplus = active.size() - wanted;
        if (surplus < 0) {
            return new Plan(Math.min(-surplus, BURST), List.of());
        }
        if (surplus == 0) {
            return Plan.NOTHING;
        }
        int count = Math.min(surplus, BURST);
        if (count == active.size()) {
            return new Plan(0, active);
        }
        return new Plan(0, victimsFirst(active, related, now).subList(0, count));
    }

    /** The pods in the order in which they are given up. */
    static List<Pod> victimsFirst(List<Pod> active, List<Pod> related, Instant now) {
        Map<String, Integer> crowd = new HashMap<>();
        for (Pod pod : related) {
            if (Pods.isActive(pod) && Pods.isAssigned(pod)) {
                crowd.merge(pod.getSpec().getNodeName(), 1, Integer::sum);
            }
        }
        List<Candidate> candidates = new ArrayList<>();
        for (Pod pod : active) {
            candidates.add(Candidate.of(pod, crowd));
        }
        candidates.sort((a, b) -> compare(a, b, now));
        return candidates.stream().map(Candidate::pod).toList();
    }

    private record Candidate(
            Pod pod,
            boolean assigned,
            int phase,
            boolean ready,
            long cost,
            int crowd,
            @Nullable Instant readySince,
            int restarts,
            @Nullable Instant created,
            String uid) {

        static Candidate of(Pod pod, Map<String, Integer> crowd) {
            boolean assigned = Pods.isAssigned(pod);
            int phase =
                    switch (Pods.phase(pod)) {
                        case "Pending" -> 0;
                        case "Unknown" -> 1;
                        default -> 2;
                    };
            return new Candidate(
                    pod,
                    assigned,
                    phase,
                    Pods.isReady(pod),
                    deletionCost(pod),
                    assigned ? crowd.getOrDefault(pod.getSpec().getNodeName(), 0) : 0,
                    Pods.readySince(pod),
                    Pods.maxRestarts(pod),
                    Pods.time(pod.getMetadata().getCreationTimestamp()),
                    Objects.requireNonNullElse(pod.getMetadata().getUid(), ""));
        }
    }

    private static long deletionCost(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        String cost = annotations == null ? null : annotations.get("controller.kubernetes.io/pod-deletion-cost");
        if (cost == null || !cost.matches("0|-?[1-9][0-9]*")) {
            return 0;
        }
        try {
            return Integer.parseInt(cost);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static int compare(Candidate a, Candidate b, Instant now) {
        if (a.assigned != b.assigned) {
            return a.assigned ? 1 : -1;
        }
        if (a.phase != b.phase) {
            return Integer.compare(a.phase, b.phase);
        }
        if (a.ready != b.ready) {
            return a.ready ? 1 : -1;
        }
        if (a.cost != b.cost) {
            return Long.compare(a.cost, b.cost);
        }
        if (a.crowd != b.crowd) {
            return Integer.compare(b.crowd, a.crowd);
        }
        if (a.ready && !Objects.equals(a.readySince, b.readySince)) {
            return youngerFirst(a.readySince, b.readySince, a.uid, b.uid, now);
        }
        if (a.restarts != b.restarts) {
            return Integer.compare(b.restarts, a.restarts);
        }
        if (!Objects.equals(a.created, b.created)) {
            return youngerFirst(a.created, b.created, a.uid, b.uid, now);
        }
        return a.uid.compareTo(b.uid);
    }

    /** Ages count by their power of two only; within one, the uid decides. */
    private static int youngerFirst(@Nullable Instant a, @Nullable Instant b, String uidA, String uidB, Instant now) {
        if (a == null || b == null) {
            return a == null ? -1 : 1;
        }
        int byAge = Integer.compare(magnitude(a, now), magnitude(b, now));
        return byAge != 0 ? byAge : uidA.compareTo(uidB);
    }

    private static int magnitude(Instant since, Instant now) {
        long age = Duration.between(since, now).toNanos();
        return age <= 0 ? -1 : 63 - Long.numberOfLeadingZeros(age);
    }

    /** How many pods to make in each batch: 1, 2, 4 and so on, so that a refusal costs little. */
    static List<Integer> slowStart(int count) {
        List<Integer> batches = new ArrayList<>();
        int remaining = count;
        for (int batch = 1; remaining > 0; batch *= 2) {
            int size = Math.min(batch, remaining);
            batches.add(size);
            remaining -= size;
        }
        return batches;
    }

    /**
     * The status that says what was seen.
     *
     * @param before the status so far
     * @param spec what is wanted
     * @param active pods that count
     * @param terminating how many pods are on their way out; null if the kind does not say
     * @param failure why creating or deleting failed; null if it did not
     */
    static ReplicaKind.Status status(
            ReplicaKind.Status before,
            ReplicaKind.Spec spec,
            long generation,
            List<Pod> active,
            @Nullable Integer terminating,
            @Nullable String failure,
            Instant now) {
        Map<String, String> labels = spec.template().getMetadata() == null
                        || spec.template().getMetadata().getLabels() == null
                ? Map.of()
                : spec.template().getMetadata().getLabels();
        int labelled = 0;
        int ready = 0;
        int available = 0;
        for (Pod pod : active) {
            Map<String, String> own = pod.getMetadata().getLabels();
            if (labels.isEmpty() || (own != null && own.entrySet().containsAll(labels.entrySet()))) {
                labelled++;
            }
            if (Pods.isReady(pod)) {
                ready++;
                if (Pods.isAvailable(pod, spec.minReadySeconds(), now)) {
                    available++;
                }
            }
        }
        List<ReplicaKind.Condition> conditions = new ArrayList<>(before.conditions());
        boolean failing = conditions.stream().anyMatch(c -> c.type().equals("ReplicaFailure"));
        if (failure != null && !failing) {
            String reason = active.size() < spec.replicas() ? "FailedCreate" : "FailedDelete";
            conditions.add(new ReplicaKind.Condition("ReplicaFailure", "True", reason, failure, Pods.stamp(now)));
        } else if (failure == null && failing) {
            conditions.removeIf(c -> c.type().equals("ReplicaFailure"));
        }
        return new ReplicaKind.Status(active.size(), labelled, ready, available, terminating, generation, conditions);
    }

    /** When the next ready pod becomes available; null if none is waiting for that. */
    static @Nullable Duration nextAvailability(List<Pod> active, int minReadySeconds, Instant now) {
        if (minReadySeconds == 0) {
            return null;
        }
        Duration next = null;
        for (Pod pod : active) {
            Duration left = Pods.untilAvailable(pod, minReadySeconds, now);
            if (left != null && (next == null || left.compareTo(next) < 0)) {
                next = left;
            }
        }
        return next;
    }
}
