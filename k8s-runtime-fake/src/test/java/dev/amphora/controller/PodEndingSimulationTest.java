package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods that are evicted, collected or left over. */
class PodEndingSimulationTest {
    private static final ResourceType<Namespace> NAMESPACES = ResourceType.of(Namespace.class);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName(
            "NODE-8: a taint evicts at once, after the time that the first match tolerates, or never; until it is off")
    void evictsByToleration(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, "taint-eviction-controller")) {
            world.node("n1", "zone-a");
            pod(world, "none");
            pod(world, "ever", toleration(null));
            pod(world, "short", toleration(15L));
            pod(world, "both", toleration(300L), toleration(15L));
            world.settle();
            taint(world, List.of(new Taint("NoExecute", "k", null, null)));
            world.settle();
            assertThat(terminating(world)).containsExactly("none");
            assertThat(world.events()).containsExactly("TaintManagerEviction: Marking for deletion Pod default/none");
            world.kernel.advance(Duration.ofSeconds(12));
            assertThat(terminating(world)).containsExactly("none");
            world.kernel.advance(Duration.ofSeconds(4));
            assertThat(terminating(world)).containsExactly("none", "short");

            taint(world, List.of());
            world.kernel.advance(Duration.ofMinutes(10));
            assertThat(terminating(world)).containsExactly("none", "short");
            assertThat(world.events()).contains("TaintManagerEviction: Cancelling deletion of Pod default/both");
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("PGC-1: of the pods that ended, those beyond the threshold go, evicted ones and then the oldest first")
    void collectsEndedPods(long seed) {
        try (ControllerWorld world = new ControllerWorld(
                seed,
                "pod-garbage-collector-controller",
                UnaryOperator.identity(),
                controllers -> controllers.endedPodThreshold(2))) {
            world.node("n1", "zone-a");
            for (String name : List.of("oldest", "older", "newer", "evicted", "running")) {
                pod(world, name);
                world.kernel.advance(Duration.ofSeconds(2));
            }
            for (String name : List.of("oldest", "older", "newer")) {
                world.setPhase(world.get(Pod.class, name), "Succeeded", false);
            }
            world.changeStatus(world.get(Pod.class, "evicted"), evicted -> {
                evicted.getStatus().setPhase("Failed");
                evicted.getStatus().setReason("Evicted");
            });
            world.kernel.advance(Duration.ofSeconds(45));
            assertThat(world.list(Pod.class))
                    .extracting(pod -> pod.getMetadata().getName())
                    .containsExactly("newer", "older", "running");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("PGC-3: a pod that is deleted before it had a node does not linger")
    void collectsUnscheduledPods(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, "pod-garbage-collector-controller")) {
            Pod pod = new PodBuilder(template("lost"))
                    .editMetadata()
                    .withFinalizers("example.com/wait")
                    .endMetadata()
                    .build();
            pod.getSpec().setNodeName(null);
            world.client.create(pod);
            world.delete(Pod.class, "lost", null);
            world.kernel.advance(Duration.ofSeconds(45));
            assertThat(Pods.phase(world.get(Pod.class, "lost"))).isEqualTo("Failed");
            world.merge(Pod.class, "lost", "{\"metadata\":{\"finalizers\":null}}");
            world.kernel.advance(Duration.ofSeconds(45));
            assertThat(world.exists(Pod.class, "lost")).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("NS-2, NS-3: what still has finalizers keeps its namespace, which says what it waits for")
    void namespacesWaitForFinalizers(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, "namespace-controller")) {
            world.client.create(new NamespaceBuilder()
                    .withNewMetadata()
                    .withName("two")
                    .endMetadata()
                    .build());
            world.settle();
            ConfigMap map = world.configMap("two", "x", "example.com/wait");
            world.client.delete(NAMESPACES, null, "two", DeleteOptions.defaults());
            world.kernel.advance(Duration.ofSeconds(30));
            assertThat(world.client.get(NAMESPACES, null, "two").getStatus().getConditions())
                    .filteredOn(condition -> condition.getStatus().equals("True"))
                    .extracting(condition ->
                            condition.getType() + " " + condition.getReason() + ": " + condition.getMessage())
                    .containsExactlyInAnyOrder(
                            "NamespaceContentRemaining SomeResourcesRemain: Some resources are remaining: configmaps."
                                    + " has 1 resource instances",
                            "NamespaceFinalizersRemaining SomeFinalizersRemain: Some content in the namespace has"
                                    + " finalizers remaining: example.com/wait in 1 resource instances");
            ConfigMap freed = Json.copy(world.client.get(
                    ResourceType.of(ConfigMap.class), "two", map.getMetadata().getName()));
            freed.getMetadata().setFinalizers(List.of());
            world.client.update(freed);
            world.kernel.advance(Duration.ofMinutes(2));
            assertThat(world.client.find(NAMESPACES, null, "two")).isEmpty();
        }
    }

    private static void pod(ControllerWorld world, String name, Toleration... tolerations) {
        Pod pod = template(name);
        pod.getSpec().setTolerations(List.of(tolerations));
        world.setPhase(world.client.create(pod), "Running", true);
    }

    private static Pod template(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withNodeName("n1")
                .addNewContainer()
                .withName("c")
                .withImage("img:1")
                .endContainer()
                .endSpec()
                .build();
    }

    private static Toleration toleration(@Nullable Long seconds) {
        return new Toleration("NoExecute", "k", "Exists", seconds, null);
    }

    private static void taint(ControllerWorld world, List<Taint> taints) {
        Node node = Json.copy(world.client.get(ResourceType.of(Node.class), null, "n1"));
        node.getSpec().setTaints(taints);
        world.client.update(node);
    }

    private static List<String> terminating(ControllerWorld world) {
        return world.list(Pod.class).stream()
                .filter(Pods::isTerminating)
                .map(pod -> pod.getMetadata().getName())
                .toList();
    }
}
