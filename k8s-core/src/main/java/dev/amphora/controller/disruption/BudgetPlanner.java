package dev.amphora.controller.disruption;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Decides what the status of a PodDisruptionBudget says: functions of what is seen and the time. */
final class BudgetPlanner {
    /** A pod that was let go counts as gone for so long. */
    private static final Duration TRUSTED = Duration.ofMinutes(2);

    private BudgetPlanner() {}

    /**
     * How many pods there should be.
     *
     * @param expected in all
     * @param healthy at least
     */
    record Wanted(int expected, int healthy) {}

    /**
     * Reads the bounds of a budget.
     *
     * @param matching how many pods it selects
     * @param scale how many pods their owners want; needed unless {@link #countsPods}
     */
    static Wanted wanted(PodDisruptionBudget budget, int matching, int scale) {
        IntOrString most = budget.getSpec().getMaxUnavailable();
        if (most != null) {
            return new Wanted(scale, Math.max(0, scale - scaled(most, scale)));
        }
        IntOrString least = budget.getSpec().getMinAvailable();
        if (least == null) {
            return new Wanted(0, 0);
        }
        return least.getStrVal() == null
                ? new Wanted(matching, least.getIntVal())
                : new Wanted(scale, scaled(least, scale));
    }

    /** Whether the budget is a number of pods, so that it does not matter who owns them. */
    static boolean countsPods(PodDisruptionBudget budget) {
        return budget.getSpec().getMaxUnavailable() == null
                && (budget.getSpec().getMinAvailable() == null
                        || budget.getSpec().getMinAvailable().getStrVal() == null);
    }

    private static int scaled(IntOrString value, int total) {
        String text = value.getStrVal();
        if (text == null) {
            return value.getIntVal();
        }
        if (!text.matches("[0-9]{1,4}%")) {
            return 0;
        }
        int percent = Integer.parseInt(text.substring(0, text.length() - 1));
        return (percent * total + 99) / 100;
    }

    /**
     * The status.
     *
     * @param status what it says
     * @param late pods that were let go and are still here
     * @param again when to look again; null if not by time
     */
    record Plan(PodDisruptionBudgetStatus status, List<Pod> late, @Nullable Instant again) {}

    static Plan plan(PodDisruptionBudget budget, List<Pod> pods, Wanted wanted, Instant now) {
        Map<String, String> before =
                budget.getStatus() == null || budget.getStatus().getDisruptedPods() == null
                        ? Map.of()
                        : budget.getStatus().getDisruptedPods();
        Map<String, String> disrupted = new LinkedHashMap<>();
        List<Pod> late = new ArrayList<>();
        Instant again = null;
        int healthy = 0;
        for (Pod pod : pods) {
            if (Pods.isTerminating(pod)) {
                continue;
            }
            String name = pod.getMetadata().getName();
            Instant letGo = Pods.time(before.get(name));
            if (letGo != null) {
                Instant end = letGo.plus(TRUSTED);
                if (end.isAfter(now)) {
                    disrupted.put(name, before.get(name));
                    again = again == null || end.isBefore(again) ? end : again;
                    continue;
                }
                late.add(pod);
            }
            healthy += Pods.isReady(pod) ? 1 : 0;
        }
        int allowed = wanted.expected <= 0 ? 0 : Math.max(0, healthy - wanted.healthy);
        PodDisruptionBudgetStatus status = new PodDisruptionBudgetStatus();
        status.setCurrentHealthy(healthy);
        status.setDesiredHealthy(wanted.healthy);
        status.setExpectedPods(wanted.expected);
        status.setDisruptionsAllowed(allowed);
        status.setDisruptedPods(disrupted);
        status.setObservedGeneration(generation(budget));
        status.setConditions(List.of(condition(
                budget, allowed > 0 ? "True" : "False", allowed > 0 ? "SufficientPods" : "InsufficientPods", "", now)));
        return new Plan(status, late, again);
    }

    /** The status when nothing can be said: nothing may go. */
    static PodDisruptionBudgetStatus failed(PodDisruptionBudget budget, String why, Instant now) {
        PodDisruptionBudgetStatus status = budget.getStatus() == null
                ? new PodDisruptionBudgetStatus()
                : budget.getStatus().edit().build();
        status.setDisruptionsAllowed(0);
        status.setCurrentHealthy(Objects.requireNonNullElse(status.getCurrentHealthy(), 0));
        status.setDesiredHealthy(Objects.requireNonNullElse(status.getDesiredHealthy(), 0));
        status.setExpectedPods(Objects.requireNonNullElse(status.getExpectedPods(), 0));
        Condition condition = condition(budget, "False", "SyncFailed", why, now);
        Long observed = status.getObservedGeneration();
        condition.setObservedGeneration(observed == null || observed == 0 ? null : observed);
        status.setConditions(List.of(condition));
        return status;
    }

    private static Long generation(PodDisruptionBudget budget) {
        Long generation = budget.getMetadata().getGeneration();
        return generation == null ? Long.valueOf(0) : generation;
    }

    private static Condition condition(
            PodDisruptionBudget budget, String status, String reason, String message, Instant now) {
        String since = Pods.stamp(now);
        if (budget.getStatus() != null) {
            for (Condition present : budget.getStatus().getConditions()) {
                if (present.getType().equals("DisruptionAllowed")
                        && present.getStatus().equals(status)) {
                    since = present.getLastTransitionTime();
                }
            }
        }
        return new ConditionBuilder()
                .withType("DisruptionAllowed")
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withObservedGeneration(generation(budget))
                .withLastTransitionTime(since)
                .build();
    }
}
