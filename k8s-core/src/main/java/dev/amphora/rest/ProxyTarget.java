package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableSet;
import com.google.common.net.InetAddresses;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.access.ObjectReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Where a request through the proxy goes.
 *
 * @param https whether the other end speaks TLS, whoever it is
 * @param host an address
 * @param port 0 for the scheme's own
 * @param kubelet the node whose kubelet is meant, which is reached without a socket; empty for none
 */
record ProxyTarget(boolean https, String host, int port, String kubelet) {
    private static final Set<String> SCHEMES = ImmutableSet.of("", "http", "https");
    private static final int KUBELET_PORT = 10250;
    private static final int LARGEST_PORT = 0xffff;

    /** A pod, service or node with the scheme and the port that the path gives with its name. */
    private record Wanted(String scheme, String name, String port) {
        boolean https() {
            return scheme.equals("https");
        }
    }

    /**
     * Finds it.
     *
     * @param random picks one of a service's endpoints
     * @throws StatusException if there is none
     */
    static ProxyTarget find(ObjectReader objects, ApiRequest request, RandomGenerator random) {
        String kind = request.resource().substring(0, request.resource().length() - 1);
        String[] parts = request.name().split(":", -1);
        Wanted wanted =
                switch (parts.length) {
                    case 1 -> new Wanted("", parts[0], "");
                    case 2 -> new Wanted("", parts[0], parts[1]);
                    case 3 -> new Wanted(parts[0], parts[1], parts[2]);
                    default -> new Wanted("", "", "");
                };
        if (wanted.name.isEmpty() || !SCHEMES.contains(wanted.scheme)) {
            throw StatusException.badRequest("invalid %s request \"%s\"".formatted(kind, request.name()));
        }
        return switch (kind) {
            case "pod" -> pod(get(objects, request, wanted), wanted);
            case "service" -> service(objects, request, wanted, random);
            default -> node(get(objects, request, wanted), wanted);
        };
    }

    private static JsonNode get(ObjectReader objects, ApiRequest request, Wanted wanted) {
        return objects.get("", request.resource(), request.namespace(), wanted.name)
                .orElseThrow(() -> StatusException.notFound("", request.resource(), wanted.name));
    }

    private static ProxyTarget pod(JsonNode pod, Wanted wanted) {
        String port = wanted.port;
        if (port.isEmpty()) {
            for (JsonNode container : pod.path("spec").path("containers")) {
                JsonNode first = container.path("ports").path(0).path("containerPort");
                if (!first.isMissingNode()) {
                    port = first.asText();
                    break;
                }
            }
        }
        String ip = pod.path("status").path("podIP").asText();
        if (ip.isEmpty()) {
            throw StatusException.badRequest("address not allowed");
        }
        return new ProxyTarget(wanted.https(), ip, number(port), "");
    }

    private static ProxyTarget service(
            ObjectReader objects, ApiRequest request, Wanted wanted, RandomGenerator random) {
        JsonNode service = get(objects, request, wanted);
        String portName = wanted.port;
        if (portName.matches("[0-9]+")) {
            portName = null;
            for (JsonNode port : service.path("spec").path("ports")) {
                if (port.path("port").asText().equals(wanted.port)) {
                    portName = port.path("name").asText();
                    break;
                }
            }
            if (portName == null) {
                throw unavailable("no service port %s found for service \"%s\"".formatted(wanted.port, wanted.name));
            }
        }
        JsonNode subsets = objects.get("", "endpoints", request.namespace(), wanted.name)
                .<JsonNode>map(endpoints -> endpoints.path("subsets"))
                .orElseThrow(() -> StatusException.notFound("", "endpoints", wanted.name));
        if (subsets.isEmpty()) {
            throw unavailable("no endpoints available for service \"%s\"".formatted(wanted.name));
        }
        List<ProxyTarget> choices = new ArrayList<>();
        for (JsonNode subset : subsets) {
            for (JsonNode port : subset.path("ports")) {
                if (port.path("name").asText().equals(portName)) {
                    for (JsonNode address : subset.path("addresses")) {
                        choices.add(new ProxyTarget(
                                wanted.https(),
                                address.path("ip").asText(),
                                port.path("port").asInt(),
                                ""));
                    }
                }
            }
        }
        if (choices.isEmpty()) {
            throw unavailable("no endpoints available for service \"%s\"".formatted(request.name()));
        }
        return choices.get(random.nextInt(choices.size()));
    }

    private static ProxyTarget node(JsonNode node, Wanted wanted) {
        String kubeletPort = node.path("status")
                .path("daemonEndpoints")
                .path("kubeletEndpoint")
                .path("Port")
                .asText(Integer.toString(KUBELET_PORT));
        String address = "";
        for (JsonNode each : node.path("status").path("addresses")) {
            if (address.isEmpty() || each.path("type").asText().equals("InternalIP")) {
                address = each.path("address").asText();
            }
        }
        if (wanted.port.isEmpty() || wanted.port.equals(kubeletPort)) {
            return new ProxyTarget(
                    true,
                    address,
                    number(kubeletPort),
                    node.path("metadata").path("name").asText());
        }
        return new ProxyTarget(wanted.https(), address, number(wanted.port), "");
    }

    private static int number(String port) {
        if (port.isEmpty()) {
            return 0;
        }
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > LARGEST_PORT) {
            throw unavailable("error trying to reach service: dial tcp: lookup tcp/" + port + ": unknown port");
        }
        return Integer.parseInt(port);
    }

    static StatusException unavailable(String message) {
        return StatusException.of(503, "ServiceUnavailable", message, null);
    }

    /** The host and the port as a URL has them. */
    String authority() {
        String literal = host.contains(":") ? InetAddresses.toUriString(InetAddresses.forString(host)) : host;
        return port == 0 ? literal : literal + ":" + port;
    }

    /** The port that is connected to. */
    int actualPort() {
        return port == 0 ? https ? 443 : 80 : port;
    }
}
