package dev.amphora.controller.autoscaling;

import dev.amphora.api.Selector;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatusBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricTarget;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricValueStatus;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What each metric of an autoscaler asks for. */
final class MetricsReading {
    private static final String NO_CUSTOM =
            "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    private static final BigDecimal THOUSAND = BigDecimal.valueOf(1000);

    private final PodMetrics metrics;
    private final HorizontalController.Settings settings;
    private final String namespace;
    private final Selector selector;
    private final List<Pod> pods;
    private final int current;
    private final ReplicaCount.Tolerance tolerance;
    private final Instant now;

    /**
     * What a metric asks for.
     *
     * @param name as it is told
     */
    record Wish(int replicas, String name, MetricStatus status) {}

    /** A metric can't be read. */
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1;

        private final String reason;
        private final String prefix;

        /**
         * @param reason one word for Events and conditions
         * @param prefix begins the message where several metrics are told of
         * @param why what went wrong
         */
        Failure(String reason, String prefix, String why) {
            super(why);
            this.reason = reason;
            this.prefix = prefix;
        }

        String reason() {
            return reason;
        }

        String whole() {
            return prefix + getMessage();
        }
    }

    MetricsReading(
            PodMetrics metrics,
            HorizontalController.Settings settings,
            String namespace,
            Selector selector,
            List<Pod> pods,
            int current,
            ReplicaCount.Tolerance tolerance,
            Instant now) {
        this.metrics = metrics;
        this.settings = settings;
        this.namespace = namespace;
        this.selector = selector;
        this.pods = pods;
        this.current = current;
        this.tolerance = tolerance;
        this.now = now;
    }

    Wish read(MetricSpec spec) throws Failure {
        if (spec.getResource() != null) {
            String resource = spec.getResource().getName();
            return resource(
                    resource,
                    null,
                    spec.getResource().getTarget(),
                    "FailedGetResourceMetric",
                    "failed to get %s resource metric value: ".formatted(resource));
        }
        if (spec.getContainerResource() != null) {
            String container = spec.getContainerResource().getContainer();
            return resource(
                    spec.getContainerResource().getName(),
                    container,
                    spec.getContainerResource().getTarget(),
                    "FailedGetContainerResourceMetric",
                    "failed to get %s container metric value: ".formatted(container));
        }
        if (spec.getPods() != null) {
            throw new Failure(
                    "FailedGetPodsMetric",
                    "failed to get pods metric value: ",
                    "unable to get metric %s: %s"
                            .formatted(spec.getPods().getMetric().getName(), NO_CUSTOM));
        }
        if (spec.getObject() != null) {
            CrossVersionObjectReference about = spec.getObject().getDescribedObject();
            throw new Failure(
                    "FailedGetObjectMetric",
                    "failed to get object metric value: ",
                    "unable to get metric %s: %s on %s %s/%s"
                            .formatted(
                                    spec.getObject().getMetric().getName(),
                                    about.getKind(),
                                    namespace,
                                    about.getName(),
                                    NO_CUSTOM));
        }
        if (spec.getExternal() != null) {
            throw external(spec);
        }
        throw new Failure("InvalidMetricSourceType", "", "unknown metric source type \"%s\"".formatted(spec.getType()));
    }

    private Failure external(MetricSpec spec) {
        String name = spec.getExternal().getMetric().getName();
        LabelSelector labels = spec.getExternal().getMetric().getSelector();
        return new Failure(
                "FailedGetExternalMetric",
                "failed to get %s external metric value: failed to get %s external metric: ".formatted(name, name),
                "unable to get external metric %s/%s/%s: unable to fetch metrics from external metrics API: the server could not find the requested resource (get %s.external.metrics.k8s.io)"
                        .formatted(namespace, name, labels == null ? "nil" : text(labels), name));
    }

    private static String text(LabelSelector labels) {
        StringBuilder text = new StringBuilder("&LabelSelector{MatchLabels:map[string]string{");
        if (labels.getMatchLabels() != null) {
            labels.getMatchLabels()
                    .forEach((key, value) ->
                            text.append(key).append(": ").append(value).append(','));
        }
        return text.append("},MatchExpressions:[]LabelSelectorRequirement{},}").toString();
    }

    private Wish resource(
            String resource, @Nullable String container, MetricTarget target, String reason, String prefix)
            throws Failure {
        Integer utilization = target.getAverageUtilization();
        Quantity average = target.getAverageValue();
        String what = utilization == null ? "usage" : "utilization";
        ReplicaCount.Proposal proposal;
        try {
            Map<String, PodMetrics.Usage> usage = metrics.measure(namespace, selector, resource);
            if (usage.isEmpty()) {
                throw new ReplicaCount.Unknown(
                        "unable to get metrics for resource %s: no metrics returned from resource metrics API"
                                .formatted(resource));
            }
            proposal = new ReplicaCount(
                            settings,
                            new ReplicaCount.Target(
                                    resource,
                                    container,
                                    utilization,
                                    average == null ? null : average.getNumericalAmount()),
                            tolerance,
                            now)
                    .of(current, pods, usage);
        } catch (PodMetrics.Unavailable e) {
            throw new Failure(
                    reason,
                    prefix,
                    "failed to get %s %s: unable to get metrics for resource %s: unable to fetch metrics from resource metrics API: %s"
                            .formatted(resource, what, resource, e.getMessage()));
        } catch (ReplicaCount.Unknown e) {
            throw new Failure(reason, prefix, "failed to get %s %s: %s".formatted(resource, what, e.getMessage()));
        }
        MetricValueStatus value = new MetricValueStatus();
        value.setAverageValue(quantity(proposal.average()));
        value.setAverageUtilization(proposal.utilization());
        String kind = container == null ? "resource" : "container resource";
        String name = resource + " " + kind + (utilization == null ? "" : " utilization (percentage of request)");
        return new Wish(proposal.replicas(), name, status(resource, container, value));
    }

    private static MetricStatus status(String resource, @Nullable String container, MetricValueStatus value) {
        return container == null
                ? new MetricStatusBuilder()
                        .withType("Resource")
                        .withNewResource()
                        .withName(resource)
                        .withCurrent(value)
                        .endResource()
                        .build()
                : new MetricStatusBuilder()
                        .withType("ContainerResource")
                        .withNewContainerResource()
                        .withName(resource)
                        .withContainer(container)
                        .withCurrent(value)
                        .endContainerResource()
                        .build();
    }

    /** An amount in thousandths where it isn't whole. */
    private static Quantity quantity(BigDecimal amount) {
        BigDecimal whole = amount.stripTrailingZeros();
        return whole.scale() <= 0
                ? new Quantity(whole.toPlainString())
                : new Quantity(amount.multiply(THOUSAND).toBigInteger().toString(), "m");
    }
}
