package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rollouts from end to end, in whatever order the seed picks. */
class DeploymentSimulationTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89})
    @DisplayName("DEP-1, DEP-4, DEP-12, DEP-19, DEP-22: a rollout, a rollback by template, a scaling")
    void rollsOutRollsBackAndScales(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(deployment(4));
            world.settle();
            assertThat(world.list(ReplicaSet.class)).hasSize(1);
            assertThat(world.list(Pod.class)).hasSize(4);
            world.kubeletRounds(2);
            assertAvailable(world, 4, "1");

            setImage(world, "img:2");
            world.settle();
            world.kubeletRounds(12);
            assertAvailable(world, 4, "2");
            assertThat(world.list(Pod.class)).allSatisfy(pod -> assertThat(
                            pod.getSpec().getContainers().get(0).getImage())
                    .isEqualTo("img:2"));
            assertThat(world.list(ReplicaSet.class)).hasSize(2);

            setImage(world, "img:1");
            world.settle();
            world.kubeletRounds(12);
            assertAvailable(world, 4, "3");
            assertThat(world.list(ReplicaSet.class)).hasSize(2);
            assertThat(world.list(ReplicaSet.class))
                    .filteredOn(set -> set.getSpec().getReplicas() > 0)
                    .singleElement()
                    .satisfies(set -> assertThat(set.getMetadata().getAnnotations())
                            .containsEntry("deployment.kubernetes.io/revision", "3")
                            .containsEntry("deployment.kubernetes.io/revision-history", "1"));

            world.merge(Deployment.class, "web", "{\"spec\":{\"replicas\":7}}");
            world.settle();
            world.kubeletRounds(3);
            assertAvailable(world, 7, "3");
            assertThat(world.kernel.failures()).isEmpty();
            assertThat(world.events()).anyMatch(event -> event.matches("ScalingReplicaSet: Scaled up .* from 0 to 4"));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("EXT-4: the rollback annotation takes the template of an old revision and goes")
    void honoursTheRollbackAnnotation(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(deployment(2));
            world.settle();
            world.kubeletRounds(2);
            setImage(world, "img:2");
            world.settle();
            world.kubeletRounds(8);
            world.merge(
                    Deployment.class,
                    "web",
                    "{\"metadata\":{\"annotations\":{\"deprecated.deployment.rollback.to\":\"0\"}}}");
            world.settle();
            world.kubeletRounds(8);
            Deployment deployment = world.get(Deployment.class, "web");
            assertThat(deployment.getMetadata().getAnnotations())
                    .doesNotContainKey("deprecated.deployment.rollback.to");
            assertThat(deployment
                            .getSpec()
                            .getTemplate()
                            .getSpec()
                            .getContainers()
                            .get(0)
                            .getImage())
                    .isEqualTo("img:1");
            assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
                    .doesNotContainKey("pod-template-hash");
            assertAvailable(world, 2, "3");
            assertThat(world.events()).contains("DeploymentRollback: Rolled back deployment \"web\" to revision 1");
        }
    }

    static ControllerWorld world(long seed) {
        return new ControllerWorld(seed, "deployment-controller,replicaset-controller");
    }

    static void setImage(ControllerWorld world, String image) {
        world.merge(
                Deployment.class,
                "web",
                "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"" + image + "\"}]}}}}");
    }

    private static void assertAvailable(ControllerWorld world, int replicas, String revision) {
        Deployment deployment = world.get(Deployment.class, "web");
        assertThat(deployment.getStatus().getAvailableReplicas()).isEqualTo(replicas);
        assertThat(deployment.getStatus().getUpdatedReplicas()).isEqualTo(replicas);
        assertThat(deployment.getStatus().getReplicas()).isEqualTo(replicas);
        assertThat(deployment.getMetadata().getAnnotations())
                .containsEntry("deployment.kubernetes.io/revision", revision);
        assertThat(deployment.getStatus().getConditions())
                .extracting(c -> c.getType() + "=" + c.getStatus() + " " + c.getReason())
                .containsExactlyInAnyOrder(
                        "Available=True MinimumReplicasAvailable", "Progressing=True NewReplicaSetAvailable");
        assertThat(world.list(Pod.class)).hasSize(replicas);
    }

    static Deployment deployment(int replicas) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withName("web")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withProgressDeadlineSeconds(600)
                .withRevisionHistoryLimit(10)
                .withNewStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxSurge(new IntOrString("25%"))
                .withMaxUnavailable(new IntOrString("25%"))
                .endRollingUpdate()
                .endStrategy()
                .withNewSelector()
                .withMatchLabels(Map.of("app", "web"))
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "web")
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
