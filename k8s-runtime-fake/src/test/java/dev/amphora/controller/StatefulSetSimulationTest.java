package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** StatefulSets from end to end, in whatever order the seed picks. */
class StatefulSetSimulationTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 5, 8})
    @DisplayName("STS-1, STS-2, STS-6, STS-13: one pod after the other, updated from the highest down")
    void startsAndUpdatesInOrder(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(set(3).build());
            world.settle();
            assertThat(names(world)).containsExactly("db-0");
            world.kubeletRound();
            assertThat(names(world)).containsExactly("db-0", "db-1");
            world.kubeletRounds(3);
            assertThat(names(world)).containsExactly("db-0", "db-1", "db-2");
            assertThat(world.get(Pod.class, "db-2").getMetadata().getLabels())
                    .containsEntry("statefulset.kubernetes.io/pod-name", "db-2")
                    .containsEntry("apps.kubernetes.io/pod-index", "2");

            world.merge(
                    StatefulSet.class,
                    "db",
                    "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"img:2\"}]}}}}");
            world.settle();
            assertThat(Pods.isTerminating(world.get(Pod.class, "db-2"))).isTrue();
            assertThat(Pods.isTerminating(world.get(Pod.class, "db-1"))).isFalse();
            world.kubeletRounds(10);
            StatefulSet set = world.get(StatefulSet.class, "db");
            assertThat(set.getStatus().getUpdatedReplicas()).isEqualTo(3);
            assertThat(set.getStatus().getCurrentRevision())
                    .isEqualTo(set.getStatus().getUpdateRevision());
            assertThat(world.list(ControllerRevision.class)).hasSize(2);
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @Test
    @DisplayName("STS-4, STS-11: the highest goes first, and its claim stays")
    void scalesDownAndKeepsClaims() {
        try (ControllerWorld world = world(1)) {
            world.client.create(set(2).editSpec()
                    .addNewVolumeClaimTemplate()
                    .withNewMetadata()
                    .withName("data")
                    .endMetadata()
                    .withNewSpec()
                    .withAccessModes("ReadWriteOnce")
                    .withNewResources()
                    .withRequests(Map.of("storage", new Quantity("1Gi")))
                    .endResources()
                    .endSpec()
                    .endVolumeClaimTemplate()
                    .endSpec()
                    .build());
            world.settle();
            world.kubeletRounds(4);
            world.merge(StatefulSet.class, "db", "{\"spec\":{\"replicas\":0}}");
            world.settle();
            assertThat(Pods.isTerminating(world.get(Pod.class, "db-1"))).isTrue();
            assertThat(Pods.isTerminating(world.get(Pod.class, "db-0"))).isFalse();
            world.kubeletRounds(4);
            assertThat(names(world)).isEmpty();
            assertThat(world.list(PersistentVolumeClaim.class))
                    .extracting(claim -> claim.getMetadata().getName())
                    .containsExactlyInAnyOrder("data-db-0", "data-db-1");
            assertThat(world.events())
                    .contains(
                            "SuccessfulCreate: Create Claim data-db-0 Pod db-0 in StatefulSet db success",
                            "SuccessfulDelete: Delete Pod db-1 in StatefulSet db successful");
        }
    }

    @Test
    @DisplayName("STS-3: a pod that has ended is replaced")
    void replacesEndedPods() {
        try (ControllerWorld world = world(1)) {
            world.client.create(set(1).build());
            world.settle();
            world.kubeletRound();
            Pod first = world.get(Pod.class, "db-0");
            world.setPhase(first, "Failed", false);
            world.settle();
            world.kubeletRounds(2);
            assertThat(world.get(Pod.class, "db-0").getMetadata().getUid())
                    .isNotEqualTo(first.getMetadata().getUid());
        }
    }

    private static List<String> names(ControllerWorld world) {
        return world.list(Pod.class).stream()
                .map(pod -> pod.getMetadata().getName())
                .sorted()
                .toList();
    }

    private static ControllerWorld world(long seed) {
        return new ControllerWorld(seed, "statefulset-controller");
    }

    static StatefulSetBuilder set(int replicas) {
        return new StatefulSetBuilder()
                .withNewMetadata()
                .withName("db")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withServiceName("db")
                .withNewSelector()
                .addToMatchLabels("app", "db")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "db")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("img:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec();
    }
}
