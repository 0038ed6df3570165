package dev.amphora.controller.autoscaling;

import dev.amphora.api.Selector;
import java.math.BigDecimal;
import java.util.List;

/**
 * Where an autoscaler learns what happens outside the cluster, for metrics of type {@code External}: the reference's external metrics API
 * ({@code external.metrics.k8s.io}) as an interface.
 */
@FunctionalInterface
public interface ExternalMetrics {

    /**
     * The values of a metric, which are added up.
     *
     * @param namespace that of the autoscaler
     * @param metric its name
     * @param series which series of the metric; everything if the autoscaler doesn't say
     * @return one for each series; none means that nothing is known
     * @throws MetricsUnavailable if nobody tells: {@code unable to fetch metrics from external metrics API: ...}
     */
    List<BigDecimal> values(String namespace, String metric, Selector series) throws MetricsUnavailable;
}
