package dev.amphora.controller.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RolloutMathTest {

    @ParameterizedTest
    @DisplayName("DEP-7: surge rounds up, unavailable rounds down, and both are never zero")
    @CsvSource({
        "25%, 25%, 4, 1, 1",
        "25%, 25%, 10, 3, 2",
        "1%, 1%, 12, 1, 0",
        "0, 1%, 2, 0, 1",
        "0, 0, 5, 0, 1",
        "100%, 0, 1, 1, 0",
        "3, 2, 10, 3, 2",
        "30%, 20%, 10, 3, 2",
    })
    void resolvesBounds(String surge, String unavailable, int replicas, int expectedSurge, int expectedUnavailable) {
        assertThat(RolloutMath.Bounds.of(
                        new IntOrString(number(surge)), new IntOrString(number(unavailable)), replicas))
                .isEqualTo(new RolloutMath.Bounds(expectedSurge, expectedUnavailable));
    }

    private static Object number(String text) {
        return text.endsWith("%") ? text : Integer.valueOf(text);
    }

    @ParameterizedTest
    @DisplayName("DEP-10: the new set grows to what replicas + surge leave")
    @CsvSource({"10, 3, 0, 10, 3", "10, 3, 3, 13, 3", "10, 3, 5, 12, 6", "10, 0, 10, 10, 10", "4, 4, 0, 4, 4"})
    void growsTheNewSet(int replicas, int surge, int present, int all, int expected) {
        assertThat(RolloutMath.newSetSize(deployment(replicas, surge, 1), present, all))
                .isEqualTo(expected);
    }

    @Test
    @DisplayName("DEP-11: unhealthy old replicas go first, oldest set first, then healthy ones within the budget")
    void shrinksTheOldSets() {
        Deployment deployment = deployment(10, 3, 2);
        ReplicaSet newSet = set("new", 5, 0, 3);
        assertThat(sizes(RolloutMath.oldSetSizes(deployment, newSet, List.of(set("b", 4, 4, 2), set("a", 4, 2, 1)))))
                .as("4+4+5 - 8 - 5 = 0: no budget")
                .isEmpty();
        assertThat(sizes(RolloutMath.oldSetSizes(
                        deployment, set("new", 5, 3, 3), List.of(set("b", 4, 3, 2), set("a", 4, 2, 1)))))
                .as("budget 3: two sick of the oldest and one of the next; 8 available, none to spare")
                .containsExactly("a=2", "b=3");
        assertThat(sizes(RolloutMath.oldSetSizes(
                        deployment, set("new", 5, 5, 3), List.of(set("b", 4, 4, 2), set("a", 4, 4, 1)))))
                .as("13 available, 8 needed: 5 to spare")
                .containsExactly("a=0", "b=3");
        assertThat(sizes(RolloutMath.oldSetSizes(deployment, set("new", 5, 5, 2), List.of(set("old", 4, 8, 1)))))
                .as("a set that is still to shrink from 8 to 4 keeps 4: 9 available, 8 needed")
                .containsExactly("old=3");
    }

    @Test
    @DisplayName(
            "DEP-13: a crash-looping version comes to rest at 8 old and 5 new, and a failing node shrinks nothing further")
    void aBrokenVersionComesToRest() {
        Deployment deployment = deployment(10, 3, 2);
        int old = 10;
        int fresh = 0;
        for (int round = 0; round < 20; round++) {
            int grown = RolloutMath.newSetSize(deployment, fresh, old + fresh);
            if (grown != fresh) {
                fresh = grown;
                continue;
            }
            List<RolloutMath.Sizing> shrunk =
                    RolloutMath.oldSetSizes(deployment, set("new", fresh, 0, 2), List.of(set("old", old, old, 1)));
            old = shrunk.isEmpty() ? old : shrunk.get(0).size();
        }
        assertThat(old).isEqualTo(8);
        assertThat(fresh).isEqualTo(5);
        assertThat(RolloutMath.oldSetSizes(deployment, set("new", 5, 0, 2), List.of(set("old", 8, 6, 1))))
                .isEmpty();
    }

    @ParameterizedTest
    @DisplayName("DEP-9: small rollouts take turns")
    @CsvSource({
        "2, 0, 1%, 'old 1,new 1,old 0,new 2'",
        "1, 1%, 25%, 'new 1,old 0'",
    })
    void takesTurns(int replicas, String surge, String unavailable, String expected) {
        Deployment deployment =
                deployment(replicas, new IntOrString(number(surge)), new IntOrString(number(unavailable)));
        int old = replicas;
        int fresh = 0;
        List<String> steps = new ArrayList<>();
        while (old > 0 || fresh < replicas) {
            int grown = RolloutMath.newSetSize(deployment, fresh, old + fresh);
            if (grown != fresh) {
                fresh = grown;
                steps.add("new " + fresh);
            } else {
                old = RolloutMath.oldSetSizes(deployment, set("new", fresh, fresh, 2), List.of(set("old", old, old, 1)))
                        .get(0)
                        .size();
                steps.add("old " + old);
            }
        }
        assertThat(String.join(",", steps)).isEqualTo(expected);
    }

    @Test
    @DisplayName("DEP-15: a change of size is shared in proportion, the rest goes to the largest, none goes below zero")
    void sharesInProportion() {
        assertThat(sizes(RolloutMath.proportional(
                        deployment(20, 3, 2), List.of(max(set("old", 8, 8, 1), 13), max(set("new", 5, 5, 2), 13)))))
                .containsExactly("old=14", "new=9");
        assertThat(sizes(RolloutMath.proportional(
                        deployment(5, 3, 2), List.of(max(set("old", 8, 8, 1), 13), max(set("new", 5, 5, 2), 13)))))
                .containsExactly("old=5", "new=3");
        assertThat(sizes(RolloutMath.proportional(
                        deployment(0, 3, 2), List.of(max(set("old", 8, 8, 1), 13), max(set("new", 5, 5, 2), 13)))))
                .containsExactly("old=0", "new=0");
    }

    private static List<String> sizes(List<RolloutMath.Sizing> sizings) {
        return sizings.stream()
                .map(sizing -> sizing.set().getMetadata().getName() + "=" + sizing.size())
                .toList();
    }

    static Deployment deployment(int replicas, int surge, int unavailable) {
        return deployment(replicas, new IntOrString(surge), new IntOrString(unavailable));
    }

    static Deployment deployment(int replicas, IntOrString surge, @Nullable IntOrString unavailable) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withName("web")
                .withNamespace("ns")
                .withUid("d")
                .withGeneration(1L)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxSurge(surge)
                .withMaxUnavailable(unavailable)
                .endRollingUpdate()
                .endStrategy()
                .endSpec()
                .build();
    }

    static ReplicaSet set(String name, int replicas, int available, int age) {
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withName(name)
                .withCreationTimestamp("2026-01-01T00:00:0" + age + "Z")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .endSpec()
                .withNewStatus()
                .withReplicas(replicas)
                .withAvailableReplicas(available)
                .endStatus()
                .build();
    }

    private static ReplicaSet max(ReplicaSet set, int max) {
        return set.edit()
                .editMetadata()
                .addToAnnotations(Revisions.MAX, String.valueOf(max))
                .endMetadata()
                .build();
    }
}
