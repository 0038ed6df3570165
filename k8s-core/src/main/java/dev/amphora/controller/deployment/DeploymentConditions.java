package dev.amphora.controller.deployment;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.api.model.apps.DeploymentConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetCondition;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The status of a Deployment: its numbers and its conditions. */
final class DeploymentConditions {
    static final String PROGRESSING = "Progressing";
    static final String AVAILABLE = "Available";
    static final String REPLICA_FAILURE = "ReplicaFailure";
    static final String NEW_SET_AVAILABLE = "NewReplicaSetAvailable";
    static final String TIMED_OUT = "ProgressDeadlineExceeded";
    static final String PAUSED = "DeploymentPaused";

    private DeploymentConditions() {}

    static boolean hasDeadline(Deployment deployment) {
        Integer seconds = deployment.getSpec().getProgressDeadlineSeconds();
        return seconds != null && seconds != Integer.MAX_VALUE;
    }

    static DeploymentStatus status(Deployment deployment) {
        return deployment.getStatus() == null ? new DeploymentStatus() : deployment.getStatus();
    }

    static @Nullable DeploymentCondition get(DeploymentStatus status, String type) {
        if (status.getConditions() != null) {
            for (DeploymentCondition condition : status.getConditions()) {
                if (type.equals(condition.getType())) {
                    return condition;
                }
            }
        }
        return null;
    }

    static DeploymentCondition of(String type, String status, String reason, String message, Instant now) {
        return new DeploymentConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastUpdateTime(Pods.stamp(now))
                .withLastTransitionTime(Pods.stamp(now))
                .build();
    }

    /** The status with a condition, unless it says the same already; the transition time moves only with the condition's status. */
    static DeploymentStatus with(DeploymentStatus status, DeploymentCondition condition) {
        DeploymentCondition current = get(status, condition.getType());
        if (current != null && Objects.equals(current.getStatus(), condition.getStatus())) {
            if (Objects.equals(current.getReason(), condition.getReason())) {
                return status;
            }
            condition = new DeploymentConditionBuilder(condition)
                    .withLastTransitionTime(current.getLastTransitionTime())
                    .build();
        }
        List<DeploymentCondition> conditions = others(status, condition.getType());
        conditions.add(condition);
        return new DeploymentStatusBuilder(status).withConditions(conditions).build();
    }

    static DeploymentStatus without(DeploymentStatus status, String type) {
        return get(status, type) == null
                ? status
                : new DeploymentStatusBuilder(status)
                        .withConditions(others(status, type))
                        .build();
    }

    private static List<DeploymentCondition> others(DeploymentStatus status, String type) {
        List<DeploymentCondition> others = new ArrayList<>();
        if (status.getConditions() != null) {
            status.getConditions().stream()
                    .filter(condition -> !type.equals(condition.getType()))
                    .forEach(others::add);
        }
        return others;
    }

    /** The numbers and the condition Available, as the sets say. */
    static DeploymentStatus count(
            Deployment deployment, List<ReplicaSet> all, @Nullable ReplicaSet newSet, Instant now) {
        int available = RolloutMath.available(all);
        int unavailable = Math.max(0, RolloutMath.replicas(all) - available);
        DeploymentStatus before = status(deployment);
        DeploymentStatus counted = new DeploymentStatusBuilder()
                .withObservedGeneration(deployment.getMetadata().getGeneration())
                .withReplicas(orNull(sum(all, ReplicaSetStatus::getReplicas)))
                .withUpdatedReplicas(orNull(newSet == null ? 0 : sum(List.of(newSet), ReplicaSetStatus::getReplicas)))
                .withReadyReplicas(orNull(sum(all, ReplicaSetStatus::getReadyReplicas)))
                .withAvailableReplicas(orNull(available))
                .withUnavailableReplicas(orNull(unavailable))
                .withTerminatingReplicas(terminating(all))
                .withCollisionCount(before.getCollisionCount())
                .withConditions(before.getConditions())
                .build();
        int needed = RolloutMath.replicas(deployment)
                - RolloutMath.Bounds.of(deployment).unavailable();
        return with(
                counted,
                available >= needed
                        ? of(AVAILABLE, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
                        : of(
                                AVAILABLE,
                                "False",
                                "MinimumReplicasUnavailable",
                                "Deployment does not have minimum availability.",
                                now));
    }

    private static int sum(List<ReplicaSet> sets, Function<ReplicaSetStatus, @Nullable Integer> number) {
        int sum = 0;
        for (ReplicaSet set : sets) {
            Integer value = set.getStatus() == null ? null : number.apply(set.getStatus());
            sum += value == null ? 0 : value;
        }
        return sum;
    }

    /** Unknown as long as one set does not say. */
    private static @Nullable Integer terminating(List<ReplicaSet> sets) {
        int sum = 0;
        for (ReplicaSet set : sets) {
            Integer value = set.getStatus() == null ? null : set.getStatus().getTerminatingReplicas();
            if (value == null) {
                return null;
            }
            sum += value;
        }
        return sum;
    }

    static int number(@Nullable Integer value) {
        return value == null ? 0 : value;
    }

    private static @Nullable Integer orNull(int value) {
        return value == 0 ? null : value;
    }

    /** Whether the rollout is through: all replicas are new and available. */
    static boolean isComplete(Deployment deployment, DeploymentStatus status) {
        int wanted = RolloutMath.replicas(deployment);
        Long observed = status.getObservedGeneration();
        Long generation = deployment.getMetadata().getGeneration();
        return number(status.getUpdatedReplicas()) == wanted
                && number(status.getReplicas()) == wanted
                && number(status.getAvailableReplicas()) == wanted
                && (observed == null ? 0 : observed) >= (generation == null ? 0 : generation);
    }

    /** Whether a new status is a step forward. */
    static boolean isProgress(DeploymentStatus before, DeploymentStatus after) {
        int oldBefore = number(before.getReplicas()) - number(before.getUpdatedReplicas());
        int oldAfter = number(after.getReplicas()) - number(after.getUpdatedReplicas());
        return number(after.getUpdatedReplicas()) > number(before.getUpdatedReplicas())
                || oldAfter < oldBefore
                || number(after.getReadyReplicas()) > number(before.getReadyReplicas())
                || number(after.getAvailableReplicas()) > number(before.getAvailableReplicas());
    }

    /** Whether nothing has moved for longer than the deadline. A rollout that was once complete never times out. */
    static boolean isTimedOut(Deployment deployment, DeploymentStatus status, Instant now) {
        DeploymentCondition condition = get(status, PROGRESSING);
        if (!hasDeadline(deployment) || condition == null || NEW_SET_AVAILABLE.equals(condition.getReason())) {
            return false;
        }
        if (TIMED_OUT.equals(condition.getReason())) {
            return true;
        }
        Instant since = Pods.time(condition.getLastUpdateTime());
        return since != null
                && since.plusSeconds(deployment.getSpec().getProgressDeadlineSeconds())
                        .isBefore(now);
    }

    /** When to see whether the deadline has passed; null if there is nothing to wait for. */
    static @Nullable Duration untilDeadline(Deployment deployment, DeploymentStatus status, Instant now) {
        DeploymentCondition condition = get(status(deployment), PROGRESSING);
        if (!hasDeadline(deployment)
                || condition == null
                || isComplete(deployment, status)
                || TIMED_OUT.equals(condition.getReason())
                || NEW_SET_AVAILABLE.equals(condition.getReason())) {
            return null;
        }
        Instant since = Pods.time(condition.getLastUpdateTime());
        if (since == null) {
            return null;
        }
        Instant due = since.plusSeconds(deployment.getSpec().getProgressDeadlineSeconds() + 1L);
        return due.isAfter(now) ? Duration.between(now, due) : Duration.ofSeconds(1);
    }

    /** What keeps the sets from making pods, the new one's troubles first; null if nothing does. */
    static @Nullable DeploymentCondition failure(List<ReplicaSet> all, @Nullable ReplicaSet newSet) {
        List<ReplicaSet> order = new ArrayList<>();
        if (newSet != null) {
            order.add(newSet);
        }
        order.addAll(all);
        for (ReplicaSet set : order) {
            if (set.getStatus() == null || set.getStatus().getConditions() == null) {
                continue;
            }
            for (ReplicaSetCondition condition : set.getStatus().getConditions()) {
                if (REPLICA_FAILURE.equals(condition.getType())) {
                    return new DeploymentConditionBuilder()
                            .withType(REPLICA_FAILURE)
                            .withStatus(condition.getStatus())
                            .withLastTransitionTime(condition.getLastTransitionTime())
                            .withLastUpdateTime(condition.getLastTransitionTime())
                            .withReason(condition.getReason())
                            .withMessage(condition.getMessage())
                            .build();
                }
            }
        }
        return null;
    }
}
