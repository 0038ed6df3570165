package dev.amphora.controller.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.controller.autoscaling.ScalingHistory.Bounds;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehaviorBuilder;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ScalingHistoryTest {
    private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");
    private static final Duration FIVE_MINUTES = Duration.ofMinutes(5);

    private final ScalingHistory history = new ScalingHistory();

    private static HorizontalPodAutoscalerBehavior behavior(String select) {
        return new HorizontalPodAutoscalerBehaviorBuilder()
                .withNewScaleUp()
                .withStabilizationWindowSeconds(0)
                .withSelectPolicy(select)
                .addNewPolicy(15, "Pods", 4)
                .addNewPolicy(15, "Percent", 100)
                .endScaleUp()
                .withNewScaleDown()
                .withStabilizationWindowSeconds(60)
                .withSelectPolicy(select)
                .addNewPolicy(15, "Percent", 10)
                .endScaleDown()
                .build();
    }

    @Test
    @DisplayName("HPA-3: shrinking waits for the highest recommendation of the last minutes to pass")
    void shrinksToTheHighestRecentRecommendation() {
        history.begin(8, NOW);
        assertThat(history.steady(new Bounds(1, 10, 8, 2), FIVE_MINUTES, NOW.plusSeconds(60)))
                .extracting(ScalingHistory.Decision::replicas, ScalingHistory.Decision::reason)
                .containsExactly(8, "ScaleDownStabilized");
        assertThat(history.steady(new Bounds(1, 10, 8, 2), FIVE_MINUTES, NOW.plusSeconds(301))
                        .replicas())
                .isEqualTo(2);
    }

    @Test
    @DisplayName("HPA-3: growth and shrinking each have a window of their own")
    void keepsBetweenTheWindowsOfABehavior() {
        history.begin(8, NOW);
        HorizontalPodAutoscalerBehavior behavior = behavior("Max");
        assertThat(history.steady(new Bounds(1, 99, 8, 2), behavior, FIVE_MINUTES, NOW.plusSeconds(59))
                        .replicas())
                .isEqualTo(8);
        assertThat(history.steady(new Bounds(1, 99, 8, 20), behavior, FIVE_MINUTES, NOW.plusSeconds(60))
                        .replicas())
                .isEqualTo(20);
    }

    @Test
    @DisplayName("HPA-3: the most or the least that any policy allows, or nothing")
    void limitsTheRateByPolicy() {
        Bounds up = new Bounds(1, 99, 10, 50);
        assertThat(history.limited(up, behavior("Max"), NOW).replicas()).isEqualTo(20);
        assertThat(history.limited(up, behavior("Min"), NOW).replicas()).isEqualTo(14);
        assertThat(history.limited(up, behavior("Disabled"), NOW).replicas()).isEqualTo(10);
    }

    @Test
    @DisplayName("HPA-3: shares of what there was when the period began: rounded up when growing, down when shrinking")
    void remembersWhatChangedWithinThePeriod() {
        HorizontalPodAutoscalerBehavior behavior = behavior("Max");
        history.changed(behavior, 10, 18, NOW);
        assertThat(history.limited(new Bounds(1, 99, 18, 50), behavior, NOW.plusSeconds(14)))
                .extracting(ScalingHistory.Decision::replicas, ScalingHistory.Decision::reason)
                .containsExactly(20, "ScaleUpLimit");
        assertThat(history.limited(new Bounds(1, 99, 18, 50), behavior, NOW.plusSeconds(15))
                        .replicas())
                .isEqualTo(36);
        assertThat(new ScalingHistory()
                        .limited(new Bounds(1, 99, 15, 1), behavior, NOW)
                        .replicas())
                .isEqualTo(13);
    }

    @Test
    @DisplayName("HPA-3: without a behavior a target at most doubles, and never leaves its bounds")
    void limitsWithoutABehavior() {
        assertThat(ScalingHistory.limited(new Bounds(1, 99, 1, 50)).replicas()).isEqualTo(4);
        assertThat(ScalingHistory.limited(new Bounds(1, 99, 10, 50)).replicas()).isEqualTo(20);
        assertThat(ScalingHistory.limited(new Bounds(1, 12, 10, 50)).reason()).isEqualTo("TooManyReplicas");
        assertThat(ScalingHistory.limited(new Bounds(3, 12, 10, 1)).reason()).isEqualTo("TooFewReplicas");
    }
}
