package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.Patch;
import dev.amphora.controller.service.AddressPool;
import dev.amphora.controller.service.LoadBalancer;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LoadBalancerSimulationTest {

    @Test
    void aServiceGetsTheLowestFreeAddressAndATale() {
        try (ControllerWorld world = world(AddressPool.of("192.0.2.0/29"))) {
            world.node("n1", "a");
            create(world, "web", UnaryOperator.identity());
            create(world, "other", UnaryOperator.identity());
            assertThat(ips(world, "web")).containsExactly("192.0.2.1");
            assertThat(ips(world, "other")).containsExactly("192.0.2.2");
            assertThat(world.get(Service.class, "web")
                            .getStatus()
                            .getLoadBalancer()
                            .getIngress()
                            .get(0)
                            .getIpMode())
                    .isEqualTo("VIP");
            assertThat(world.get(Service.class, "web").getMetadata().getFinalizers())
                    .containsExactly("service.kubernetes.io/load-balancer-cleanup");
            assertThat(world.events())
                    .contains(
                            "EnsuringLoadBalancer: Ensuring load balancer",
                            "EnsuredLoadBalancer: Ensured load balancer");
            assertThat(world.events()).noneMatch(each -> each.startsWith("UnAvailable"));
        }
    }

    @Test
    void whatIsDeletedGivesItsAddressBack() {
        try (ControllerWorld world = world(AddressPool.of("192.0.2.0/30"))) {
            create(world, "first", UnaryOperator.identity());
            create(world, "second", UnaryOperator.identity());
            create(world, "third", UnaryOperator.identity());
            assertThat(ips(world, "third")).isEmpty();
            assertThat(world.events())
                    .contains("SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: all"
                            + " addresses of [192.0.2.0/30] are in use");
            world.delete(Service.class, "first", "Background");
            assertThat(world.exists(Service.class, "first")).isFalse();
            world.kernel.advance(Duration.ofSeconds(10));
            assertThat(ips(world, "third")).containsExactly("192.0.2.1");
        }
    }

    @Test
    void whatNoLongerWantsOneLosesAddressAndFinalizer() {
        try (ControllerWorld world = world(AddressPool.of("192.0.2.0/29"))) {
            create(world, "web", UnaryOperator.identity());
            world.merge(Service.class, "web", "{\"spec\":{\"type\":\"ClusterIP\"}}");
            world.settle();
            assertThat(ips(world, "web")).isEmpty();
            assertThat(world.get(Service.class, "web").getMetadata().getFinalizers())
                    .isEmpty();
            assertThat(world.events())
                    .contains(
                            "Type: LoadBalancer -> ClusterIP",
                            "DeletingLoadBalancer: Deleting load balancer",
                            "DeletedLoadBalancer: Deleted load balancer");
        }
    }

    @Test
    void aServiceOfAnotherClassIsLeftAlone() {
        try (ControllerWorld world = world(
                AddressPool.of("192.0.2.0/29").forClass("example.com/fast").proxied())) {
            create(world, "plain", UnaryOperator.identity());
            create(world, "fast", spec -> spec.editSpec()
                    .withLoadBalancerClass("example.com/fast")
                    .endSpec());
            assertThat(ips(world, "plain")).isEmpty();
            assertThat(world.get(Service.class, "fast")
                            .getStatus()
                            .getLoadBalancer()
                            .getIngress())
                    .extracting(LoadBalancerIngress::getIp, LoadBalancerIngress::getIpMode)
                    .containsExactly(org.assertj.core.groups.Tuple.tuple("192.0.2.1", "Proxy"));
        }
    }

    @Test
    void anAddressThatIsAskedForIsGivenIfItIsFree() {
        try (ControllerWorld world = world(AddressPool.of("192.0.2.0/29"))) {
            create(world, "web", spec -> spec.editSpec()
                    .withLoadBalancerIP("192.0.2.5")
                    .endSpec());
            create(world, "late", spec -> spec.editSpec()
                    .withLoadBalancerIP("192.0.2.5")
                    .endSpec());
            assertThat(ips(world, "web")).containsExactly("192.0.2.5");
            assertThat(ips(world, "late")).isEmpty();
            world.merge(Service.class, "web", "{\"spec\":{\"loadBalancerIP\":\"192.0.2.4\"}}");
            world.kernel.advance(Duration.ofSeconds(15));
            assertThat(ips(world, "web")).containsExactly("192.0.2.4");
            assertThat(ips(world, "late")).containsExactly("192.0.2.5");
        }
    }

    @Test
    void itLeadsToTheNodesThatTakePartReadyOrNot() {
        List<String> told = new ArrayList<>();
        try (ControllerWorld world = world(leading(told))) {
            create(world, "web", UnaryOperator.identity());
            assertThat(told).containsExactly("web ensured []");
            assertThat(world.events())
                    .contains("UnAvailableLoadBalancer: There are no available nodes for LoadBalancer");
            told.clear();
            world.node("n1", "a");
            Node second = world.node("n2", "a");
            world.settle();
            assertThat(told).endsWith("web updated [n1, n2]");
            assertThat(world.events()).contains("UpdatedLoadBalancer: Updated load balancer with new hosts");

            told.clear();
            world.changeStatus(
                    second, node -> node.getStatus().getConditions().get(0).setStatus("False"));
            world.settle();
            assertThat(told).as("a node that isn't ready for a while").isEmpty();
            label(world, "n1", "\"\"");
            assertThat(told).containsExactly("web updated [n2]");
            told.clear();
            label(world, "n1", "\"again\"");
            assertThat(told).isEmpty();
            label(world, "n1", "null");
            assertThat(told).containsExactly("web updated [n1, n2]");
            world.client.delete(ResourceType.of(Node.class), null, "n1", DeleteOptions.defaults());
            world.settle();
            assertThat(told).endsWith("web updated [n2]");
        }
    }

    @Test
    void aTrafficPolicyIsToldAndLeadsToTheSameNodes() {
        List<String> told = new ArrayList<>();
        try (ControllerWorld world = world(leading(told))) {
            world.node("n1", "a");
            create(world, "web", UnaryOperator.identity());
            told.clear();
            world.merge(Service.class, "web", "{\"spec\":{\"externalTrafficPolicy\":\"Local\"}}");
            world.settle();
            assertThat(told).containsExactly("web ensured [n1]");
            assertThat(world.events()).contains("ExternalTrafficPolicy: Cluster -> Local");
            assertThat(world.get(Service.class, "web").getSpec().getHealthCheckNodePort())
                    .isPositive();
        }
    }

    @Test
    void aFailureToTellOfNodesIsToldAndTriedAgain() {
        List<String> told = new ArrayList<>();
        try (ControllerWorld world = world(leading(told))) {
            world.node("n1", "a");
            create(world, "web", UnaryOperator.identity());
            told.clear();
            world.node("broken", "a");
            world.settle();
            assertThat(told).isEmpty();
            assertThat(world.events())
                    .contains("UpdateLoadBalancerFailed: Error updating load balancer with new hosts [broken n1] [node"
                            + " names limited, total number of nodes: 2], error: no way");
            label(world, "broken", "\"\"");
            world.kernel.advance(Duration.ofSeconds(6));
            assertThat(told).isEmpty();
            world.node("n2", "a");
            world.settle();
            assertThat(told).containsExactly("web updated [n1, n2]");
        }
    }

    private static void label(ControllerWorld world, String node, String value) {
        world.client.patch(
                ResourceType.of(Node.class),
                null,
                node,
                Patch.merge(Json.read(
                        ("{\"metadata\":{\"labels\":{\"node.kubernetes.io/exclude-from-external-load-balancers\":"
                                        + value + "}}}")
                                .getBytes(StandardCharsets.UTF_8))),
                null);
        world.settle();
    }

    /** One that says what it is told, and can't lead to a node called broken. */
    private static LoadBalancer leading(List<String> told) {
        return new LoadBalancer() {
            @Override
            public List<LoadBalancerIngress> ensure(Service service) {
                throw new AssertionError("the nodes are told");
            }

            @Override
            public List<LoadBalancerIngress> ensure(Service service, List<Node> nodes) {
                told.add(service.getMetadata().getName() + " ensured " + names(nodes));
                return List.of();
            }

            @Override
            public void update(Service service, List<Node> nodes) {
                if (names(nodes).contains("broken")) {
                    throw new IllegalStateException("no way");
                }
                told.add(service.getMetadata().getName() + " updated " + names(nodes));
            }

            private List<String> names(List<Node> nodes) {
                return nodes.stream().map(node -> node.getMetadata().getName()).toList();
            }

            @Override
            public boolean holds(ObjectKey service) {
                return true;
            }

            @Override
            public void release(ObjectKey service) {
                told.add(service.name() + " released");
            }
        };
    }

    @Test
    void withoutAPoolServicesWait() {
        try (ControllerWorld world = world(null)) {
            create(world, "web", UnaryOperator.identity());
            assertThat(ips(world, "web")).isEmpty();
            assertThat(world.events()).isEmpty();
        }
    }

    private static ControllerWorld world(@Nullable LoadBalancer balancer) {
        return new ControllerWorld(
                1,
                "service-lb-controller",
                UnaryOperator.identity(),
                settings -> balancer == null ? settings : settings.loadBalancer(balancer));
    }

    private static void create(ControllerWorld world, String name, UnaryOperator<ServiceBuilder> change) {
        world.client.create(change.apply(new ServiceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace("default")
                        .endMetadata()
                        .withNewSpec()
                        .withType("LoadBalancer")
                        .addNewPort()
                        .withPort(80)
                        .endPort()
                        .endSpec())
                .build());
        world.settle();
    }

    private static List<String> ips(ControllerWorld world, String name) {
        Service service = world.get(Service.class, name);
        return service.getStatus() == null || service.getStatus().getLoadBalancer() == null
                ? List.of()
                : service.getStatus().getLoadBalancer().getIngress().stream()
                        .map(LoadBalancerIngress::getIp)
                        .toList();
    }
}
