package dev.amphora.controller.autoscaling;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.LabelIndex;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerCondition;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerConditionBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatusBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the sizes of what HorizontalPodAutoscalers target at what their metrics call for: the reference's
 * {@code horizontal-pod-autoscaler-controller}.
 */
public final class HorizontalController implements Controller {
    private static final ResourceType<HorizontalPodAutoscaler> SCALERS = ResourceType.of(HorizontalPodAutoscaler.class);
    private static final String BY_LABELS = "autoscaling/labels";
    private static final String SCALE = "scale";

    private final Supplier<? extends List<? extends ResourceType<?>>> types;
    private final PodMetrics metrics;
    private final Settings settings;
    private final Map<ObjectKey, ScalingHistory> histories = new ConcurrentHashMap<>();
    private @Nullable ControlLoop<ObjectKey> loop;

    /**
     * How it works, by the names of the reference's flags.
     *
     * @param period {@code --horizontal-pod-autoscaler-sync-period}
     * @param initialReadiness {@code --horizontal-pod-autoscaler-initial-readiness-delay}
     * @param initialization {@code --horizontal-pod-autoscaler-cpu-initialization-period}
     * @param downscaleStabilization {@code --horizontal-pod-autoscaler-downscale-stabilization}
     * @param tolerance {@code --horizontal-pod-autoscaler-tolerance}, as a share
     */
    public record Settings(
            Duration period,
            Duration initialReadiness,
            Duration initialization,
            Duration downscaleStabilization,
            double tolerance) {
        /** The reference's defaults. */
        public static Settings defaults() {
            return new Settings(
                    Duration.ofSeconds(15), Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofMinutes(5), 0.1);
        }

        /** The same with another period. */
        public Settings withPeriod(Duration other) {
            return new Settings(other, initialReadiness, initialization, downscaleStabilization, tolerance);
        }

        /** The same with another time in which a pod that was never ready doesn't count. */
        public Settings withInitialReadiness(Duration other) {
            return new Settings(period, other, initialization, downscaleStabilization, tolerance);
        }
    }

    /**
     * A controller that does not yet run.
     *
     * @param types every kind that the server serves
     * @param metrics how much pods use
     */
    public HorizontalController(
            Supplier<? extends List<? extends ResourceType<?>>> types, PodMetrics metrics, Settings settings) {
        this.types = types;
        this.metrics = metrics;
        this.settings = settings;
    }

    @Override
    public String name() {
        return "horizontal-pod-autoscaler-controller";
    }

    @Override
    public String eventSource() {
        return "horizontal-pod-autoscaler";
    }

    @Override
    public void start(Context context) {
        Informer<HorizontalPodAutoscaler> scalers = context.informers().of(SCALERS);
        Informer<Pod> pods = context.informers().of(Pod.class);
        pods.addIndex(
                BY_LABELS,
                pod -> LabelIndex.ofLabels(
                        pod.getMetadata().getNamespace(), pod.getMetadata().getLabels()));
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), 5);
        loop = created.<HorizontalPodAutoscaler>watch(scalers, (old, now, keys) -> {
                    if (old == null && now != null) {
                        created.addAfter(ObjectKey.of(now), settings.period);
                    }
                })
                .uses(pods)
                .start(key -> {
                    HorizontalPodAutoscaler scaler = scalers.find(key).orElse(null);
                    if (scaler == null) {
                        histories.remove(key);
                        return Result.done();
                    }
                    HorizontalPodAutoscalerStatus status = new Look(context, pods, scaler).look();
                    if (!status.equals(scaler.getStatus())) {
                        HorizontalPodAutoscaler written = context.client()
                                .updateStatus(new HorizontalPodAutoscalerBuilder(scaler)
                                        .withStatus(status)
                                        .build());
                        created.wrote(key, scalers, written);
                    }
                    return Result.requeueAfter(settings.period);
                });
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    /** One look at one autoscaler. */
    private final class Look {
        private final Context context;
        private final Informer<Pod> pods;
        private final HorizontalPodAutoscaler scaler;
        private final ScalingHistory history;
        private final Instant now;
        private final HorizontalPodAutoscalerStatus status;

        Look(Context context, Informer<Pod> pods, HorizontalPodAutoscaler scaler) {
            this.context = context;
            this.pods = pods;
            this.scaler = scaler;
            this.history = histories.computeIfAbsent(ObjectKey.of(scaler), key -> new ScalingHistory());
            this.now = context.kernel().instant();
            this.status = scaler.getStatus() == null
                    ? new HorizontalPodAutoscalerStatus()
                    : scaler.getStatus().edit().build();
            status.setDesiredReplicas(Objects.requireNonNullElse(status.getDesiredReplicas(), 0));
        }

        HorizontalPodAutoscalerStatus look() {
            ResourceType<?> type = target();
            JsonNode scaled;
            try {
                if (type == null) {
                    throw StatusException.badRequest("no matches for kind \"%s\" in group \"%s\""
                            .formatted(
                                    scaler.getSpec().getScaleTargetRef().getKind(),
                                    group(scaler.getSpec().getScaleTargetRef().getApiVersion())));
                }
                scaled = context.client()
                        .subresource(
                                type,
                                scaler.getMetadata().getNamespace(),
                                scaler.getSpec().getScaleTargetRef().getName(),
                                SCALE);
            } catch (StatusException e) {
                context.events().warning(scaler, "FailedGetScale", String.valueOf(e.getMessage()));
                condition(
                        "AbleToScale",
                        false,
                        "FailedGetScale",
                        "the HPA controller was unable to get the target's current scale: " + e.getMessage());
                return status;
            }
            condition(
                    "AbleToScale",
                    true,
                    "SucceededGetScale",
                    "the HPA controller was able to get the target's current scale");
            int current = scaled.path("spec").path("replicas").asInt();
            int least = Objects.requireNonNullElse(scaler.getSpec().getMinReplicas(), 1);
            int most = scaler.getSpec().getMaxReplicas();
            history.begin(current, now);
            if (current == 0 && least != 0) {
                condition(
                        "ScalingActive",
                        false,
                        "ScalingDisabled",
                        "scaling is disabled since the replica count of the target is zero");
                sizes(current, 0);
            } else if (current > most) {
                rescale(type, scaled, most, "Current number of replicas above Spec.MaxReplicas");
            } else if (current < least) {
                rescale(type, scaled, least, "Current number of replicas below Spec.MinReplicas");
            } else {
                byMetrics(type, scaled, new ScalingHistory.Bounds(least, most, current, current));
            }
            return status;
        }

        private void byMetrics(@Nullable ResourceType<?> type, JsonNode scaled, ScalingHistory.Bounds bounds) {
            int current = bounds.current();
            MetricsReading.Wish wish = wish(scaled, current);
            if (wish == null) {
                sizes(current, Objects.requireNonNullElse(status.getDesiredReplicas(), 0));
                return;
            }
            String reason = wish.replicas() > current ? wish.name() + " above target" : "All metrics below target";
            int desired = limit(new ScalingHistory.Bounds(bounds.least(), bounds.most(), current, wish.replicas()));
            if (desired == current) {
                sizes(current, current);
            } else {
                rescale(type, scaled, desired, reason);
            }
        }

        private int limit(ScalingHistory.Bounds bounds) {
            HorizontalPodAutoscalerBehavior behavior = scaler.getSpec().getBehavior();
            ScalingHistory.Decision steady = behavior == null
                    ? history.steady(bounds, settings.downscaleStabilization, now)
                    : history.steady(bounds, behavior, settings.downscaleStabilization, now);
            condition("AbleToScale", true, steady.reason(), steady.message());
            ScalingHistory.Bounds next =
                    new ScalingHistory.Bounds(bounds.least(), bounds.most(), bounds.current(), steady.replicas());
            ScalingHistory.Decision limited =
                    behavior == null ? ScalingHistory.limited(next) : history.limited(next, behavior, now);
            condition("ScalingLimited", !limited.isAsWished(), limited.reason(), limited.message());
            return limited.replicas();
        }

        /** What the metrics call for; null if they can't be read, or not all of them and the others call for less. */
        private MetricsReading.@Nullable Wish wish(JsonNode scaled, int current) {
            String labels = scaled.path("status").path("selector").asText();
            if (labels.isEmpty()) {
                context.events().warning(scaler, "SelectorRequired", "selector is required");
                condition("ScalingActive", false, "InvalidSelector", "the HPA target's scale is missing a selector");
                return null;
            }
            Selector selector = Selector.parse(labels);
            MetricsReading reading = new MetricsReading(
                    metrics,
                    settings,
                    scaler.getMetadata().getNamespace(),
                    selector,
                    pods(selector),
                    current,
                    tolerance(),
                    now);
            List<MetricSpec> specs = scaler.getSpec().getMetrics();
            List<MetricStatus> statuses = new ArrayList<>();
            MetricsReading.Wish most = null;
            MetricsReading.Failure first = null;
            int failures = 0;
            for (MetricSpec spec : specs) {
                try {
                    MetricsReading.Wish wish = reading.read(spec);
                    statuses.add(wish.status());
                    most = most == null || wish.replicas() > most.replicas() ? wish : most;
                } catch (MetricsReading.Failure e) {
                    context.events().warning(scaler, e.reason(), String.valueOf(e.getMessage()));
                    statuses.add(new MetricStatusBuilder().withType("").build());
                    first = first == null ? e : first;
                    failures++;
                }
            }
            status.setCurrentMetrics(statuses);
            if (first != null) {
                context.events()
                        .warning(
                                scaler,
                                "FailedComputeMetricsReplicas",
                                "invalid metrics (%d invalid out of %d), first error is: %s"
                                        .formatted(failures, specs.size(), first.whole()));
                if (most == null || most.replicas() < current) {
                    condition(
                            "ScalingActive",
                            false,
                            first.reason(),
                            "the HPA was unable to compute the replica count: " + first.getMessage());
                    return null;
                }
            }
            if (most != null) {
                condition(
                        "ScalingActive",
                        true,
                        "ValidMetricFound",
                        "the HPA was able to successfully calculate a replica count from " + most.name());
            }
            return most;
        }

        private List<Pod> pods(Selector selector) {
            String namespace = scaler.getMetadata().getNamespace();
            return pods.byIndex(BY_LABELS, LabelIndex.ofSelector(namespace, selector)).stream()
                    .filter(pod -> selector.matches(pod.getMetadata().getLabels()))
                    .sorted(Comparator.comparing((Pod pod) -> pod.getMetadata().getName()))
                    .toList();
        }

        private ReplicaCount.Tolerance tolerance() {
            HorizontalPodAutoscalerBehavior behavior = scaler.getSpec().getBehavior();
            return new ReplicaCount.Tolerance(
                    tolerance(behavior == null ? null : behavior.getScaleUp()),
                    tolerance(behavior == null ? null : behavior.getScaleDown()));
        }

        private double tolerance(@Nullable HPAScalingRules rules) {
            return rules == null || rules.getTolerance() == null
                    ? settings.tolerance
                    : rules.getTolerance().getNumericalAmount().doubleValue();
        }

        private static String group(@Nullable String version) {
            int slash = version == null ? -1 : version.indexOf('/');
            return version == null || slash < 0 ? "" : version.substring(0, slash);
        }

        private @Nullable ResourceType<?> target() {
            String group = group(scaler.getSpec().getScaleTargetRef().getApiVersion());
            for (ResourceType<?> type : types.get()) {
                if (type.group().equals(group)
                        && type.kind()
                                .equals(scaler.getSpec().getScaleTargetRef().getKind())) {
                    return type;
                }
            }
            return null;
        }

        private void sizes(int current, int desired) {
            status.setCurrentReplicas(current == 0 ? null : current);
            status.setDesiredReplicas(desired);
        }

        private void rescale(@Nullable ResourceType<?> type, JsonNode scale, int desired, String reason) {
            if (type == null) {
                return;
            }
            int current = scale.path("spec").path("replicas").asInt();
            ObjectNode body = scale.deepCopy();
            body.withObject("/spec").put("replicas", desired);
            try {
                context.client()
                        .subresource(
                                type,
                                scaler.getMetadata().getNamespace(),
                                scaler.getSpec().getScaleTargetRef().getName(),
                                SCALE,
                                body,
                                true);
            } catch (StatusException e) {
                context.events()
                        .warning(
                                scaler,
                                "FailedRescale",
                                "New size: %d; reason: %s; error: %s".formatted(desired, reason, e.getMessage()));
                condition(
                        "AbleToScale",
                        false,
                        "FailedUpdateScale",
                        "the HPA controller was unable to update the target scale: " + e.getMessage());
                throw e;
            }
            context.events().normal(scaler, "SuccessfulRescale", "New size: %d; reason: %s".formatted(desired, reason));
            condition(
                    "AbleToScale",
                    true,
                    "SucceededRescale",
                    "the HPA controller was able to update the target scale to " + desired);
            sizes(current, desired);
            status.setLastScaleTime(Pods.stamp(now));
            if (scaler.getSpec().getBehavior() != null) {
                history.changed(scaler.getSpec().getBehavior(), current, desired, now);
            }
        }

        private void condition(String type, boolean holds, String reason, String message) {
            List<HorizontalPodAutoscalerCondition> conditions = new ArrayList<>(status.getConditions());
            String since = Pods.stamp(now);
            int at = conditions.size();
            for (int i = 0; i < conditions.size(); i++) {
                if (conditions.get(i).getType().equals(type)) {
                    at = i;
                    if (conditions.get(i).getStatus().equals(holds ? "True" : "False")) {
                        since = conditions.get(i).getLastTransitionTime();
                    }
                }
            }
            HorizontalPodAutoscalerCondition condition = new HorizontalPodAutoscalerConditionBuilder()
                    .withType(type)
                    .withStatus(holds ? "True" : "False")
                    .withReason(reason)
                    .withMessage(message)
                    .withLastTransitionTime(since)
                    .build();
            if (at == conditions.size()) {
                conditions.add(condition);
            } else {
                conditions.set(at, condition);
            }
            status.setConditions(conditions);
        }
    }
}
