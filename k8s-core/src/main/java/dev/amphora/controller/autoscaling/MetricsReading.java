package dev.amphora.controller.autoscaling;

import dev.amphora.api.FieldError;
import dev.amphora.api.Selector;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ExternalMetricSource;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricIdentifier;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatusBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricTarget;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricValueStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ObjectMetricSource;
import io.fabric8.kubernetes.api.model.autoscaling.v2.PodsMetricSource;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What each metric of an autoscaler asks for, and how that is told. */
final class MetricsReading {
    private final PodMetrics podMetrics;
    private final CustomMetrics customMetrics;
    private final ExternalMetrics externalMetrics;
    private final String namespace;
    private final Selector selector;
    private final ReplicaCount count;

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
            PodMetrics podMetrics,
            CustomMetrics customMetrics,
            ExternalMetrics externalMetrics,
            String namespace,
            Selector selector,
            ReplicaCount count) {
        this.podMetrics = podMetrics;
        this.customMetrics = customMetrics;
        this.externalMetrics = externalMetrics;
        this.namespace = namespace;
        this.selector = selector;
        this.count = count;
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
            return pods(spec.getPods());
        }
        if (spec.getObject() != null) {
            return object(spec.getObject());
        }
        if (spec.getExternal() != null) {
            return external(spec.getExternal());
        }
        throw new Failure(
                "InvalidMetricSourceType", "", "unknown metric source type " + FieldError.quoted(spec.getType()));
    }

    // ---- what pods use ----------------------------------------------------------------------------------------------

    private Wish resource(
            String resource, @Nullable String container, MetricTarget target, String reason, String prefix)
            throws Failure {
        Integer utilization = target.getAverageValue() == null ? target.getAverageUtilization() : null;
        if (utilization == null && target.getAverageValue() == null) {
            throw new Failure(
                    reason,
                    prefix,
                    "invalid resource metric source: neither an average utilization target nor an average value"
                            + " (usage) target was set");
        }
        ReplicaCount.Proposal proposal;
        try {
            Map<String, ReplicaCount.Sample> samples = samples(resource, container);
            proposal = utilization == null
                    ? count.byAverage(resource, PodRequests.thousandths(target.getAverageValue()), samples)
                    : count.byUtilization(resource, container, utilization, samples);
        } catch (MetricsUnavailable e) {
            throw new Failure(
                    reason,
                    prefix,
                    "failed to get %s %s: unable to get metrics for resource %s: %s"
                            .formatted(resource, what(utilization), resource, e.getMessage()));
        } catch (ReplicaCount.Unknown e) {
            throw new Failure(
                    reason, prefix, "failed to get %s %s: %s".formatted(resource, what(utilization), e.getMessage()));
        }
        MetricValueStatus value = average(proposal.usage());
        value.setAverageUtilization(proposal.utilization());
        String name = resource
                + (utilization == null
                        ? " resource"
                        : (container == null ? " resource" : " container resource")
                                + " utilization (percentage of request)");
        return new Wish(proposal.replicas(), name, status(resource, container, value));
    }

    private static String what(@Nullable Integer utilization) {
        return utilization == null ? "usage" : "utilization";
    }

    /** Those of the pods whose containers all say how much they use, or the one that matters does. */
    private Map<String, ReplicaCount.Sample> samples(String resource, @Nullable String container)
            throws MetricsUnavailable {
        Map<String, PodMetrics.Usage> measured = podMetrics.measure(namespace, selector);
        if (measured.isEmpty()) {
            throw new MetricsUnavailable("no metrics returned from resource metrics API");
        }
        Map<String, ReplicaCount.Sample> samples = new LinkedHashMap<>();
        for (Map.Entry<String, PodMetrics.Usage> each : measured.entrySet()) {
            Map<String, Map<String, BigDecimal>> containers = each.getValue().containers();
            if (container != null && !containers.containsKey(container)) {
                throw new MetricsUnavailable(
                        "failed to get container metrics: container %s not present in metrics for pod %s/%s"
                                .formatted(container, namespace, each.getKey()));
            }
            long sum = 0;
            boolean whole = !containers.isEmpty();
            for (Map.Entry<String, Map<String, BigDecimal>> used : containers.entrySet()) {
                if (container == null || container.equals(used.getKey())) {
                    BigDecimal amount = used.getValue().get(resource);
                    whole &= amount != null;
                    sum += amount == null ? 0 : PodRequests.thousandths(amount);
                }
            }
            if (whole) {
                samples.put(
                        each.getKey(),
                        new ReplicaCount.Sample(
                                each.getValue().at(), each.getValue().window(), sum));
            }
        }
        return samples;
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

    // ---- what describes objects -------------------------------------------------------------------------------------

    private Wish pods(PodsMetricSource source) throws Failure {
        String reason = "FailedGetPodsMetric";
        String prefix = "failed to get pods metric value: ";
        String metric = source.getMetric().getName();
        ReplicaCount.Proposal proposal;
        try {
            Map<String, CustomMetrics.Sample> found =
                    customMetrics.ofPods(namespace, selector, metric, series(source.getMetric()));
            if (found.isEmpty()) {
                throw new MetricsUnavailable("no metrics returned from custom metrics API");
            }
            Map<String, ReplicaCount.Sample> samples = new LinkedHashMap<>();
            found.forEach((pod, sample) -> samples.put(
                    pod,
                    new ReplicaCount.Sample(sample.at(), sample.window(), PodRequests.thousandths(sample.value()))));
            proposal = count.byAverage(
                    null, PodRequests.thousandths(source.getTarget().getAverageValue()), samples);
        } catch (MetricsUnavailable e) {
            throw new Failure(reason, prefix, "unable to get metric %s: %s".formatted(metric, e.getMessage()));
        } catch (ReplicaCount.Unknown e) {
            throw new Failure(reason, prefix, String.valueOf(e.getMessage()));
        }
        MetricStatus status = new MetricStatusBuilder()
                .withType("Pods")
                .withNewPods()
                .withMetric(source.getMetric())
                .withCurrent(average(proposal.usage()))
                .endPods()
                .build();
        return new Wish(proposal.replicas(), "pods metric " + metric, status);
    }

    private Wish object(ObjectMetricSource source) throws Failure {
        String reason = "FailedGetObjectMetric";
        String prefix = "failed to get object metric value: ";
        MetricTarget target = source.getTarget();
        String metric = source.getMetric().getName();
        CrossVersionObjectReference about = source.getDescribedObject();
        boolean perPod = "AverageValue".equals(target.getType()) && target.getAverageValue() != null;
        if (!perPod && !("Value".equals(target.getType()) && target.getValue() != null)) {
            throw new Failure(
                    reason,
                    prefix,
                    "invalid object metric source: neither a value target nor an average value target was set");
        }
        ReplicaCount.Proposal proposal;
        try {
            long usage = PodRequests.thousandths(
                    customMetrics.ofObject(namespace, described(about), metric, series(source.getMetric())));
            proposal = perPod
                    ? count.perPod(PodRequests.thousandths(target.getAverageValue()), usage)
                    : count.byValue(PodRequests.thousandths(target.getValue()), usage);
        } catch (MetricsUnavailable e) {
            // The reference's message has the kind where the cause belongs, and the cause at the end.
            throw new Failure(
                    reason,
                    perPod ? prefix + "failed to get %s object metric: ".formatted(metric) : prefix,
                    "unable to get metric %s: %s on %s %s/%s"
                            .formatted(metric, about.getKind(), namespace, about.getName(), e.getMessage()));
        } catch (ReplicaCount.Unknown e) {
            throw new Failure(reason, prefix, String.valueOf(e.getMessage()));
        }
        // What a value per pod is about the reference leaves out.
        MetricStatus status = new MetricStatusBuilder()
                .withType("Object")
                .withNewObject()
                .withMetric(source.getMetric())
                .withDescribedObject(perPod ? new CrossVersionObjectReference(null, "", "") : about)
                .withCurrent(perPod ? average(proposal.usage()) : value(proposal.usage()))
                .endObject()
                .build();
        return new Wish(
                proposal.replicas(),
                perPod ? external(source.getMetric()) : "%s metric %s".formatted(about.getKind(), metric),
                status);
    }

    private static CustomMetrics.Described described(CrossVersionObjectReference about) {
        String version = about.getApiVersion();
        int slash = version == null ? -1 : version.indexOf('/');
        return new CustomMetrics.Described(
                version == null || slash < 0 ? "" : version.substring(0, slash), about.getKind(), about.getName());
    }

    // ---- what happens elsewhere -------------------------------------------------------------------------------------

    private Wish external(ExternalMetricSource source) throws Failure {
        String reason = "FailedGetExternalMetric";
        String metric = source.getMetric().getName();
        String prefix = "failed to get %s external metric value: ".formatted(metric);
        MetricTarget target = source.getTarget();
        boolean perPod = target.getAverageValue() != null;
        if (!perPod && target.getValue() == null) {
            throw new Failure(
                    reason,
                    prefix,
                    "invalid external metric source: neither a value target nor an average value target was set");
        }
        String inner = perPod
                ? "failed to get %s external metric: ".formatted(metric)
                : "failed to get external metric %s: ".formatted(metric);
        ReplicaCount.Proposal proposal;
        try {
            long usage = sum(metric, source.getMetric());
            proposal = perPod
                    ? count.perPod(PodRequests.thousandths(target.getAverageValue()), usage)
                    : count.byValue(PodRequests.thousandths(target.getValue()), usage);
        } catch (MetricsUnavailable e) {
            throw new Failure(
                    reason,
                    prefix + inner,
                    "unable to get external metric %s/%s/%s: %s"
                            .formatted(
                                    namespace, metric, text(source.getMetric().getSelector()), e.getMessage()));
        } catch (ReplicaCount.Unknown e) {
            throw new Failure(reason, prefix + inner, String.valueOf(e.getMessage()));
        }
        MetricStatus status = new MetricStatusBuilder()
                .withType("External")
                .withNewExternal()
                .withMetric(source.getMetric())
                .withCurrent(perPod ? average(proposal.usage()) : value(proposal.usage()))
                .endExternal()
                .build();
        return new Wish(proposal.replicas(), external(source.getMetric()), status);
    }

    private long sum(String metric, MetricIdentifier identifier) throws MetricsUnavailable {
        long sum = 0;
        boolean any = false;
        for (BigDecimal value : externalMetrics.values(namespace, metric, series(identifier))) {
            long each = PodRequests.thousandths(value);
            sum = each > 0 && sum > Long.MAX_VALUE - each ? Long.MAX_VALUE : sum + each;
            any = true;
        }
        if (!any) {
            throw new MetricsUnavailable("no metrics returned from external metrics API");
        }
        return sum;
    }

    private static String external(MetricIdentifier metric) {
        return "external metric %s(%s)".formatted(metric.getName(), text(metric.getSelector()));
    }

    // ---- shared -----------------------------------------------------------------------------------------------------

    private static Selector series(MetricIdentifier metric) {
        return metric.getSelector() == null ? Selector.everything() : Selector.of(metric.getSelector());
    }

    /** As Go shows a selector. */
    private static String text(@Nullable LabelSelector labels) {
        if (labels == null) {
            return "nil";
        }
        StringBuilder text = new StringBuilder("&LabelSelector{MatchLabels:map[string]string{");
        if (labels.getMatchLabels() != null) {
            new TreeMap<>(labels.getMatchLabels())
                    .forEach((key, value) ->
                            text.append(key).append(": ").append(value).append(','));
        }
        text.append("},MatchExpressions:[]LabelSelectorRequirement{");
        if (labels.getMatchExpressions() != null) {
            for (LabelSelectorRequirement each : labels.getMatchExpressions()) {
                text.append("LabelSelectorRequirement{Key:%s,Operator:%s,Values:[%s],},"
                        .formatted(
                                each.getKey(),
                                each.getOperator(),
                                each.getValues() == null ? "" : String.join(" ", each.getValues())));
            }
        }
        return text.append("},}").toString();
    }

    private static MetricValueStatus average(long thousandths) {
        MetricValueStatus value = new MetricValueStatus();
        value.setAverageValue(quantity(thousandths));
        return value;
    }

    private static MetricValueStatus value(long thousandths) {
        MetricValueStatus value = new MetricValueStatus();
        value.setValue(quantity(thousandths));
        return value;
    }

    /** In thousandths where it isn't whole; the server writes it in its usual form. */
    private static Quantity quantity(long thousandths) {
        return thousandths % 1000 == 0
                ? new Quantity(Long.toString(thousandths / 1000))
                : new Quantity(Long.toString(thousandths), "m");
    }
}
