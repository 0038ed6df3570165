package dev.amphora.controller;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Conditions of a status, by the rules of the API: one of a type, whose {@code lastTransitionTime} moves only when its status does. */
public final class StatusConditions {
    private StatusConditions() {}

    /**
     * Sets the condition of a type.
     *
     * @param conditions the status's own list, which is changed; in the order in which types first came
     * @param type such as {@code Ready}
     * @param status {@code True}, {@code False} or {@code Unknown}
     * @param reason one word in UpperCamelCase
     * @param message for people
     * @param observedGeneration the generation that this was seen of, null for none
     * @param now when
     * @return whether anything changed
     */
    public static boolean set(
            List<Condition> conditions,
            String type,
            String status,
            String reason,
            String message,
            @Nullable Long observedGeneration,
            Instant now) {
        Condition next = new ConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withObservedGeneration(observedGeneration)
                .withLastTransitionTime(Pods.stamp(now))
                .build();
        for (int i = 0; i < conditions.size(); i++) {
            Condition before = conditions.get(i);
            if (type.equals(before.getType())) {
                if (status.equals(before.getStatus()) && before.getLastTransitionTime() != null) {
                    next.setLastTransitionTime(before.getLastTransitionTime());
                }
                conditions.set(i, next);
                return !Objects.equals(before, next);
            }
        }
        conditions.add(next);
        return true;
    }

    /** The condition of a type. */
    public static Optional<Condition> find(List<Condition> conditions, String type) {
        return conditions.stream().filter(each -> type.equals(each.getType())).findFirst();
    }

    /** Whether the condition of a type is {@code True}. */
    public static boolean isTrue(List<Condition> conditions, String type) {
        return find(conditions, type)
                .filter(each -> "True".equals(each.getStatus()))
                .isPresent();
    }
}
