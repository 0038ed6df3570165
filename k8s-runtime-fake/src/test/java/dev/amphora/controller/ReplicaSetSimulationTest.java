package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.client.OwnerReferences;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.ReplicationControllerBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sets of equal pods, from end to end. */
class ReplicaSetSimulationTest {
    private static final String CONTROLLERS = "replicaset-controller,replicationcontroller-controller";

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName("RS-1: a pod that ended or is on its way out is replaced at once")
    void replacesWhatDoesNotCount(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            world.client.create(replicaSet("web", 3, "web"));
            world.settle();
            world.kubeletRounds(1);
            List<Pod> pods = world.list(Pod.class);
            assertThat(pods).hasSize(3);
            world.setPhase(pods.get(0), "Failed", false);
            world.delete(Pod.class, pods.get(1).getMetadata().getName(), null);
            assertThat(world.list(Pod.class)).filteredOn(Pods::isActive).hasSize(3);
            assertThat(world.list(Pod.class)).hasSize(5);
            assertThat(world.get(ReplicaSet.class, "web").getStatus()).satisfies(status -> {
                assertThat(status.getReplicas()).isEqualTo(3);
                assertThat(status.getReadyReplicas()).isEqualTo(1);
                assertThat(status.getTerminatingReplicas()).isEqualTo(1);
                assertThat(status.getObservedGeneration()).isEqualTo(1);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName("MACH-5, RS-9: an orphan that matches is adopted, one that ended or is owned is not")
    void adopts(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            world.client.create(pod("orphan", "web"));
            Pod ended = world.client.create(pod("ended", "web"));
            world.setPhase(ended, "Succeeded", false);
            world.settle();
            ReplicaSet first = world.client.create(replicaSet("first", 2, "web"));
            world.settle();
            assertThat(owner(world, "orphan")).isEqualTo(first.getMetadata().getUid());
            assertThat(OwnerReferences.controllerOf(world.get(Pod.class, "ended")))
                    .isEmpty();
            assertThat(owned(world, first)).hasSize(2);

            ReplicaSet second = world.client.create(replicaSet("second", 1, "web"));
            world.settle();
            assertThat(owned(world, first)).hasSize(2);
            assertThat(owned(world, second)).hasSize(1);
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName("MACH-5: an owned pod that no longer matches is let go and replaced")
    void releases(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            ReplicaSet set = world.client.create(replicaSet("web", 2, "web"));
            world.settle();
            String name = world.list(Pod.class).get(0).getMetadata().getName();
            world.merge(Pod.class, name, "{\"metadata\":{\"labels\":{\"app\":\"debug\"}}}");
            world.settle();
            assertThat(world.get(Pod.class, name).getMetadata().getOwnerReferences())
                    .isEmpty();
            assertThat(owned(world, set)).hasSize(2);
            assertThat(world.list(Pod.class)).hasSize(3);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("RS-3: of the pods the unassigned go first, then the unready, then the cheap")
    void givesUpTheLeastValuable(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            for (String name : List.of("cheap", "dear", "unassigned", "unready")) {
                world.client.create(pod(name, "web"));
            }
            world.run(world.get(Pod.class, "cheap"));
            world.run(world.get(Pod.class, "dear"));
            world.run(world.get(Pod.class, "unready"));
            world.setPhase(world.get(Pod.class, "unready"), "Running", false);
            world.merge(
                    Pod.class,
                    "cheap",
                    "{\"metadata\":{\"annotations\":{\"controller.kubernetes.io/pod-deletion-cost\":\"-5\"}}}");
            world.client.create(replicaSet("web", 4, "web"));
            world.settle();
            for (String gone : List.of("unassigned", "unready", "cheap")) {
                int left = (int) world.list(Pod.class).stream()
                                .filter(Pods::isActive)
                                .count()
                        - 1;
                world.merge(ReplicaSet.class, "web", "{\"spec\":{\"replicas\":" + left + "}}");
                world.settle();
                assertThat(world.list(Pod.class))
                        .filteredOn(Pods::isActive)
                        .hasSize(left)
                        .noneMatch(pod -> pod.getMetadata().getName().equals(gone));
            }
            assertThat(world.events()).contains("SuccessfulDelete: Deleted pod: unassigned");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("RS-5: a set that is being deleted makes and deletes nothing, but says what it sees")
    void leavesPodsAloneWhileDeleted(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            ReplicaSet set = replicaSet("web", 2, "web");
            set.getMetadata().setFinalizers(List.of("example.com/wait"));
            world.client.create(set);
            world.settle();
            world.kubeletRounds(1);
            world.delete(ReplicaSet.class, "web", null);
            world.finish(world.list(Pod.class).get(0));
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(1);
            assertThat(world.get(ReplicaSet.class, "web").getStatus().getReplicas())
                    .isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("RS-6: a ready pod becomes available after minReadySeconds, without anything else happening")
    void waitsForAvailability(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            ReplicaSet set = replicaSet("web", 2, "web");
            set.getSpec().setMinReadySeconds(20);
            world.client.create(set);
            world.settle();
            world.list(Pod.class).forEach(world::run);
            world.kernel.advance(Duration.ofSeconds(18));
            assertThat(world.get(ReplicaSet.class, "web").getStatus()).satisfies(status -> {
                assertThat(status.getReadyReplicas()).isEqualTo(2);
                assertThat(status.getAvailableReplicas()).isIn(null, 0);
            });
            world.kernel.advance(Duration.ofSeconds(4));
            assertThat(world.get(ReplicaSet.class, "web").getStatus().getAvailableReplicas())
                    .isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("RS-7, MACH-6: a refusal stops the batch, shows as ReplicaFailure, and goes with its cause")
    void tellsAFailure(long seed) {
        boolean[] full = {true};
        Refusal refusal = new Refusal(full);
        try (ControllerWorld world = new ControllerWorld(
                seed, CONTROLLERS, server -> server.admission(objects -> refusal), UnaryOperator.identity())) {
            world.client.create(replicaSet("web", 4, "web"));
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(1);
            ReplicaSet set = world.get(ReplicaSet.class, "web");
            assertThat(set.getStatus().getReplicas()).isEqualTo(1);
            assertThat(set.getStatus().getConditions()).singleElement().satisfies(condition -> {
                assertThat(condition.getType()).isEqualTo("ReplicaFailure");
                assertThat(condition.getStatus()).isEqualTo("True");
                assertThat(condition.getReason()).isEqualTo("FailedCreate");
                assertThat(condition.getMessage()).matches("pods \"web-[a-z0-9]{5}\" is forbidden: exceeded quota: q");
            });
            assertThat(world.events())
                    .anyMatch(
                            event -> event.matches(
                                    "FailedCreate: .*Error creating: pods \"web-[a-z0-9]{5}\" is forbidden: exceeded quota: q"));
            assertThat(refusal.asked).as("attempts in a second").isLessThan(40);

            full[0] = false;
            world.kernel.advance(Duration.ofMinutes(1));
            assertThat(world.list(Pod.class)).hasSize(4);
            assertThat(world.get(ReplicaSet.class, "web").getStatus().getConditions())
                    .isEmpty();
        }
    }

    private static final class Refusal implements AdmissionPlugin {
        private final boolean[] full;
        private int asked;
        private int taken;

        Refusal(boolean[] full) {
            this.full = full;
        }

        @Override
        public String name() {
            return "Refusal";
        }

        @Override
        public void validate(AdmissionRequest request) {
            if (request.operation() == AdmissionRequest.Operation.CREATE && request.isFor("", "pods")) {
                asked++;
                if (full[0] && taken > 0) {
                    throw StatusException.forbidden("", "pods", request.name(), "exceeded quota: q");
                }
                taken++;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("RS-8: the selector of a set stays as it is; that of a ReplicationController comes from its template")
    void selectors(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            world.client.create(replicaSet("web", 0, "web"));
            assertThatThrownBy(() -> world.client.patch(
                            ResourceType.of(ReplicaSet.class),
                            "default",
                            "web",
                            Patch.merge(Json.read("{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"x\"}}}}"
                                    .getBytes(StandardCharsets.UTF_8))),
                            null))
                    .isInstanceOf(StatusException.class)
                    .hasMessageContaining("field is immutable");
            world.client.create(replicationController(2));
            world.settle();
            world.kubeletRounds(1);
            ReplicationController controller = world.get(ReplicationController.class, "rc");
            assertThat(controller.getSpec().getSelector()).isEqualTo(Map.of("app", "rc"));
            assertThat(controller.getStatus()).satisfies(status -> {
                assertThat(status.getReplicas()).isEqualTo(2);
                assertThat(status.getReadyReplicas()).isEqualTo(2);
                assertThat(status.getAvailableReplicas()).isEqualTo(2);
                assertThat(status.getFullyLabeledReplicas()).isEqualTo(2);
            });
            assertThat(world.list(Pod.class)).hasSize(2).allSatisfy(pod -> assertThat(OwnerReferences.controllerOf(pod))
                    .hasValueSatisfying(owner -> assertThat(owner.getKind()).isEqualTo("ReplicationController")));
            assertThat(world.events()).anyMatch(event -> event.startsWith("SuccessfulCreate: Created pod: rc-"));
        }
    }

    private static ReplicationController replicationController(int replicas) {
        return new ReplicationControllerBuilder()
                .withNewMetadata()
                .withName("rc")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "rc")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("img:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private static String owner(ControllerWorld world, String pod) {
        return OwnerReferences.controllerOf(world.get(Pod.class, pod))
                .orElseThrow()
                .getUid();
    }

    private static List<Pod> owned(ControllerWorld world, ReplicaSet set) {
        return world.list(Pod.class).stream()
                .filter(pod -> OwnerReferences.isControlledBy(pod, set))
                .toList();
    }

    private static Pod pod(String name, String app) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .addToLabels("app", app)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("img:1")
                .endContainer()
                .endSpec()
                .build();
    }

    static ReplicaSet replicaSet(String name, int replicas, String app) {
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewSelector()
                .addToMatchLabels("app", app)
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", app)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("img:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }
}
