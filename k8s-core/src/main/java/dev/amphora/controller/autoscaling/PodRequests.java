package dev.amphora.controller.autoscaling;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How much pods request of a resource: what the pod as a whole does if it says so (KEP-2837), else all of its containers together, those
 * that run beside them from the start included.
 *
 * @param resource such as {@code cpu}
 * @param container only this one; null for the whole pod
 */
record PodRequests(String resource, @Nullable String container) {
    private static final BigDecimal THOUSAND = BigDecimal.valueOf(1000);

    /**
     * In thousandths, by the name of the pod.
     *
     * @throws ReplicaCount.Unknown if any of them doesn't say
     */
    Map<String, Long> of(List<Pod> pods) throws ReplicaCount.Unknown {
        Map<String, Long> requests = new LinkedHashMap<>();
        for (Pod pod : pods) {
            ResourceRequirements resources = pod.getSpec().getResources();
            Map<String, Quantity> whole = resources == null ? null : resources.getRequests();
            requests.put(
                    pod.getMetadata().getName(),
                    container == null && whole != null && !whole.isEmpty() ? ofPod(pod, whole) : ofContainers(pod));
        }
        return requests;
    }

    /** The server fills in what the containers request where the pod as a whole says something of another resource alone. */
    private long ofPod(Pod pod, Map<String, Quantity> whole) throws ReplicaCount.Unknown {
        Quantity quantity = whole.get(resource);
        if (quantity == null) {
            throw new ReplicaCount.Unknown("missing pod-level request for %s in Pod %s"
                    .formatted(resource, pod.getMetadata().getName()));
        }
        return thousandths(quantity);
    }

    private long ofContainers(Pod pod) throws ReplicaCount.Unknown {
        List<Container> containers = new ArrayList<>(pod.getSpec().getContainers());
        pod.getSpec().getInitContainers().stream()
                .filter(each -> "Always".equals(each.getRestartPolicy()))
                .forEach(containers::add);
        long sum = 0;
        boolean found = container == null;
        for (Container each : containers) {
            if (container == null || container.equals(each.getName())) {
                found = true;
                Map<String, Quantity> requested =
                        each.getResources() == null ? null : each.getResources().getRequests();
                Quantity quantity = requested == null ? null : requested.get(resource);
                if (quantity == null) {
                    throw new ReplicaCount.Unknown("missing request for %s in container %s of Pod %s"
                            .formatted(
                                    resource, each.getName(), pod.getMetadata().getName()));
                }
                sum += thousandths(quantity);
            }
        }
        if (!found) {
            throw new ReplicaCount.Unknown("container %s not found in Pod %s"
                    .formatted(container, pod.getMetadata().getName()));
        }
        return sum;
    }

    /** As the reference counts: rounded up. */
    static long thousandths(Quantity quantity) {
        return thousandths(quantity.getNumericalAmount());
    }

    /** As the reference counts: rounded up, and no more than fits. */
    static long thousandths(BigDecimal amount) {
        BigDecimal rounded = amount.multiply(THOUSAND).setScale(0, RoundingMode.CEILING);
        return rounded.unscaledValue().bitLength() > 63 ? Long.MAX_VALUE : rounded.longValue();
    }
}
