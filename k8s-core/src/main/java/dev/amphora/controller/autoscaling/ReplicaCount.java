package dev.amphora.controller.autoscaling;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How many replicas a measurement asks for: a function of pods, what they use, and the time (HPA-1, HPA-2). */
final class ReplicaCount {
    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);

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
     * @param utilization in percent of what is requested; null for an absolute target
     * @param average per pod
     */
    record Proposal(int replicas, @Nullable Integer utilization, BigDecimal average) {}

    /**
     * What is aimed at.
     *
     * @param resource such as {@code cpu}
     * @param container null for all of them
     * @param utilization in percent of what is requested; null if the target is absolute
     * @param average per pod; null if the target is relative
     */
    record Target(
            String resource, @Nullable String container, @Nullable Integer utilization, @Nullable BigDecimal average) {}

    /** How far the measure may be off the target, up and down, before anything is done. */
    record Tolerance(double up, double down) {
        boolean holds(BigDecimal ratio) {
            double value = ratio.doubleValue();
            return 1.0 - down <= value && value <= 1.0 + up;
        }
    }

    private final HorizontalController.Settings settings;
    private final Target target;
    private final Tolerance tolerance;
    private final Instant now;

    private final Map<String, BigDecimal> measured = new LinkedHashMap<>();
    private final Map<String, BigDecimal> requests = new LinkedHashMap<>();
    private final List<String> unready = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();
    private int ready;

    ReplicaCount(HorizontalController.Settings settings, Target target, Tolerance tolerance, Instant now) {
        this.settings = settings;
        this.target = target;
        this.tolerance = tolerance;
        this.now = now;
    }

    /**
     * Works it out.
     *
     * @param current how many there are
     * @param pods all that count
     * @param usage by the name of the pod
     */
    Proposal of(int current, List<Pod> pods, Map<String, PodMetrics.Usage> usage) throws Unknown {
        if (pods.isEmpty()) {
            throw new Unknown("no pods returned by selector while calculating replica count");
        }
        for (Pod pod : pods) {
            group(pod, usage.get(pod.getMetadata().getName()));
        }
        if (measured.isEmpty()) {
            throw new Unknown("did not receive metrics for targeted pods (pods might be unready)");
        }
        if (target.utilization() != null) {
            for (Pod pod : pods) {
                requests.put(pod.getMetadata().getName(), request(pod));
            }
        }
        BigDecimal average = average();
        Integer utilization = target.utilization() == null ? null : Integer.valueOf(utilization());
        return new Proposal(replicas(current), utilization, average);
    }

    private int replicas(int current) {
        BigDecimal ratio = ratio();
        boolean up = ratio.compareTo(BigDecimal.ONE) > 0;
        boolean down = ratio.compareTo(BigDecimal.ONE) < 0;
        boolean withUnready = !unready.isEmpty() && up;
        if (!withUnready && missing.isEmpty()) {
            return tolerance.holds(ratio) ? current : ceiling(ratio.multiply(BigDecimal.valueOf(ready)));
        }
        for (String pod : missing) {
            if (down) {
                measured.put(pod, assumed(pod));
            } else if (up) {
                measured.put(pod, BigDecimal.ZERO);
            }
        }
        if (withUnready) {
            unready.forEach(pod -> measured.put(pod, BigDecimal.ZERO));
        }
        BigDecimal cautious = ratio();
        boolean turned =
                (down && cautious.compareTo(BigDecimal.ONE) > 0) || (up && cautious.compareTo(BigDecimal.ONE) < 0);
        if (tolerance.holds(cautious) || turned) {
            return current;
        }
        int replicas = ceiling(cautious.multiply(BigDecimal.valueOf(measured.size())));
        boolean wrongWay = (cautious.compareTo(BigDecimal.ONE) < 0 && replicas > current)
                || (cautious.compareTo(BigDecimal.ONE) > 0 && replicas < current);
        return wrongWay ? current : replicas;
    }

    /** What a pod that is not known to use anything is taken to use when there seem to be too many. */
    private BigDecimal assumed(String pod) {
        if (target.utilization() == null) {
            return target.average() == null ? BigDecimal.ZERO : target.average();
        }
        BigDecimal percent = BigDecimal.valueOf(Math.max(100, target.utilization()));
        return requests.getOrDefault(pod, BigDecimal.ZERO).multiply(percent).divide(HUNDRED, MathContext.DECIMAL64);
    }

    private static int ceiling(BigDecimal value) {
        return value.setScale(9, RoundingMode.HALF_UP)
                .setScale(0, RoundingMode.CEILING)
                .intValue();
    }

    private BigDecimal total() {
        return measured.values().stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    private BigDecimal average() {
        return total().divide(BigDecimal.valueOf(measured.size()), 3, RoundingMode.DOWN);
    }

    private int utilization() {
        BigDecimal requested = BigDecimal.ZERO;
        for (String pod : measured.keySet()) {
            requested = requested.add(requests.getOrDefault(pod, BigDecimal.ZERO));
        }
        return requested.signum() == 0
                ? 0
                : total().multiply(HUNDRED)
                        .divide(requested, 0, RoundingMode.DOWN)
                        .intValue();
    }

    private BigDecimal ratio() {
        if (target.utilization() != null) {
            return BigDecimal.valueOf(utilization())
                    .divide(BigDecimal.valueOf(target.utilization()), MathContext.DECIMAL64);
        }
        BigDecimal wanted = target.average();
        return wanted == null || wanted.signum() == 0
                ? BigDecimal.ONE
                : average().divide(wanted, MathContext.DECIMAL64);
    }

    private void group(Pod pod, PodMetrics.@Nullable Usage usage) throws Unknown {
        String name = pod.getMetadata().getName();
        if (Pods.isTerminating(pod) || Pods.phase(pod).equals("Failed")) {
            return;
        }
        if (Pods.phase(pod).equals("Pending")) {
            unready.add(name);
        } else if (usage == null) {
            missing.add(name);
        } else if (target.resource().equals("cpu") && isUnready(pod, usage)) {
            unready.add(name);
        } else {
            ready++;
            measured.put(name, amount(pod, usage));
        }
    }

    private BigDecimal amount(Pod pod, PodMetrics.Usage usage) throws Unknown {
        if (target.container() == null) {
            return usage.total();
        }
        BigDecimal amount = usage.containers().get(target.container());
        if (amount == null) {
            throw new Unknown("container %s not present in metrics for pod %s/%s"
                    .formatted(
                            target.container(),
                            pod.getMetadata().getNamespace(),
                            pod.getMetadata().getName()));
        }
        return amount;
    }

    /** Whether a sample says nothing yet: the pod has just begun, or has never been ready. */
    private boolean isUnready(Pod pod, PodMetrics.Usage usage) {
        PodCondition condition = Pods.condition(pod, "Ready").orElse(null);
        Instant start =
                pod.getStatus() == null ? null : Pods.time(pod.getStatus().getStartTime());
        if (condition == null || start == null) {
            return true;
        }
        boolean isFalse = "False".equals(condition.getStatus());
        Instant changed = Pods.time(condition.getLastTransitionTime());
        if (now.isBefore(start.plus(settings.initialization()))) {
            return isFalse || (changed != null && usage.at().isBefore(changed.plus(usage.window())));
        }
        Duration delay = settings.initialReadiness();
        return isFalse && changed != null && start.plus(delay).isAfter(changed);
    }

    private BigDecimal request(Pod pod) throws Unknown {
        BigDecimal sum = BigDecimal.ZERO;
        for (Container container : pod.getSpec().getContainers()) {
            if (target.container() != null && !target.container().equals(container.getName())) {
                continue;
            }
            Map<String, Quantity> requested = container.getResources() == null
                    ? null
                    : container.getResources().getRequests();
            Quantity quantity = requested == null ? null : requested.get(target.resource());
            if (quantity == null) {
                throw new Unknown("missing request for %s in container %s of Pod %s"
                        .formatted(
                                target.resource(),
                                container.getName(),
                                pod.getMetadata().getName()));
            }
            sum = sum.add(quantity.getNumericalAmount());
        }
        return sum;
    }
}
