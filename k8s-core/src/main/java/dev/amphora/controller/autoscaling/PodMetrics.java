package dev.amphora.controller.autoscaling;

import dev.amphora.api.Selector;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * Where an autoscaler learns how much pods use, for metrics of type {@code Resource} and {@code ContainerResource}: the reference's
 * resource metrics API ({@code metrics.k8s.io}) as an interface.
 */
@FunctionalInterface
public interface PodMetrics {

    /**
     * How much the containers of a pod use.
     *
     * @param at when it was measured
     * @param window over which time
     * @param containers by the name of the container, how much of each resource, in its base unit such as CPUs or bytes
     */
    record Usage(Instant at, Duration window, Map<String, Map<String, BigDecimal>> containers) {}

    /**
     * Measures pods.
     *
     * @param namespace theirs
     * @param selector which of them
     * @return by the name of the pod; those are left out that nothing is known of
     * @throws MetricsUnavailable if nobody measures: {@code unable to fetch metrics from resource metrics API: ...}
     */
    Map<String, Usage> measure(String namespace, Selector selector) throws MetricsUnavailable;

    /** No metrics, as in a cluster where nobody serves them. */
    static PodMetrics none() {
        return (namespace, selector) -> {
            throw new MetricsUnavailable("unable to fetch metrics from resource metrics API: the server could not find"
                    + " the requested resource (get pods.metrics.k8s.io)");
        };
    }
}
