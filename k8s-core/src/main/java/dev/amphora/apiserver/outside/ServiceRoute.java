package dev.amphora.apiserver.outside;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.net.HostAndPort;
import dev.amphora.apiserver.access.ObjectReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A Service that another server is reached by.
 *
 * @param namespace of the Service
 * @param name of the Service
 * @param port of the Service, not of what listens behind it
 */
public record ServiceRoute(String namespace, String name, int port) {
    private static final String SLICE_OF = "kubernetes.io/service-name";

    /** The name that the server's certificate must be for. */
    public String host() {
        return name + "." + namespace + ".svc";
    }

    /**
     * Where to connect to: one of the ready endpoints, so that no proxy is needed; without any the Service's own address, or the name that
     * it stands for.
     *
     * @param random picks one of several
     * @throws IOException if there is no such Service or port, or it leads nowhere
     */
    public HostAndPort resolve(ObjectReader objects, RandomGenerator random) throws IOException {
        ObjectNode service = objects.get("", "services", namespace, name)
                .orElseThrow(() -> new IOException("service \"%s\" not found".formatted(name)));
        JsonNode spec = service.path("spec");
        if (spec.path("type").asText().equals("ExternalName")) {
            return HostAndPort.fromParts(spec.path("externalName").asText(), port);
        }
        JsonNode served = servedPort(spec);
        if (served == null) {
            throw new IOException("service \"%s\" has no port %d".formatted(name, port));
        }
        List<HostAndPort> ready = endpoints(objects, served.path("name").asText());
        if (!ready.isEmpty()) {
            return ready.get(random.nextInt(ready.size()));
        }
        String address = spec.path("clusterIP").asText();
        if (address.isEmpty() || address.equals("None")) {
            throw new IOException("no endpoints available for service \"%s\"".formatted(name));
        }
        return HostAndPort.fromParts(address, port);
    }

    /** The port of a Service's specification that is meant; null if there is none. */
    private @Nullable JsonNode servedPort(JsonNode spec) {
        for (JsonNode each : spec.path("ports")) {
            if (each.path("port").asInt() == port) {
                return each;
            }
        }
        return null;
    }

    private List<HostAndPort> endpoints(ObjectReader objects, String portName) {
        List<HostAndPort> ready = new ArrayList<>();
        for (ObjectNode slice : objects.list("discovery.k8s.io", "endpointslices", namespace)) {
            boolean its = slice.path("metadata")
                    .path("labels")
                    .path(SLICE_OF)
                    .asText()
                    .equals(name);
            if (!its) {
                continue;
            }
            for (JsonNode each : slice.path("ports")) {
                if (!each.path("name").asText().equals(portName)) {
                    continue;
                }
                for (JsonNode endpoint : slice.path("endpoints")) {
                    if (endpoint.path("conditions").path("ready").asBoolean(true)) {
                        ready.add(HostAndPort.fromParts(
                                endpoint.path("addresses").path(0).asText(),
                                each.path("port").asInt()));
                    }
                }
            }
        }
        if (!ready.isEmpty()) {
            return ready;
        }
        // A Service without a selector may have nothing but the older Endpoints, as long as nobody mirrors them.
        objects.get("", "endpoints", namespace, name).ifPresent(endpoints -> {
            for (JsonNode subset : endpoints.path("subsets")) {
                for (JsonNode each : subset.path("ports")) {
                    if (each.path("name").asText().equals(portName)) {
                        subset.path("addresses")
                                .forEach(address -> ready.add(HostAndPort.fromParts(
                                        address.path("ip").asText(),
                                        each.path("port").asInt())));
                    }
                }
            }
        });
        return ready;
    }
}
