package dev.amphora.controller.autoscaling;

import dev.amphora.api.Selector;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * Where an autoscaler learns what describes objects of the cluster, for metrics of type {@code Pods} and {@code Object}: the reference's
 * custom metrics API ({@code custom.metrics.k8s.io}) as an interface.
 */
public interface CustomMetrics {

    /**
     * A value of a pod.
     *
     * @param at when it was measured
     * @param window over which time; the reference takes a minute where it isn't told
     */
    record Sample(Instant at, Duration window, BigDecimal value) {}

    /**
     * An object that a metric is about, in the namespace of the autoscaler; the namespace itself if it is of the kind {@code Namespace}.
     *
     * @param group its API group, empty for core
     */
    record Described(String group, String kind, String name) {}

    /**
     * The values of pods.
     *
     * @param namespace theirs
     * @param pods which of them
     * @param metric its name
     * @param series which series of the metric; everything if the autoscaler doesn't say
     * @return by the name of the pod; those are left out that nothing is known of
     * @throws MetricsUnavailable if nobody tells: {@code unable to fetch metrics from custom metrics API: ...}
     */
    Map<String, Sample> ofPods(String namespace, Selector pods, String metric, Selector series)
            throws MetricsUnavailable;

    /**
     * The value of one object.
     *
     * @param namespace that of the autoscaler
     * @param metric its name
     * @param series which series of the metric; everything if the autoscaler doesn't say
     * @throws MetricsUnavailable if nobody tells: {@code unable to fetch metrics from custom metrics API: ...}
     */
    BigDecimal ofObject(String namespace, Described object, String metric, Selector series) throws MetricsUnavailable;
}
