package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import dev.amphora.controller.node.NodeIpamController;
import io.fabric8.kubernetes.api.model.Node;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Nodes get the addresses of their pods. */
class NodeAddressSimulationTest {

    @Test
    void givesEachNodeAddressesOfBothFamilies() {
        try (ControllerWorld world = world(NodeIpamController.Settings.of("10.244.0.0/16,fd00:10:244::/56", 24, 64))) {
            world.node("n1", "z");
            world.node("n2", "z");
            world.settle();
            assertThat(ranges(world, "n1")).containsExactly("10.244.0.0/24", "fd00:10:244::/64");
            assertThat(ranges(world, "n2")).containsExactly("10.244.1.0/24", "fd00:10:244:1::/64");
            assertThat(node(world, "n2").getSpec().getPodCIDR()).isEqualTo("10.244.1.0/24");
        }
    }

    @Test
    void saysThatNothingIsLeftAndGivesOutWhatBecomesFree() {
        try (ControllerWorld world = world(NodeIpamController.Settings.of("10.244.0.0/23", 24, 64))) {
            for (String name : List.of("n1", "n2", "n3")) {
                world.node(name, "z");
            }
            world.settle();
            assertThat(ranges(world, "n3")).isEmpty();
            assertThat(world.events()).contains("CIDRNotAvailable: Node n3 status is now: CIDRNotAvailable");
            world.client.delete(ResourceType.of(Node.class), null, "n1", DeleteOptions.defaults());
            world.settle();
            assertThat(ranges(world, "n3")).containsExactly("10.244.0.0/24");
        }
    }

    @Test
    void givesOutNothingTwice() {
        NodeIpamController.Settings settings =
                NodeIpamController.Settings.of("10.244.0.0/22", 24, 64).without(List.of("10.244.0.0/25"));
        try (ControllerWorld world = world(settings)) {
            world.node("own", "z");
            world.node("n1", "z");
            world.node("n2", "z");
            world.kernel.advance(Duration.ofSeconds(5));
            assertThat(List.of(ranges(world, "own"), ranges(world, "n1"), ranges(world, "n2")))
                    .doesNotHaveDuplicates()
                    .doesNotContain(List.of("10.244.0.0/24"));
        }
    }

    @Test
    void refusesRangesThatCannotBeHadTogether() {
        assertThatThrownBy(() -> NodeIpamController.Settings.of("10.244.0.0/16,10.245.0.0/16", 24, 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one is of IPv4 and one of IPv6");
        assertThatThrownBy(() -> NodeIpamController.Settings.of("fd00::/40", 24, 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too many parts");
        assertThatThrownBy(() -> NodeIpamController.Settings.of("", 24, 64))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static ControllerWorld world(NodeIpamController.Settings settings) {
        return new ControllerWorld(
                1, "node-ipam-controller", UnaryOperator.identity(), controllers -> controllers.nodeRanges(settings));
    }

    private static Node node(ControllerWorld world, String name) {
        return world.client.get(ResourceType.of(Node.class), null, name);
    }

    private static List<String> ranges(ControllerWorld world, String name) {
        return node(world, name).getSpec().getPodCIDRs();
    }
}
