package dev.amphora.controller.autoscaling;

import org.jspecify.annotations.Nullable;

/**
 * Where autoscalers read each kind of metric. Where a source isn't given they ask the cluster's API, as the reference does:
 * {@code metrics.k8s.io}, {@code custom.metrics.k8s.io} and {@code external.metrics.k8s.io}, which somebody serves there or nobody.
 *
 * @param pods what pods use; null asks the API
 * @param custom what describes objects; null asks the API
 * @param external what happens elsewhere; null asks the API
 */
public record MetricsSources(
        @Nullable PodMetrics pods, @Nullable CustomMetrics custom, @Nullable ExternalMetrics external) {

    /** The cluster's API for all. */
    public static MetricsSources served() {
        return new MetricsSources(null, null, null);
    }

    /** The same, but what pods use from a source. */
    public MetricsSources withPods(PodMetrics source) {
        return new MetricsSources(source, custom, external);
    }

    /** The same, but what describes objects from a source. */
    public MetricsSources withCustom(CustomMetrics source) {
        return new MetricsSources(pods, source, external);
    }

    /** The same, but what happens elsewhere from a source. */
    public MetricsSources withExternal(ExternalMetrics source) {
        return new MetricsSources(pods, custom, source);
    }
}
