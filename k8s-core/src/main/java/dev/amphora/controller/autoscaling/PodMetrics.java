package dev.amphora.controller.autoscaling;

import dev.amphora.api.Selector;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * Where an autoscaler learns how much pods use: the reference's resource metrics API ({@code metrics.k8s.io}) as an interface. A cluster
 * has none by default; a fake runtime feeds what a test has scripted.
 */
@FunctionalInterface
public interface PodMetrics {

    /**
     * How much the containers of a pod use of a resource.
     *
     * @param at when it was measured
     * @param window over which time
     * @param containers the amount by the name of the container, in the resource's base unit such as CPUs or bytes
     */
    record Usage(Instant at, Duration window, Map<String, BigDecimal> containers) {
        /** The amount of all containers. */
        public BigDecimal total() {
            return containers.values().stream().reduce(BigDecimal.ZERO, BigDecimal::add);
        }
    }

    /** There is no source of metrics. */
    final class Unavailable extends Exception {
        private static final long serialVersionUID = 1;

        /** @param why as it is told in conditions and Events */
        public Unavailable(String why) {
            super(why);
        }
    }

    /**
     * Measures pods.
     *
     * @param namespace theirs
     * @param selector which of them
     * @param resource such as {@code cpu}
     * @return by the name of the pod; those are left out that nothing is known of
     * @throws Unavailable if there are no metrics at all
     */
    Map<String, Usage> measure(String namespace, Selector selector, String resource) throws Unavailable;

    /** No metrics, as in a cluster where nobody serves them. */
    static PodMetrics none() {
        return (namespace, selector, resource) -> {
            throw new Unavailable("the server could not find the requested resource (get pods.metrics.k8s.io)");
        };
    }
}
