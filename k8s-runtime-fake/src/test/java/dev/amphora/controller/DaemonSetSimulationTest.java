package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** DaemonSets from end to end, in whatever order the seed picks. */
class DaemonSetSimulationTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 5, 8})
    @DisplayName("DS-1, DS-2, DS-3: a pinned pod on each node that fits, replaced one at a time")
    void coversAndUpdatesNodes(long seed) {
        try (ControllerWorld world = world(seed)) {
            for (int i = 1; i <= 3; i++) {
                world.node("n" + i, "z");
            }
            world.settle();
            world.client.create(set());
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(3).allSatisfy(pod -> assertThat(
                            pod.getSpec().getTolerations())
                    .anyMatch(toleration -> "node.kubernetes.io/unschedulable".equals(toleration.getKey())));
            run(world);
            DaemonSet set = world.get(DaemonSet.class, "agent");
            assertThat(set.getStatus().getNumberAvailable()).isEqualTo(3);

            world.merge(
                    DaemonSet.class,
                    "agent",
                    "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"img:2\"}]}}}}");
            world.settle();
            assertThat(world.list(Pod.class)).filteredOn(Pods::isTerminating).hasSize(1);
            for (int i = 0; i < 6; i++) {
                run(world);
            }
            assertThat(world.list(Pod.class)).hasSize(3).allSatisfy(pod -> assertThat(
                            pod.getSpec().getContainers().get(0).getImage())
                    .isEqualTo("img:2"));
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @Test
    @DisplayName("DS-1: a taint that is not borne keeps pods away, and drives them away if it is NoExecute")
    void heedsTaints() {
        try (ControllerWorld world = world(1)) {
            world.node("n1", "z");
            world.settle();
            world.client.create(set());
            world.settle();
            run(world);
            world.client.patch(
                    ResourceType.of(Node.class),
                    null,
                    "n1",
                    Patch.merge(Json.read("{\"spec\":{\"taints\":[{\"key\":\"a\",\"effect\":\"NoSchedule\"}]}}"
                            .getBytes(StandardCharsets.UTF_8))),
                    null);
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(1).noneMatch(Pods::isTerminating);
            // The reference looks at a set when it lacks a pod or has one that may not stay, not to count anew.
            assertThat(world.get(DaemonSet.class, "agent").getStatus().getNumberMisscheduled())
                    .isZero();
            world.client.patch(
                    ResourceType.of(Node.class),
                    null,
                    "n1",
                    Patch.merge(Json.read("{\"spec\":{\"taints\":[{\"key\":\"a\",\"effect\":\"NoExecute\"}]}}"
                            .getBytes(StandardCharsets.UTF_8))),
                    null);
            world.settle();
            assertThat(world.list(Pod.class)).allMatch(Pods::isTerminating);
        }
    }

    /** Ends what is being deleted, and runs each pending pod on the node that it is pinned to. */
    private static void run(ControllerWorld world) {
        for (Pod pod : world.list(Pod.class)) {
            if (Pods.isTerminating(pod)) {
                world.finish(pod);
            }
        }
        world.settle();
        for (Pod pod : world.list(Pod.class)) {
            if (Pods.phase(pod).equals("Pending") && !Pods.isTerminating(pod)) {
                world.runOn(
                        pod,
                        pod.getSpec()
                                .getAffinity()
                                .getNodeAffinity()
                                .getRequiredDuringSchedulingIgnoredDuringExecution()
                                .getNodeSelectorTerms()
                                .get(0)
                                .getMatchFields()
                                .get(0)
                                .getValues()
                                .get(0));
            }
        }
        world.settle();
    }

    private static ControllerWorld world(long seed) {
        return new ControllerWorld(seed, "daemonset-controller,node-lifecycle-controller");
    }

    static DaemonSet set() {
        return new DaemonSetBuilder()
                .withNewMetadata()
                .withName("agent")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .addToMatchLabels("app", "agent")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "agent")
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
