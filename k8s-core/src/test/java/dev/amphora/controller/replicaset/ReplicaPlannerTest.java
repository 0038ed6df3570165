package dev.amphora.controller.replicaset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Selector;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReplicaPlannerTest {
    private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");

    @Test
    @DisplayName("RS-2: at most 500 pods are made or deleted in one go")
    void limitsTheBurst() {
        assertThat(ReplicaPlanner.plan(2000, List.of(), List.of(), NOW).create())
                .isEqualTo(500);
        assertThat(ReplicaPlanner.plan(0, Collections.nCopies(800, pod("p")), List.of(), NOW)
                        .delete())
                .hasSize(500);
    }

    @Test
    @DisplayName("RS-4: when all are to go their order does not matter")
    void takesAllAsTheyCome() {
        List<Pod> pods = List.of(pod("b"), pod("a"));
        assertThat(ReplicaPlanner.plan(0, pods, pods, NOW).delete()).isSameAs(pods);
    }

    @Test
    @DisplayName("MACH-6: creations go in batches of 1, 2, 4, 8")
    void startsSlowly() {
        assertThat(ReplicaPlanner.slowStart(12)).containsExactly(1, 2, 4, 5);
        assertThat(ReplicaPlanner.slowStart(1)).containsExactly(1);
        assertThat(ReplicaPlanner.slowStart(0)).isEmpty();
    }

    @Test
    @DisplayName(
            "RS-3: unassigned, pending, unknown, unready, cheap, crowded, young, restarted go first, in that order")
    void givesUpTheLeastValuable() {
        List<Pod> inOrder = List.of(
                new Sample("unassigned").node(null).build(),
                new Sample("pending").phase("Pending").build(),
                new Sample("unknown").phase("Unknown").build(),
                new Sample("unready").ready(null).build(),
                new Sample("cheap").cost("-5").build(),
                new Sample("crowded").node("crowded").build(),
                new Sample("ready-late").ready("2026-01-01T00:59:00Z").build(),
                new Sample("restarted").restarts(9).build(),
                new Sample("young").created("2026-01-01T00:58:00Z").build(),
                new Sample("plain").build(),
                new Sample("dear").cost("7").build());
        List<Pod> crowd = new ArrayList<>(inOrder);
        for (int i = 0; i < 20; i++) {
            crowd.add(new Sample("other" + i).node("crowded").build());
        }
        for (int seed = 0; seed < 20; seed++) {
            List<Pod> shuffled = new ArrayList<>(inOrder);
            Collections.shuffle(shuffled, new Random(seed));
            assertThat(ReplicaPlanner.victimsFirst(shuffled, crowd, NOW))
                    .extracting(pod -> pod.getMetadata().getName())
                    .containsExactlyElementsOf(inOrder.stream()
                            .map(pod -> pod.getMetadata().getName())
                            .toList());
        }
    }

    @Test
    @DisplayName("RS-3: ages count by their power of two, and within one the uid decides")
    void comparesAgesRoughly() {
        Pod a = new Sample("a").created("2026-01-01T00:00:00Z").build();
        Pod b = new Sample("b").created("2026-01-01T00:10:00Z").build();
        assertThat(ReplicaPlanner.victimsFirst(List.of(b, a), List.of(), NOW))
                .as("60 and 50 minutes are of one class")
                .containsExactly(a, b);
    }

    @Test
    @DisplayName("RS-1, RS-7: the status counts what is active, and tells a failure until it is over")
    void tellsTheStatus() {
        ReplicaKind.Spec spec = new ReplicaKind.Spec(3, 0, Selector.everything(), new PodTemplateSpec());
        ReplicaKind.Status none = new ReplicaKind.Status(0, 0, 0, 0, null, 0, List.of());
        List<Pod> active =
                List.of(new Sample("a").build(), new Sample("b").ready(null).build());
        ReplicaKind.Status failing = ReplicaPlanner.status(none, spec, 4, active, 1, "no quota", NOW);
        assertThat(failing)
                .isEqualTo(new ReplicaKind.Status(
                        2,
                        2,
                        1,
                        1,
                        1,
                        4,
                        List.of(new ReplicaKind.Condition(
                                "ReplicaFailure", "True", "FailedCreate", "no quota", "2026-01-01T01:00:00Z"))));
        assertThat(ReplicaPlanner.status(failing, spec, 4, active, 1, "again", NOW.plusSeconds(9)))
                .as("a known failure is not rewritten")
                .isEqualTo(failing);
        assertThat(ReplicaPlanner.status(failing, spec, 4, active, 1, null, NOW).conditions())
                .isEmpty();
    }

    @Test
    @DisplayName("RS-6: a ready pod that is not yet available calls for another look when it will be")
    void waitsForAvailability() {
        List<Pod> active = List.of(
                new Sample("a").ready("2026-01-01T00:59:50Z").build(),
                new Sample("b").ready("2026-01-01T00:59:58Z").build());
        assertThat(ReplicaPlanner.nextAvailability(active, 15, NOW)).isEqualTo(Duration.ofSeconds(5));
        assertThat(ReplicaPlanner.nextAvailability(active, 1, NOW)).isNull();
    }

    private static Pod pod(String name) {
        return new Sample(name).build();
    }

    private static final class Sample {
        private final String name;
        private @Nullable String node = "n1";
        private String phase = "Running";
        private @Nullable String ready = "2026-01-01T00:00:10Z";
        private String created = "2026-01-01T00:00:00Z";
        private @Nullable String cost;
        private int restarts;

        Sample(String name) {
            this.name = name;
        }

        Sample node(@Nullable String value) {
            node = value;
            return this;
        }

        Sample phase(String value) {
            phase = value;
            return this;
        }

        Sample ready(@Nullable String value) {
            ready = value;
            return this;
        }

        Sample created(String value) {
            created = value;
            return this;
        }

        Sample cost(String value) {
            cost = value;
            return this;
        }

        Sample restarts(int value) {
            restarts = value;
            return this;
        }

        Pod build() {
            PodBuilder pod = new PodBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .withUid(name)
                    .withCreationTimestamp(created)
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName(node)
                    .endSpec()
                    .withNewStatus()
                    .withPhase(phase)
                    .addNewContainerStatus()
                    .withName("c")
                    .withRestartCount(restarts)
                    .endContainerStatus()
                    .addNewCondition()
                    .withType("Ready")
                    .withStatus(ready == null ? "False" : "True")
                    .withLastTransitionTime(ready == null ? created : ready)
                    .endCondition()
                    .endStatus();
            if (cost != null) {
                pod.editMetadata()
                        .addToAnnotations("controller.kubernetes.io/pod-deletion-cost", cost)
                        .endMetadata();
            }
            return pod.build();
        }
    }
}
