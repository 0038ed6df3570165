package dev.amphora.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.proxy.ProxyPlan.Backend;
import dev.amphora.proxy.ProxyPlan.Frontend;
import dev.amphora.proxy.ProxyPlan.Protocol;
import dev.amphora.proxy.ProxyPlan.Route;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which connections lead where. */
class ProxyPlanTest {
    private static final Frontend WEB = new Frontend("127.64.0.10", 80, Protocol.TCP);

    @Test
    void leadsToTheReadyEndpointsOnly() {
        EndpointSlice slice = slice("web", endpoint("a", true, true, false), endpoint("b", false, false, false));

        assertThat(plan(service("web"), slice).get(WEB).backends()).containsExactly(new Backend("a", 8080));
    }

    @Test
    void takesAnEndpointWithoutConditionsForReady() {
        EndpointSlice slice = new EndpointSliceBuilder(slice("web"))
                .addNewEndpoint()
                .withAddresses("a")
                .endEndpoint()
                .build();

        assertThat(plan(service("web"), slice).get(WEB).backends()).containsExactly(new Backend("a", 8080));
    }

    @Test
    void fallsBackToThoseThatStillServeWhileTheyTerminate() {
        EndpointSlice slice = slice(
                "web",
                endpoint("leaving", false, true, true),
                endpoint("unready", false, true, false),
                endpoint("dead", false, false, true));

        assertThat(plan(service("web"), slice).get(WEB).backends()).containsExactly(new Backend("leaving", 8080));
    }

    @Test
    void prefersAReadyEndpointToATerminatingOne() {
        EndpointSlice slice = slice("web", endpoint("leaving", false, true, true), endpoint("a", true, true, false));

        assertThat(plan(service("web"), slice).get(WEB).backends()).containsExactly(new Backend("a", 8080));
    }

    @Test
    void refusesWhereThereIsNoEndpoint() {
        assertThat(plan(service("web"), slice("other", endpoint("a", true, true, false)))
                        .get(WEB)
                        .backends())
                .isEmpty();
    }

    @Test
    void countsAnEndpointThatTwoSlicesNameOnce() {
        Map<Frontend, Route> routes = ProxyPlan.plan(
                List.of(service("web")),
                List.of(
                        slice("web", endpoint("a", true, true, false)),
                        slice("web", endpoint("a", true, true, false), endpoint("b", true, true, false))),
                "n");

        assertThat(routes.get(WEB).backends()).containsExactly(new Backend("a", 8080), new Backend("b", 8080));
    }

    @Test
    void matchesPortsByNameAndProtocol() {
        Service service = new ServiceBuilder(service("web"))
                .editSpec()
                .withPorts()
                .addNewPort()
                .withName("http")
                .withPort(80)
                .endPort()
                .addNewPort()
                .withName("dns")
                .withPort(53)
                .withProtocol("UDP")
                .endPort()
                .endSpec()
                .build();
        EndpointSlice slice = new EndpointSliceBuilder(slice("web", endpoint("a", true, true, false)))
                .withPorts()
                .addNewPort()
                .withName("http")
                .withPort(8080)
                .withProtocol("TCP")
                .endPort()
                .addNewPort()
                .withName("dns")
                .withPort(5353)
                .withProtocol("UDP")
                .endPort()
                .build();

        Map<Frontend, Route> routes = plan(service, slice);

        assertThat(routes.get(WEB).backends()).containsExactly(new Backend("a", 8080));
        assertThat(routes.get(new Frontend("127.64.0.10", 53, Protocol.UDP)).backends())
                .containsExactly(new Backend("a", 5353));
        assertThat(routes).hasSize(2);
    }

    @Test
    void keepsToTheNodeWhereThePolicyIsLocal() {
        Service service = new ServiceBuilder(service("web"))
                .editSpec()
                .withInternalTrafficPolicy("Local")
                .endSpec()
                .build();
        EndpointSlice slice = slice("web", endpoint("a", true, true, false), endpoint("b", true, true, false));
        slice.getEndpoints().get(1).setNodeName("elsewhere");

        assertThat(plan(service, slice).get(WEB).backends()).containsExactly(new Backend("a", 8080));
    }

    @Test
    void leavesHeadlessAndExternalServicesAlone() {
        Service headless = new ServiceBuilder(service("web"))
                .editSpec()
                .withClusterIP("None")
                .withClusterIPs("None")
                .endSpec()
                .build();
        Service external = new ServiceBuilder(service("web"))
                .editSpec()
                .withType("ExternalName")
                .endSpec()
                .build();

        assertThat(ProxyPlan.plan(List.of(headless, external), List.of(), "n")).isEmpty();
    }

    @Test
    void bindsClientsToTheirBackendForThreeHoursByDefault() {
        Service service = new ServiceBuilder(service("web"))
                .editSpec()
                .withSessionAffinity("ClientIP")
                .endSpec()
                .build();

        assertThat(plan(service, slice("web")).get(WEB).affinity()).isEqualTo(Duration.ofHours(3));
    }

    private static Map<Frontend, Route> plan(Service service, EndpointSlice slice) {
        return ProxyPlan.plan(List.of(service), List.of(slice), "n");
    }

    private static Service service(String name) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withClusterIP("127.64.0.10")
                .withClusterIPs("127.64.0.10")
                .addNewPort()
                .withPort(80)
                .endPort()
                .endSpec()
                .build();
    }

    private record Given(String address, boolean ready, boolean serving, boolean terminating) {}

    private static Given endpoint(String address, boolean ready, boolean serving, boolean terminating) {
        return new Given(address, ready, serving, terminating);
    }

    private static EndpointSlice slice(String service, Given... endpoints) {
        EndpointSliceBuilder slice = new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(service + "-1")
                .addToLabels("kubernetes.io/service-name", service)
                .endMetadata()
                .withAddressType("IPv4")
                .addNewPort()
                .withPort(8080)
                .withProtocol("TCP")
                .endPort();
        for (Given endpoint : endpoints) {
            slice.addNewEndpoint()
                    .withAddresses(endpoint.address)
                    .withNodeName("n")
                    .withNewConditions(endpoint.ready, endpoint.serving, endpoint.terminating)
                    .endEndpoint();
        }
        return slice.build();
    }
}
