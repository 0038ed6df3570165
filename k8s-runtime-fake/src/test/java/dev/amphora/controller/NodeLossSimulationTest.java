package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node falls silent; a node is deleted. */
class NodeLossSimulationTest {
    private static final String CONTROLLERS = "deployment-controller,replicaset-controller,node-lifecycle-controller,"
            + "taint-eviction-controller,pod-garbage-collector-controller";

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName(
            "NODE-2, NODE-3, NODE-4, NODE-6, NODE-8, NODE-9: a silent node is tainted, its pods are replaced after 300 s")
    void replacesThePodsOfASilentNode(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            boolean[] first = beatingNode(world, "n1");
            beatingNode(world, "n2");
            beatingNode(world, "n3");
            world.client.create(DeploymentSimulationTest.deployment(4));
            world.settle();
            spread(world);
            world.kernel.advance(Duration.ofMinutes(2));
            assertThat(world.list(Node.class))
                    .allSatisfy(node -> assertThat(taints(node)).isEmpty());

            first[0] = false;
            world.kernel.advance(Duration.ofSeconds(40));
            assertThat(ready(world, "n1")).isEqualTo("True");
            world.kernel.advance(Duration.ofSeconds(40));
            assertThat(ready(world, "n1")).isEqualTo("Unknown");
            assertThat(taints(node(world, "n1")))
                    .containsExactlyInAnyOrder(
                            "node.kubernetes.io/unreachable:NoExecute", "node.kubernetes.io/unreachable:NoSchedule");
            List<Pod> lost = on(world, "n1");
            assertThat(lost).hasSize(2).noneMatch(Pods::isReady).noneMatch(Pods::isTerminating);
            assertThat(world.events()).contains("NodeNotReady: Node n1 status is now: NodeNotReady");

            world.kernel.advance(Duration.ofSeconds(310));
            assertThat(on(world, "n1")).hasSize(2).allMatch(Pods::isTerminating).allSatisfy(pod -> assertThat(
                            Pods.condition(pod, "DisruptionTarget"))
                    .hasValueSatisfying(
                            condition -> assertThat(condition.getReason()).isEqualTo("DeletionByTaintManager")));
            assertThat(world.list(Pod.class)).filteredOn(Pods::isActive).hasSize(4);

            first[0] = true;
            world.kernel.advance(Duration.ofSeconds(20));
            reportReady(world, "n1");
            world.kernel.advance(Duration.ofSeconds(20));
            assertThat(taints(node(world, "n1"))).isEmpty();
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("NODE-5: when every node falls silent none is tainted for eviction, and no pod goes")
    void leavesPodsAloneWhenEveryNodeIsSilent(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            boolean[] first = beatingNode(world, "n1");
            boolean[] second = beatingNode(world, "n2");
            world.client.create(DeploymentSimulationTest.deployment(2));
            world.settle();
            spread(world);
            first[0] = false;
            second[0] = false;
            world.kernel.advance(Duration.ofMinutes(15));
            assertThat(world.list(Node.class)).allSatisfy(node -> assertThat(taints(node))
                    .containsExactly("node.kubernetes.io/unreachable:NoSchedule"));
            assertThat(world.list(Pod.class)).hasSize(2).noneMatch(Pods::isTerminating);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("PGC-2, PGC-4: the pods of a deleted node go after a quarantine of 40 s")
    void collectsThePodsOfADeletedNode(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, CONTROLLERS)) {
            beatingNode(world, "n1");
            beatingNode(world, "n2");
            beatingNode(world, "n3");
            world.client.create(DeploymentSimulationTest.deployment(3));
            world.settle();
            spread(world);
            world.client.delete(ResourceType.of(Node.class), null, "n1", DeleteOptions.defaults());
            world.kernel.advance(Duration.ofSeconds(35));
            assertThat(on(world, "n1")).hasSize(1);
            world.kernel.advance(Duration.ofSeconds(35));
            assertThat(on(world, "n1")).isEmpty();
            assertThat(world.list(Pod.class)).hasSize(3);
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    private static boolean[] beatingNode(ControllerWorld world, String name) {
        world.node(name, "zone-a");
        return world.heartbeats(name);
    }

    private static void spread(ControllerWorld world) {
        List<Pod> pods = world.list(Pod.class);
        for (int i = 0; i < pods.size(); i++) {
            world.runOn(pods.get(i), "n" + (i % 3 + 1));
        }
        world.settle();
    }

    private static void reportReady(ControllerWorld world, String name) {
        world.changeStatus(
                node(world, name), node -> node.getStatus().getConditions().forEach(condition -> {
                    if (condition.getType().equals("Ready")) {
                        condition.setStatus("True");
                        condition.setLastHeartbeatTime(Pods.stamp(world.kernel.instant()));
                    }
                }));
    }

    private static Node node(ControllerWorld world, String name) {
        return world.client.get(ResourceType.of(Node.class), null, name);
    }

    private static String ready(ControllerWorld world, String name) {
        return node(world, name).getStatus().getConditions().stream()
                .filter(condition -> condition.getType().equals("Ready"))
                .findFirst()
                .orElseThrow()
                .getStatus();
    }

    private static List<String> taints(Node node) {
        return node.getSpec() == null || node.getSpec().getTaints() == null
                ? List.of()
                : node.getSpec().getTaints().stream()
                        .map(taint -> taint.getKey() + ":" + taint.getEffect())
                        .toList();
    }

    private static List<Pod> on(ControllerWorld world, String node) {
        return world.list(Pod.class).stream()
                .filter(pod -> node.equals(pod.getSpec().getNodeName()))
                .toList();
    }
}
