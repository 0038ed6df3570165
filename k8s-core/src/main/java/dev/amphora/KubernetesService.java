package dev.amphora;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The Service {@code kubernetes} in the namespace {@code default}: how programs inside the cluster find its API. */
final class KubernetesService {
    private static final String NAMESPACE = "default";
    private static final String NAME = "kubernetes";
    private static final int PORT = 443;
    private static final int TARGET_PORT = 6443;

    private KubernetesService() {}

    /**
     * Makes the Service, and its endpoint if the API is served.
     *
     * @param address the Service's own
     * @param served where the API is served; null if it is not, or if that is not to be published
     */
    static void publish(Client client, InetAddress address, @Nullable InetSocketAddress served) {
        if (client.find(ResourceType.of(Service.class), NAMESPACE, NAME).isEmpty()) {
            createIfAbsent(client, service(address, served == null ? TARGET_PORT : served.getPort()));
        }
        if (served != null) {
            replace(client, endpoints(served));
            replace(client, slice(served));
        }
    }

    private static Service service(InetAddress address, int targetPort) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(NAME)
                .withLabels(Map.of("component", "apiserver", "provider", NAME))
                .endMetadata()
                .withNewSpec()
                .withClusterIP(address.getHostAddress())
                .withType("ClusterIP")
                .addNewPort()
                .withName("https")
                .withProtocol("TCP")
                .withPort(PORT)
                .withNewTargetPort(targetPort)
                .endPort()
                .endSpec()
                .build();
    }

    private static Endpoints endpoints(InetSocketAddress served) {
        return new EndpointsBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(NAME)
                .withLabels(Map.of("endpointslice.kubernetes.io/skip-mirror", "true"))
                .endMetadata()
                .addNewSubset()
                .addNewAddress()
                .withIp(served.getAddress().getHostAddress())
                .endAddress()
                .addNewPort()
                .withName("https")
                .withPort(served.getPort())
                .withProtocol("TCP")
                .endPort()
                .endSubset()
                .build();
    }

    private static EndpointSlice slice(InetSocketAddress served) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(NAME)
                .withLabels(Map.of("kubernetes.io/service-name", NAME))
                .endMetadata()
                .withAddressType("IPv4")
                .addNewEndpoint()
                .withAddresses(served.getAddress().getHostAddress())
                .withNewConditions()
                .withReady(true)
                .endConditions()
                .endEndpoint()
                .addNewPort()
                .withName("https")
                .withPort(served.getPort())
                .withProtocol("TCP")
                .endPort()
                .build();
    }

    private static void createIfAbsent(Client client, HasMetadata object) {
        try {
            client.create(object);
        } catch (StatusException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }

    private static void replace(Client client, HasMetadata object) {
        if (client.find(ResourceType.of(object), NAMESPACE, NAME).isPresent()) {
            client.update(object);
        } else {
            createIfAbsent(client, object);
        }
    }
}
