package dev.amphora.controller.autoscaling;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerCondition;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerConditionBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatusBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One look at one autoscaler: reads its target and its metrics, sets the target's size, and says what it has seen. */
final class Look {
    private static final String SCALE = "scale";
    private static final String ABLE = "AbleToScale";
    private static final String ACTIVE = "ScalingActive";
    private static final String LIMITED = "ScalingLimited";

    private final Surroundings surroundings;
    private final Controller.Context context;
    private final HorizontalPodAutoscaler scaler;
    private final ScalingHistory history;
    private final Instant now;
    private final HorizontalPodAutoscalerStatus status;
    private List<MetricStatus> statuses = List.of();

    /** What a look needs beside the autoscaler. */
    interface Surroundings {
        Controller.Context context();

        HorizontalController.Settings settings();

        /** The kind of a name; null if there is none such. */
        @Nullable ResourceType<?> type(String group, String kind);

        /** The pods that a selector selects, by name. */
        List<Pod> pods(String namespace, Selector selector);

        Overlaps overlaps();

        /** Reads what metrics ask for. */
        MetricsReading reading(String namespace, Selector selector, ReplicaCount count);
    }

    Look(Surroundings surroundings, HorizontalPodAutoscaler scaler, ScalingHistory history) {
        this.surroundings = surroundings;
        this.context = surroundings.context();
        this.scaler = scaler;
        this.history = history;
        this.now = context.kernel().instant();
        this.status = scaler.getStatus() == null
                ? new HorizontalPodAutoscalerStatus()
                : scaler.getStatus().edit().build();
        status.setDesiredReplicas(Objects.requireNonNullElse(status.getDesiredReplicas(), 0));
    }

    /** What the target is, as its subresource tells. */
    private record Target(ResourceType<?> type, JsonNode scale) {
        int wanted() {
            return scale.path("spec").path("replicas").asInt();
        }

        int counted() {
            return scale.path("status").path("replicas").asInt();
        }

        String selector() {
            return scale.path("status").path("selector").asText();
        }
    }

    /** Looks, and does what follows; the status that is to be told then. */
    HorizontalPodAutoscalerStatus look() {
        Target target;
        try {
            target = target();
        } catch (StatusException e) {
            context.events().warning(scaler, "FailedGetScale", String.valueOf(e.getMessage()));
            condition(
                    ABLE,
                    false,
                    "FailedGetScale",
                    "the HPA controller was unable to get the target's current scale: " + e.getMessage());
            return status;
        }
        condition(ABLE, true, "SucceededGetScale", "the HPA controller was able to get the target's current scale");
        int current = target.wanted();
        int least = Objects.requireNonNullElse(scaler.getSpec().getMinReplicas(), 1);
        int most = scaler.getSpec().getMaxReplicas();
        history.begin(current, now);
        if (current == 0 && least != 0) {
            condition(
                    ACTIVE,
                    false,
                    "ScalingDisabled",
                    "scaling is disabled since the replica count of the target is zero");
            sizes(current, current);
        } else if (current > most) {
            rescale(target, most, "Current number of replicas above Spec.MaxReplicas");
        } else if (current < least) {
            rescale(target, least, "Current number of replicas below Spec.MinReplicas");
        } else {
            byMetrics(target, new ScalingHistory.Bounds(least, most, current, current));
        }
        return status;
    }

    private Target target() {
        CrossVersionObjectReference reference = scaler.getSpec().getScaleTargetRef();
        String version = reference.getApiVersion();
        int slash = version == null ? -1 : version.indexOf('/');
        String group = version == null || slash < 0 ? "" : version.substring(0, slash);
        ResourceType<?> type = surroundings.type(group, reference.getKind());
        if (type == null) {
            throw StatusException.badRequest(
                    "no matches for kind \"%s\" in group \"%s\"".formatted(reference.getKind(), group));
        }
        return new Target(
                type,
                context.client().subresource(type, scaler.getMetadata().getNamespace(), reference.getName(), SCALE));
    }

    private void byMetrics(Target target, ScalingHistory.Bounds bounds) {
        int current = bounds.current();
        MetricsReading.Wish wish = wish(target);
        if (wish == null) {
            sizes(current, Objects.requireNonNullElse(status.getDesiredReplicas(), 0));
            return;
        }
        String reason = wish.replicas() > current
                ? wish.name() + " above target"
                : wish.replicas() < current ? "All metrics below target" : "";
        int desired = limit(new ScalingHistory.Bounds(bounds.least(), bounds.most(), current, wish.replicas()));
        if (desired == current) {
            sizes(current, current);
        } else {
            rescale(target, desired, reason);
        }
    }

    private int limit(ScalingHistory.Bounds bounds) {
        HorizontalPodAutoscalerBehavior behavior = scaler.getSpec().getBehavior();
        ScalingHistory.Decision steady = behavior == null
                ? history.steady(bounds, surroundings.settings().downscaleStabilization(), now)
                : history.steady(bounds, behavior, surroundings.settings().downscaleStabilization(), now);
        condition(ABLE, true, steady.reason(), steady.message());
        ScalingHistory.Bounds next =
                new ScalingHistory.Bounds(bounds.least(), bounds.most(), bounds.current(), steady.replicas());
        ScalingHistory.Decision limited =
                behavior == null ? ScalingHistory.limited(next) : history.limited(next, behavior, now);
        condition(LIMITED, !limited.isAsWished(), limited.reason(), limited.message());
        return limited.replicas();
    }

    // ---- what the metrics call for ----------------------------------------------------------------------------------

    /** What the metrics call for; null if they can't be read, or not all of them and the others call for less. */
    private MetricsReading.@Nullable Wish wish(Target target) {
        String namespace = scaler.getMetadata().getNamespace();
        Selector selector = selector(target);
        if (selector == null) {
            return null;
        }
        List<Pod> pods = surroundings.pods(namespace, selector);
        if (isAmbiguous(target, selector, pods)) {
            return null;
        }
        MetricsReading reading = surroundings.reading(
                namespace,
                selector,
                new ReplicaCount(
                        surroundings.settings(),
                        tolerance(),
                        new ReplicaCount.Present(target.wanted(), target.counted(), pods),
                        now));
        List<MetricSpec> specs = scaler.getSpec().getMetrics();
        List<MetricStatus> read = new ArrayList<>();
        List<MetricsReading.Failure> failures = new ArrayList<>();
        MetricsReading.Wish most = null;
        for (MetricSpec spec : specs) {
            try {
                MetricsReading.Wish wish = reading.read(spec);
                read.add(wish.status());
                most = most == null || most.replicas() == 0 || wish.replicas() > most.replicas() ? wish : most;
            } catch (MetricsReading.Failure e) {
                context.events().warning(scaler, e.reason(), String.valueOf(e.getMessage()));
                read.add(new MetricStatusBuilder().withType("").build());
                failures.add(e);
            }
        }
        statuses = read;
        if (most == null || (!failures.isEmpty() && most.replicas() < target.wanted())) {
            fail(failures, specs.size());
            return null;
        }
        condition(
                ACTIVE,
                true,
                "ValidMetricFound",
                "the HPA was able to successfully calculate a replica count from " + most.name());
        return most;
    }

    private void fail(List<MetricsReading.Failure> failures, int all) {
        MetricsReading.Failure first = failures.get(0);
        condition(
                ACTIVE,
                false,
                first.reason(),
                "the HPA was unable to compute the replica count: " + first.getMessage());
        uncomputed("invalid metrics (%d invalid out of %d), first error is: %s"
                .formatted(failures.size(), all, first.whole()));
    }

    private void uncomputed(String why) {
        context.events().warning(scaler, "FailedComputeMetricsReplicas", why);
    }

    private @Nullable Selector selector(Target target) {
        if (target.selector().isEmpty()) {
            context.events().warning(scaler, "SelectorRequired", "selector is required");
            condition(ACTIVE, false, "InvalidSelector", "the HPA target's scale is missing a selector");
            uncomputed("selector is required");
            return null;
        }
        try {
            return Selector.parse(target.selector());
        } catch (IllegalArgumentException e) {
            String why = "couldn't convert selector into a corresponding internal selector object: " + e.getMessage();
            unusable("InvalidSelector", why);
            return null;
        }
    }

    private boolean isAmbiguous(Target target, Selector selector, List<Pod> pods) {
        surroundings.overlaps().put(ObjectKey.of(scaler), selector);
        List<ObjectKey> all = surroundings.overlaps().of(pods);
        if (all.size() <= 1) {
            return false;
        }
        unusable(
                "AmbiguousSelector",
                "pods by selector %s are controlled by multiple HPAs: %s"
                        .formatted(
                                target.selector(),
                                all.stream()
                                        .map(key -> "{" + key.name() + " " + key.namespace() + "}")
                                        .collect(Collectors.joining(" ", "[", "]"))));
        return true;
    }

    private void unusable(String reason, String why) {
        context.events().warning(scaler, reason, why);
        condition(ACTIVE, false, reason, why);
        uncomputed(why);
    }

    private ReplicaCount.Tolerance tolerance() {
        HorizontalPodAutoscalerBehavior behavior = scaler.getSpec().getBehavior();
        return new ReplicaCount.Tolerance(
                tolerance(behavior == null ? null : behavior.getScaleUp()),
                tolerance(behavior == null ? null : behavior.getScaleDown()));
    }

    private double tolerance(@Nullable HPAScalingRules rules) {
        return rules == null || rules.getTolerance() == null
                ? surroundings.settings().tolerance()
                : rules.getTolerance().getNumericalAmount().doubleValue();
    }

    // ---- what comes of it -------------------------------------------------------------------------------------------

    private void rescale(Target target, int desired, String reason) {
        int current = target.wanted();
        ObjectNode body = target.scale.deepCopy();
        body.withObject("/spec").put("replicas", desired);
        try {
            context.client()
                    .subresource(
                            target.type,
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
                    ABLE,
                    false,
                    "FailedUpdateScale",
                    "the HPA controller was unable to update the target scale: " + e.getMessage());
            sizes(current, Objects.requireNonNullElse(status.getDesiredReplicas(), 0));
            return;
        }
        context.events().normal(scaler, "SuccessfulRescale", "New size: %d; reason: %s".formatted(desired, reason));
        condition(
                ABLE, true, "SucceededRescale", "the HPA controller was able to update the target scale to " + desired);
        sizes(current, desired);
        status.setLastScaleTime(Pods.stamp(now));
        if (scaler.getSpec().getBehavior() != null) {
            history.changed(scaler.getSpec().getBehavior(), current, desired, now);
        }
    }

    private void sizes(int current, int desired) {
        status.setCurrentReplicas(current == 0 ? null : current);
        status.setDesiredReplicas(desired);
        status.setCurrentMetrics(statuses);
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
