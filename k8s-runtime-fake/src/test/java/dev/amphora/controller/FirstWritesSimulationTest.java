package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What controllers write first, and what they leave alone. */
class FirstWritesSimulationTest {
    private static final String WORKLOADS = "deployment-controller,replicaset-controller";

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @DisplayName("MACH-4: nothing is made again before it has been seen, whoever comes first")
    void makesNoPodTwice(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, WORKLOADS)) {
            world.client.create(DeploymentSimulationTest.deployment(17));
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(17);
            assertThat(world.events())
                    .filteredOn(event -> event.startsWith("SuccessfulDelete"))
                    .isEmpty();
        }
    }

    @Test
    @DisplayName("MACH-7: what a terminating namespace refuses is neither told nor tried over and over")
    void givesUpQuietlyInATerminatingNamespace() {
        try (ControllerWorld world = new ControllerWorld(1, WORKLOADS + ",namespace-controller")) {
            world.client.create(new NamespaceBuilder()
                    .withNewMetadata()
                    .withName("going")
                    .endMetadata()
                    .build());
            ReplicaSet set = ReplicaSetSimulationTest.replicaSet("web", 0, "web");
            set.getMetadata().setNamespace("going");
            set.getMetadata().setFinalizers(List.of("example.com/hold"));
            world.client.create(set);
            world.client.create(new ConfigMapBuilder()
                    .withNewMetadata()
                    .withName("held")
                    .withNamespace("going")
                    .withFinalizers("example.com/hold")
                    .endMetadata()
                    .build());
            world.settle();
            world.client.delete(ResourceType.of(Namespace.class), null, "going", DeleteOptions.defaults());
            ReplicaSet grown = world.client.get(ResourceType.of(ReplicaSet.class), "going", "web");
            grown = Json.copy(grown);
            grown.getSpec().setReplicas(3);
            world.client.update(grown);
            world.settle();
            long before = world.store.revision();
            world.kernel.advance(Duration.ofSeconds(2));
            assertThat(world.events())
                    .filteredOn(event -> event.contains("FailedCreate"))
                    .isEmpty();
            assertThat(world.store.revision()).isEqualTo(before);
        }
    }

    @Test
    @DisplayName("DEP-8: defaults of apps/v1 Deployments")
    void fillsInWhatIsLeftOut() {
        try (ControllerWorld world = new ControllerWorld(1, WORKLOADS)) {
            Deployment made = world.client.create(new DeploymentBuilder()
                    .withNewMetadata()
                    .withName("bare")
                    .withNamespace("default")
                    .endMetadata()
                    .withNewSpec()
                    .withNewSelector()
                    .withMatchLabels(Map.of("app", "bare"))
                    .endSelector()
                    .withNewTemplate()
                    .withNewMetadata()
                    .addToLabels("app", "bare")
                    .endMetadata()
                    .withNewSpec()
                    .addNewContainer()
                    .withName("c")
                    .withImage("img:1")
                    .endContainer()
                    .endSpec()
                    .endTemplate()
                    .endSpec()
                    .build());
            assertThat(made.getSpec().getReplicas()).isEqualTo(1);
            assertThat(made.getSpec().getRevisionHistoryLimit()).isEqualTo(10);
            assertThat(made.getSpec().getProgressDeadlineSeconds()).isEqualTo(600);
            assertThat(made.getSpec().getStrategy().getType()).isEqualTo("RollingUpdate");
            assertThat(made.getSpec().getStrategy().getRollingUpdate().getMaxSurge())
                    .isEqualTo(new IntOrString("25%"));
            assertThat(made.getSpec().getStrategy().getRollingUpdate().getMaxUnavailable())
                    .isEqualTo(new IntOrString("25%"));
        }
    }
}
