package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a Service leads while its pods come, change and go. */
class EndpointsSimulationTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("EPS-1, EPS-2, EPS-5: slices and Endpoints follow readiness, deletion and the end of pods")
    void followsItsPods(long seed) {
        try (ControllerWorld world = new ControllerWorld(
                seed,
                "deployment-controller,replicaset-controller,endpointslice-controller,endpoints-controller,"
                        + "garbage-collector-controller")) {
            world.node("n1", "zone-b");
            world.client.create(service(Map.of("tier", "x")));
            world.settle();
            assertThat(slice(world).getEndpoints()).isNullOrEmpty();
            assertThat(world.get(Endpoints.class, "web").getSubsets()).isNullOrEmpty();
            world.client.create(DeploymentSimulationTest.deployment(3));
            world.settle();
            world.kubeletRounds(2);
            EndpointSlice slice = slice(world);
            assertThat(slice.getMetadata().getLabels())
                    .containsOnly(
                            Map.entry("tier", "x"),
                            Map.entry("kubernetes.io/service-name", "web"),
                            Map.entry("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"));
            assertThat(slice.getPorts()).singleElement().satisfies(port -> assertThat(port.getPort())
                    .isEqualTo(8080));
            assertThat(slice.getEndpoints()).hasSize(3).allSatisfy(endpoint -> {
                assertThat(endpoint.getConditions().getReady()).isTrue();
                assertThat(endpoint.getZone()).isEqualTo("zone-b");
                assertThat(endpoint.getNodeName()).isEqualTo("n1");
            });
            assertThat(addresses(world)).hasSize(3);

            List<Pod> pods = world.list(Pod.class);
            world.setPhase(pods.get(0), "Running", false);
            world.settle();
            assertThat(slice(world).getEndpoints())
                    .filteredOn(endpoint -> !endpoint.getConditions().getReady())
                    .singleElement()
                    .satisfies(endpoint -> {
                        assertThat(endpoint.getConditions().getServing()).isFalse();
                        assertThat(endpoint.getTargetRef().getName())
                                .isEqualTo(pods.get(0).getMetadata().getName());
                    });
            assertThat(addresses(world)).hasSize(2);

            world.delete(Pod.class, pods.get(1).getMetadata().getName(), null);
            assertThat(slice(world).getEndpoints())
                    .filteredOn(endpoint -> endpoint.getConditions().getTerminating())
                    .singleElement()
                    .satisfies(endpoint -> {
                        assertThat(endpoint.getConditions().getServing()).isTrue();
                        assertThat(endpoint.getConditions().getReady()).isFalse();
                    });
            assertThat(addresses(world)).hasSize(1);

            world.setPhase(pods.get(2), "Succeeded", false);
            world.settle();
            assertThat(slice(world).getEndpoints()).noneMatch(endpoint -> endpoint.getTargetRef()
                    .getName()
                    .equals(pods.get(2).getMetadata().getName()));

            world.delete(Service.class, "web", null);
            assertThat(world.list(EndpointSlice.class)).isEmpty();
            assertThat(world.exists(Endpoints.class, "web")).isFalse();
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("EPS-2: a slice that is edited or deleted by hand is repaired")
    void repairsItsSlice(long seed) {
        try (ControllerWorld world =
                new ControllerWorld(seed, "deployment-controller,replicaset-controller,endpointslice-controller")) {
            world.node("n1", "zone-b");
            world.client.create(service(Map.of()));
            world.client.create(DeploymentSimulationTest.deployment(1));
            world.settle();
            world.kubeletRounds(2);
            String name = slice(world).getMetadata().getName();
            world.merge(EndpointSlice.class, name, "{\"endpoints\":[]}");
            world.settle();
            assertThat(slice(world).getEndpoints()).hasSize(1);
            world.delete(EndpointSlice.class, name, null);
            world.kernel.advance(Duration.ofSeconds(2));
            assertThat(slice(world).getEndpoints()).hasSize(1);
            assertThat(slice(world).getMetadata().getName()).isNotEqualTo(name);
        }
    }

    private static Service service(Map<String, String> labels) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withName("web")
                .withNamespace("default")
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .addToSelector("app", "web")
                .addNewPort()
                .withPort(80)
                .withProtocol("TCP")
                .withNewTargetPort(8080)
                .endPort()
                .endSpec()
                .build();
    }

    private static EndpointSlice slice(ControllerWorld world) {
        assertThat(world.list(EndpointSlice.class)).hasSize(1);
        return world.list(EndpointSlice.class).get(0);
    }

    private static List<String> addresses(ControllerWorld world) {
        return world.get(Endpoints.class, "web").getSubsets().stream()
                .flatMap(subset -> subset.getAddresses().stream())
                .map(address -> address.getIp())
                .toList();
    }
}
