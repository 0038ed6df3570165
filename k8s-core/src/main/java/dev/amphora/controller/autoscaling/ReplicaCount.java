package dev.amphora.controller.autoscaling;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * How many replicas a measurement asks for: a function of pods, what is measured, and the time (HPA-1, HPA-2). Amounts are in thousandths
 * and ratios in floating point, as in the reference, so that the last replica comes out the same.
 */
final class ReplicaCount {

    /** It can't be told. */
    static final class Unknown extends Exception {
        private static final long serialVersionUID = 1;

        Unknown(String why) {
            super(why);
        }
    }

    /**
     * What a measurement asks for.
     *
     * @param usage of a pod on average, or the whole value, in thousandths
     * @param utilization in percent of what is requested; null for an absolute target
     */
    record Proposal(int replicas, long usage, @Nullable Integer utilization) {}

    /** What a pod uses, in thousandths. */
    record Sample(Instant at, Duration window, long amount) {}

    /** How far the measure may be off the target, up and down, before anything is done. */
    record Tolerance(double up, double down) {
        boolean holds(double ratio) {
            return 1.0 - down <= ratio && ratio <= 1.0 + up;
        }
    }

    /**
     * What there is.
     *
     * @param wanted how many replicas the target is to have
     * @param counted how many it says to have
     * @param pods all that it selects
     */
    record Present(int wanted, int counted, List<Pod> pods) {}

    private final HorizontalController.Settings settings;
    private final Tolerance tolerance;
    private final Present present;
    private final Instant now;

    ReplicaCount(HorizontalController.Settings settings, Tolerance tolerance, Present present, Instant now) {
        this.settings = settings;
        this.tolerance = tolerance;
        this.present = present;
        this.now = now;
    }

    /**
     * For pods that shall use a share of what they request.
     *
     * @param resource such as {@code cpu}
     * @param container null for all of them
     * @param target in percent
     * @param samples by the name of the pod
     */
    Proposal byUtilization(String resource, @Nullable String container, int target, Map<String, Sample> samples)
            throws Unknown {
        Groups groups = new Groups(resource, samples);
        Map<String, Long> requests = new PodRequests(resource, container).of(present.pods);
        long total = 0;
        long requested = 0;
        int count = 0;
        for (Map.Entry<String, Long> each : groups.measured.entrySet()) {
            Long request = requests.get(each.getKey());
            if (request != null) {
                total += each.getValue();
                requested += request;
                count++;
            }
        }
        if (requested == 0) {
            throw new Unknown("no metrics returned matched known pods");
        }
        int replicas = groups.replicas(
                measured -> share(measured, requests) / (double) target,
                pod -> requests.getOrDefault(pod, 0L) * Math.max(100, target) / 100);
        return new Proposal(replicas, total / count, (int) (total * 100 / requested));
    }

    private static int share(Map<String, Long> measured, Map<String, Long> requests) {
        long total = 0;
        long requested = 0;
        for (Map.Entry<String, Long> each : measured.entrySet()) {
            Long request = requests.get(each.getKey());
            if (request != null) {
                total += each.getValue();
                requested += request;
            }
        }
        return requested == 0 ? 0 : (int) (total * 100 / requested);
    }

    /**
     * For pods that shall have so much each.
     *
     * @param resource such as {@code cpu}; null for other metrics
     * @param target in thousandths
     * @param samples by the name of the pod
     */
    Proposal byAverage(@Nullable String resource, long target, Map<String, Sample> samples) throws Unknown {
        Groups groups = new Groups(resource, samples);
        long average = average(groups.measured);
        int replicas = groups.replicas(measured -> average(measured) / (double) target, pod -> target);
        return new Proposal(replicas, average, null);
    }

    private static long average(Map<String, Long> measured) {
        return measured.values().stream().mapToLong(Long::longValue).sum() / measured.size();
    }

    /**
     * For a value that the ready pods shall bring to a target together.
     *
     * @param target in thousandths
     * @param usage in thousandths
     */
    Proposal byValue(long target, long usage) throws Unknown {
        double ratio = usage / (double) target;
        if (present.wanted == 0) {
            return new Proposal(ceiling(ratio), usage, null);
        }
        if (tolerance.holds(ratio)) {
            return new Proposal(present.wanted, usage, null);
        }
        if (present.pods.isEmpty()) {
            throw new Unknown(
                    "unable to calculate ready pods: no pods returned by selector while calculating replica count");
        }
        long ready = present.pods.stream()
                .filter(pod -> Pods.phase(pod).equals("Running") && Pods.isReady(pod))
                .count();
        return new Proposal(ceiling(ratio * ready), usage, null);
    }

    /**
     * For a value of which each pod shall have a part.
     *
     * @param target in thousandths
     * @param usage in thousandths
     */
    Proposal perPod(long target, long usage) {
        int counted = present.counted;
        double ratio = usage / ((double) target * counted);
        int replicas = tolerance.holds(ratio) ? counted : ceiling(usage / (double) target);
        long each = counted == 0 ? usage : (long) Math.ceil(usage / (double) counted);
        return new Proposal(replicas, each, null);
    }

    private static int ceiling(double value) {
        return (int) Math.ceil(value);
    }

    private interface Ratio {
        double of(Map<String, Long> measured);
    }

    /** The pods, by what is known of them. */
    private final class Groups {
        final Map<String, Long> measured = new LinkedHashMap<>();
        private final Set<String> unready = new LinkedHashSet<>();
        private final Set<String> missing = new LinkedHashSet<>();
        private int ready;

        Groups(@Nullable String resource, Map<String, Sample> samples) throws Unknown {
            if (present.pods.isEmpty()) {
                throw new Unknown("no pods returned by selector while calculating replica count");
            }
            samples.forEach((pod, sample) -> measured.put(pod, sample.amount));
            for (Pod pod : present.pods) {
                group(pod, samples.get(pod.getMetadata().getName()), "cpu".equals(resource));
            }
            if (measured.isEmpty()) {
                throw new Unknown("did not receive metrics for targeted pods (pods might be unready)");
            }
        }

        private void group(Pod pod, @Nullable Sample sample, boolean isCpu) {
            String name = pod.getMetadata().getName();
            if (Pods.isTerminating(pod) || Pods.phase(pod).equals("Failed")) {
                measured.remove(name);
            } else if (Pods.phase(pod).equals("Pending")) {
                unready.add(name);
                measured.remove(name);
            } else if (sample == null) {
                missing.add(name);
            } else if (isCpu && isUnready(pod, sample)) {
                unready.add(name);
                measured.remove(name);
            } else {
                ready++;
            }
        }

        /**
         * What is called for, if those that nothing is known of are taken for what speaks most against a change.
         *
         * @param ratio of what is measured to what is aimed at
         * @param most what a pod is taken to use when there seem to be too many
         */
        int replicas(Ratio ratio, ToLongFunction<String> most) {
            int current = present.wanted;
            double first = ratio.of(measured);
            boolean up = first > 1.0;
            boolean down = first < 1.0;
            boolean withUnready = !unready.isEmpty() && up;
            if (!withUnready && missing.isEmpty()) {
                return tolerance.holds(first) ? current : ceiling(first * ready);
            }
            for (String pod : missing) {
                if (down) {
                    measured.put(pod, most.applyAsLong(pod));
                } else if (up) {
                    measured.put(pod, 0L);
                }
            }
            if (withUnready) {
                unready.forEach(pod -> measured.put(pod, 0L));
            }
            double cautious = ratio.of(measured);
            if (tolerance.holds(cautious) || (down && cautious > 1.0) || (up && cautious < 1.0)) {
                return current;
            }
            int replicas = ceiling(cautious * measured.size());
            boolean wrongWay = (cautious < 1.0 && replicas > current) || (cautious > 1.0 && replicas < current);
            return wrongWay ? current : replicas;
        }
    }

    /** Whether a sample says nothing yet: the pod has just begun, or has never been ready. */
    private boolean isUnready(Pod pod, Sample sample) {
        PodCondition condition = Pods.condition(pod, "Ready").orElse(null);
        Instant start =
                pod.getStatus() == null ? null : Pods.time(pod.getStatus().getStartTime());
        if (condition == null || start == null) {
            return true;
        }
        boolean isFalse = "False".equals(condition.getStatus());
        Instant changed = Pods.time(condition.getLastTransitionTime());
        if (now.isBefore(start.plus(settings.initialization()))) {
            return isFalse || (changed != null && sample.at.isBefore(changed.plus(sample.window)));
        }
        return isFalse
                && changed != null
                && start.plus(settings.initialReadiness()).isAfter(changed);
    }
}
