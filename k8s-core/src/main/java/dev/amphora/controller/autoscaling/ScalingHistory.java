package dev.amphora.controller.autoscaling;

import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingPolicy;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What an autoscaler remembers of one target, and how that slows it down (HPA-3). */
final class ScalingHistory {
    private static final int LEAST_UP = 4;

    private record Recommendation(Instant at, int replicas) {}

    private record Change(Instant at, int replicas) {}

    /** A decision, and why it is what it is. */
    record Decision(int replicas, boolean isAsWished, String reason, String message) {}

    /**
     * Between what a target is kept.
     *
     * @param current how many there are
     * @param wished how many are called for
     */
    record Bounds(int least, int most, int current, int wished) {}

    private final List<Recommendation> recommendations = new ArrayList<>();
    private final List<Change> ups = new ArrayList<>();
    private final List<Change> downs = new ArrayList<>();

    /** Notes where it began. */
    void begin(int current, Instant now) {
        if (recommendations.isEmpty()) {
            recommendations.add(new Recommendation(now, current));
        }
    }

    /** Notes a change of size; how long that matters is up to the policies. */
    void changed(HorizontalPodAutoscalerBehavior behavior, int from, int to, Instant now) {
        List<Change> changes = to > from ? ups : downs;
        HPAScalingRules rules = to > from ? behavior.getScaleUp() : behavior.getScaleDown();
        int longest = rules == null
                ? 0
                : rules.getPolicies().stream()
                        .mapToInt(HPAScalingPolicy::getPeriodSeconds)
                        .max()
                        .orElse(0);
        changes.removeIf(change -> change.at.isBefore(now.minusSeconds(longest)));
        changes.add(new Change(now, Math.abs(to - from)));
    }

    /** The highest of the recent recommendations; for autoscalers without a behaviour of their own. */
    Decision steady(Bounds bounds, Duration window, Instant now) {
        int highest = bounds.wished;
        for (Recommendation each : recommendations) {
            if (!each.at.isBefore(now.minus(window))) {
                highest = Math.max(highest, each.replicas);
            }
        }
        remember(bounds.wished, now, window);
        return stabilized(highest, bounds.wished, false);
    }

    /** Between the lowest recommendation of the time that growing has to wait, and the highest of that for shrinking. */
    Decision steady(Bounds bounds, HorizontalPodAutoscalerBehavior behavior, Duration usual, Instant now) {
        Duration forUp = window(behavior.getScaleUp(), Duration.ZERO);
        Duration forDown = window(behavior.getScaleDown(), usual);
        int lowest = bounds.wished;
        int highest = bounds.wished;
        for (Recommendation each : recommendations) {
            if (each.at.isAfter(now.minus(forUp))) {
                lowest = Math.min(lowest, each.replicas);
            }
            if (each.at.isAfter(now.minus(forDown))) {
                highest = Math.max(highest, each.replicas);
            }
        }
        remember(bounds.wished, now, forUp.compareTo(forDown) > 0 ? forUp : forDown);
        int steady = Math.min(Math.max(bounds.current, lowest), highest);
        return stabilized(steady, bounds.wished, bounds.wished >= bounds.current);
    }

    private static Decision stabilized(int steady, int wished, boolean up) {
        if (steady == wished) {
            return new Decision(steady, true, "ReadyForNewScale", "recommended size matches current size");
        }
        return up
                ? new Decision(
                        steady,
                        false,
                        "ScaleUpStabilized",
                        "recent recommendations were lower than current one, applying the lowest recent recommendation")
                : new Decision(
                        steady,
                        false,
                        "ScaleDownStabilized",
                        "recent recommendations were higher than current one, applying the highest recent recommendation");
    }

    private void remember(int wished, Instant now, Duration longest) {
        recommendations.removeIf(each -> each.at.isBefore(now.minus(longest)));
        recommendations.add(new Recommendation(now, wished));
    }

    private static Duration window(@Nullable HPAScalingRules rules, Duration usual) {
        Integer seconds = rules == null ? null : rules.getStabilizationWindowSeconds();
        return seconds == null ? usual : Duration.ofSeconds(seconds);
    }

    /** Keeps a wish between the bounds, and a growing target from growing too fast. */
    static Decision limited(Bounds bounds) {
        int fastest = Math.max(2 * bounds.current, LEAST_UP);
        if (bounds.wished < bounds.least) {
            return tooFew(bounds.least);
        }
        return bounds.wished > Math.min(bounds.most, fastest) ? tooMany(bounds.most, fastest) : within(bounds.wished);
    }

    /** Keeps a wish between the bounds and the rates of a behaviour. */
    Decision limited(Bounds bounds, HorizontalPodAutoscalerBehavior behavior, Instant now) {
        if (bounds.wished > bounds.current) {
            int fastest = Math.max(bounds.current, fastestUp(bounds.current, behavior.getScaleUp(), now));
            if (bounds.wished > Math.min(bounds.most, fastest)) {
                return tooMany(bounds.most, fastest);
            }
        } else if (bounds.wished < bounds.current) {
            int fastest = Math.min(bounds.current, fastestDown(bounds.current, behavior.getScaleDown(), now));
            if (bounds.wished < Math.max(bounds.least, fastest)) {
                return bounds.least < fastest
                        ? new Decision(
                                fastest,
                                false,
                                "ScaleDownLimit",
                                "the desired replica count is decreasing faster than the maximum scale rate")
                        : tooFew(bounds.least);
            }
        }
        return within(bounds.wished);
    }

    private static Decision within(int wished) {
        return new Decision(wished, true, "DesiredWithinRange", "the desired count is within the acceptable range");
    }

    private static Decision tooFew(int least) {
        return new Decision(
                least, false, "TooFewReplicas", "the desired replica count is less than the minimum replica count");
    }

    private static Decision tooMany(int most, int fastest) {
        return most > fastest
                ? new Decision(
                        fastest,
                        false,
                        "ScaleUpLimit",
                        "the desired replica count is increasing faster than the maximum scale rate")
                : new Decision(
                        most,
                        false,
                        "TooManyReplicas",
                        "the desired replica count is more than the maximum replica count");
    }

    private int fastestUp(int current, @Nullable HPAScalingRules rules, Instant now) {
        if (rules == null || "Disabled".equals(rules.getSelectPolicy())) {
            return rules == null ? Integer.MAX_VALUE : current;
        }
        boolean least = "Min".equals(rules.getSelectPolicy());
        int result = least ? Integer.MAX_VALUE : Integer.MIN_VALUE;
        for (HPAScalingPolicy policy : rules.getPolicies()) {
            int start = atStart(current, policy, now);
            int proposed = "Pods".equals(policy.getType())
                    ? start + policy.getValue()
                    : (int) Math.ceil(start * (1 + policy.getValue() / 100.0));
            result = least ? Math.min(result, proposed) : Math.max(result, proposed);
        }
        return result;
    }

    private int fastestDown(int current, @Nullable HPAScalingRules rules, Instant now) {
        if (rules == null || "Disabled".equals(rules.getSelectPolicy())) {
            return rules == null ? Integer.MIN_VALUE : current;
        }
        boolean least = "Min".equals(rules.getSelectPolicy());
        int result = least ? Integer.MIN_VALUE : Integer.MAX_VALUE;
        for (HPAScalingPolicy policy : rules.getPolicies()) {
            int start = atStart(current, policy, now);
            int proposed = "Pods".equals(policy.getType())
                    ? start - policy.getValue()
                    : (int) (start * (1 - policy.getValue() / 100.0));
            result = least ? Math.max(result, proposed) : Math.min(result, proposed);
        }
        return result;
    }

    /** How many there were when a policy's period began. */
    private int atStart(int current, HPAScalingPolicy policy, Instant now) {
        Instant since = now.minusSeconds(Objects.requireNonNullElse(policy.getPeriodSeconds(), 0));
        return current - sum(ups, since) + sum(downs, since);
    }

    private static int sum(List<Change> changes, Instant since) {
        return changes.stream()
                .filter(change -> change.at.isAfter(since))
                .mapToInt(Change::replicas)
                .sum();
    }
}
