package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.access.ObjectReader;
import java.net.InetAddress;
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
 * @param kubelet the node whose kubelet is meant, which is reached without a socket if it is in this process; empty for none
 */
record ProxyTarget(boolean https, String host, int port, String kubelet) {
    private static final Set<String> SCHEMES = ImmutableSet.of("", "http", "https");
    private static final int KUBELET_PORT = 10250;
    private static final int LARGEST_PORT = 0xffff;
    private static final byte LOOPBACK = 127;
    private static final String BROADCAST = "255.255.255.255";

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
            case "pod" -> pod(objects, get(objects, request, wanted), wanted);
            case "service" -> service(objects, request, wanted, random);
            default -> node(get(objects, request, wanted), wanted);
        };
    }

    private static JsonNode get(ObjectReader objects, ApiRequest request, Wanted wanted) {
        return objects.get("", request.resource(), request.namespace(), wanted.name)
                .orElseThrow(() -> StatusException.notFound("", request.resource(), wanted.name));
    }

    private static ProxyTarget pod(ObjectReader objects, JsonNode pod, Wanted wanted) {
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
        if (!isPods(ip) && !isElsewhere(ip) && !isHosts(objects, pod, ip)) {
            throw StatusException.badRequest("address not allowed");
        }
        return new ProxyTarget(wanted.https(), ip, number(port), "");
    }

    /** Where pods live that have an address of their own on this machine's loopback network: 127.128.0.0/9. */
    private static boolean isPods(String ip) {
        if (!InetAddresses.isInetAddress(ip)) {
            return false;
        }
        byte[] bytes = InetAddresses.forString(ip).getAddress();
        return bytes.length == 4 && bytes[0] == LOOPBACK && (bytes[1] & 0x80) != 0;
    }

    /** Whether an address is some other machine's, and no one's that machines give to themselves. */
    private static boolean isElsewhere(String ip) {
        if (!InetAddresses.isInetAddress(ip)) {
            return false;
        }
        InetAddress address = InetAddresses.forString(ip);
        return !(address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isMulticastAddress()
                || address.isAnyLocalAddress()
                || BROADCAST.equals(address.getHostAddress()));
    }

    /** Whether an address is that of the node whose network a pod uses. */
    private static boolean isHosts(ObjectReader objects, JsonNode pod, String ip) {
        return pod.path("spec").path("hostNetwork").asBoolean()
                && !ip.isEmpty()
                && objects.get(
                                "",
                                "nodes",
                                "",
                                pod.path("spec").path("nodeName").asText())
                        .filter(node -> internalAddress(node).equals(ip))
                        .isPresent();
    }

    private static String internalAddress(JsonNode node) {
        String found = "";
        for (JsonNode each : node.path("status").path("addresses")) {
            if (found.isEmpty() || each.path("type").asText().equals("InternalIP")) {
                found = each.path("address").asText();
            }
        }
        return found;
    }

    /** Whether an address that is said to be a service's is that of the pod which it is said to be, in the same namespace, and may be reached. */
    private static boolean isBacked(ObjectReader objects, String namespace, JsonNode address) {
        JsonNode pod = address.path("targetRef");
        if (!pod.isObject() || !pod.path("namespace").asText().equals(namespace)) {
            return false;
        }
        ObjectNode found =
                objects.get("", "pods", namespace, pod.path("name").asText()).orElse(null);
        if (found == null) {
            return false;
        }
        String ip = address.path("ip").asText();
        for (JsonNode each : found.path("status").path("podIPs")) {
            if (each.path("ip").asText().equals(ip)) {
                return isPods(ip) || isElsewhere(ip) || isHosts(objects, found, ip);
            }
        }
        return false;
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
                        String ip = address.path("ip").asText();
                        if (isBacked(objects, request.namespace(), address)) {
                            choices.add(new ProxyTarget(
                                    wanted.https(), ip, port.path("port").asInt(), ""));
                        }
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
        String address = internalAddress(node);
        if (wanted.port.isEmpty() || wanted.port.equals(kubeletPort)) {
            return new ProxyTarget(
                    true,
                    address,
                    number(kubeletPort),
                    node.path("metadata").path("name").asText());
        }
        // Nodes of a cluster within one machine live on its loopback network.
        if (!isElsewhere(address)
                && !(InetAddresses.isInetAddress(address)
                        && InetAddresses.forString(address).isLoopbackAddress())) {
            throw StatusException.badRequest("address not allowed");
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

    /** The same kubelet by another address. */
    ProxyTarget at(HostAndPort address) {
        return new ProxyTarget(https, address.getHost(), address.getPort(), kubelet);
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
