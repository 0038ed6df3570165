package dev.amphora.controller.autoscaling;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerCondition;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerConditionBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the sizes of what HorizontalPodAutoscalers target between their bounds, and says that there are no metrics to go by: the
 * reference's {@code horizontal-pod-autoscaler-controller} in a cluster without a metrics API.
 */
public final class HorizontalController implements Controller {
    private static final String SCALE = "scale";
    private static final ResourceType<HorizontalPodAutoscaler> SCALERS = ResourceType.of(HorizontalPodAutoscaler.class);
    private static final Duration PERIOD = Duration.ofSeconds(15);
    private static final String NO_METRICS =
            "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)";

    private final Supplier<? extends List<? extends ResourceType<?>>> types;
    private @Nullable ControlLoop<ObjectKey> loop;

    /**
     * A controller that does not yet run.
     *
     * @param types every kind that the server serves
     */
    public HorizontalController(Supplier<? extends List<? extends ResourceType<?>>> types) {
        this.types = types;
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
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), 5);
        loop = created.<HorizontalPodAutoscaler>watch(scalers, (old, now, keys) -> {
                    if (now != null && (old == null || !Objects.equals(old.getSpec(), now.getSpec()))) {
                        keys.accept(ObjectKey.of(now));
                    }
                })
                .start(key -> {
                    HorizontalPodAutoscaler scaler = scalers.find(key).orElse(null);
                    if (scaler == null) {
                        return Result.done();
                    }
                    HorizontalPodAutoscalerStatus status = new Look(context, types.get(), scaler).look();
                    if (!status.equals(scaler.getStatus())) {
                        HorizontalPodAutoscaler written = context.client()
                                .updateStatus(new HorizontalPodAutoscalerBuilder(scaler)
                                        .withStatus(status)
                                        .build());
                        created.wrote(key, scalers, written);
                    }
                    return Result.requeueAfter(PERIOD);
                });
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    /** One look at one autoscaler. */
    private static final class Look {
        private final Context context;
        private final List<? extends ResourceType<?>> types;
        private final HorizontalPodAutoscaler scaler;
        private final Instant now;
        private final HorizontalPodAutoscalerStatus status;

        Look(Context context, List<? extends ResourceType<?>> types, HorizontalPodAutoscaler scaler) {
            this.context = context;
            this.types = types;
            this.scaler = scaler;
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
            int current = scaled.path("spec").path("replicas").asInt(1);
            int least = Objects.requireNonNullElse(scaler.getSpec().getMinReplicas(), 1);
            int most = scaler.getSpec().getMaxReplicas();
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
                tellMissingMetrics();
                sizes(current, Objects.requireNonNullElse(status.getDesiredReplicas(), 0));
            }
            return status;
        }

        private static String group(@Nullable String version) {
            int slash = version == null ? -1 : version.indexOf('/');
            return version == null || slash < 0 ? "" : version.substring(0, slash);
        }

        private @Nullable ResourceType<?> target() {
            String group = group(scaler.getSpec().getScaleTargetRef().getApiVersion());
            for (ResourceType<?> type : types) {
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
            int current = scale.path("spec").path("replicas").asInt(1);
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
        }

        private void tellMissingMetrics() {
            String first = null;
            String value = null;
            List<MetricSpec> metrics = scaler.getSpec().getMetrics();
            for (MetricSpec metric : metrics) {
                if (metric.getResource() == null) {
                    continue;
                }
                String resource = metric.getResource().getName();
                boolean share = metric.getResource().getTarget().getAverageUtilization() != null;
                String why = share
                        ? "failed to get %s utilization: unable to get metrics for resource %s: %s"
                                .formatted(resource, resource, NO_METRICS)
                        : "failed to get %s usage: unable to get metrics for resource %s: %s"
                                .formatted(resource, resource, NO_METRICS);
                context.events().warning(scaler, "FailedGetResourceMetric", why);
                if (first == null) {
                    first = why;
                    value = "failed to get %s resource metric value: %s".formatted(resource, why);
                }
            }
            if (first != null) {
                context.events()
                        .warning(
                                scaler,
                                "FailedComputeMetricsReplicas",
                                "invalid metrics (%d invalid out of %d), first error is: %s"
                                        .formatted(metrics.size(), metrics.size(), value));
                condition(
                        "ScalingActive",
                        false,
                        "FailedGetResourceMetric",
                        "the HPA was unable to compute the replica count: " + first);
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
