package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.controller.service.AddressPool;
import dev.amphora.controller.service.LoadBalancer;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import java.time.Duration;
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
