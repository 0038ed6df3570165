package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The tables of Services and what stands before and behind them. */
final class NetworkTables {
    private static final int SHOWN = 3;

    private NetworkTables() {}

    static void register(ImmutableMap.Builder<String, TableLayout> layouts) {
        layouts.put("/Service", TableLayout.of("Type|Cluster-IP|External-IP|Port(s)|Age|*Selector", (row, o, now) -> {
            JsonNode spec = o.path("spec");
            row.add(spec.path("type").asText());
            row.add(Cells.text(spec.path("clusterIPs").path(0), Cells.text(spec.path("clusterIP"), Cells.NONE)));
            row.add(externalIp(o)).add(ports(spec)).add(Cells.age(o, now));
            row.add(Cells.labels(spec.path("selector")));
        }));
        layouts.put("/Endpoints", TableLayout.of("Endpoints|Age", (row, o, now) -> {
            row.add(endpoints(o)).add(Cells.age(o, now));
        }));
        layouts.put(
                "discovery.k8s.io/EndpointSlice", TableLayout.of("AddressType|Ports|Endpoints|Age", (row, o, now) -> {
                    List<String> ports = new ArrayList<>();
                    o.path("ports")
                            .forEach(p -> ports.add(
                                    Cells.text(p.path("port"), p.path("name").asText())));
                    List<String> addresses = new ArrayList<>();
                    o.path("endpoints").forEach(e -> addresses.addAll(Cells.strings(e.path("addresses"))));
                    row.add(o.path("addressType").asText());
                    String shown = Cells.firstOf(ports, SHOWN, Cells.UNSET);
                    row.add(shown.isEmpty() ? Cells.UNSET : shown);
                    row.add(Cells.firstOf(addresses, SHOWN, Cells.UNSET));
                    row.add(Cells.age(o, now));
                }));
        layouts.put("networking.k8s.io/Ingress", TableLayout.of("Class|Hosts|Address|Ports|Age", (row, o, now) -> {
            JsonNode spec = o.path("spec");
            row.add(Cells.text(spec.path("ingressClassName"), Cells.NONE)).add(hosts(spec.path("rules")));
            row.add(loadBalancer(o)).add(spec.path("tls").isEmpty() ? "80" : "80, 443");
            row.add(Cells.age(o, now));
        }));
        layouts.put(
                "networking.k8s.io/IngressClass",
                new TableLayout(
                        TableLayout.of("Controller|Parameters|Age", (r, o, n) -> {})
                                .columns(),
                        (row, o, now) -> {
                            JsonNode parameters = o.path("spec").path("parameters");
                            row.add(withDefault(o, "ingressclass.kubernetes.io/is-default-class"));
                            row.add(o.path("spec").path("controller").asText());
                            row.add(parameters.isObject() ? reference(parameters) : Cells.NONE);
                            row.add(Cells.age(o, now));
                        }));
        layouts.put("networking.k8s.io/NetworkPolicy", TableLayout.of("Pod-Selector|Age", (row, o, now) -> {
            row.add(Cells.selector(o.path("spec").path("podSelector"))).add(Cells.age(o, now));
        }));
        layouts.put("networking.k8s.io/ServiceCIDR", TableLayout.of("CIDRs|Age", (row, o, now) -> {
            row.add(String.join(",", Cells.strings(o.path("spec").path("cidrs"))))
                    .add(Cells.age(o, now));
        }));
        layouts.put("networking.k8s.io/IPAddress", TableLayout.of("ParentRef", (row, o, now) -> {
            // The reference writes a cell more than it names columns.
            row.add(parent(o.path("spec").path("parentRef"))).add(Cells.age(o, now));
        }));
    }

    /** The name of an object, marked if an annotation makes it the default of its kind. */
    static String withDefault(JsonNode object, String... annotations) {
        String name = object.path("metadata").path("name").asText();
        for (String annotation : annotations) {
            if (object.path("metadata")
                    .path("annotations")
                    .path(annotation)
                    .asText()
                    .equals("true")) {
                return name + " (default)";
            }
        }
        return name;
    }

    private static String reference(JsonNode parameters) {
        String group = parameters.path("apiGroup").asText();
        return parameters.path("kind").asText() + (parameters.has("apiGroup") ? "." + group : "") + "/"
                + parameters.path("name").asText();
    }

    private static String parent(JsonNode reference) {
        List<String> parts = new ArrayList<>();
        String group = reference.path("group").asText();
        parts.add(reference.path("resource").asText() + (group.isEmpty() ? "" : "." + group));
        if (!reference.path("namespace").asText().isEmpty()) {
            parts.add(reference.path("namespace").asText());
        }
        parts.add(reference.path("name").asText());
        return String.join("/", parts);
    }

    private static String loadBalancer(JsonNode object) {
        Set<String> result = new TreeSet<>();
        object.path("status")
                .path("loadBalancer")
                .path("ingress")
                .forEach(i ->
                        result.add(Cells.text(i.path("ip"), i.path("hostname").asText())));
        return String.join(",", result);
    }

    private static String externalIp(JsonNode service) {
        JsonNode spec = service.path("spec");
        List<String> external = Cells.strings(spec.path("externalIPs"));
        switch (spec.path("type").asText()) {
            case "ExternalName":
                return spec.path("externalName").asText();
            case "LoadBalancer": {
                String balanced = loadBalancer(service);
                if (!external.isEmpty()) {
                    external.addAll(0, balanced.isEmpty() ? List.of() : List.of(balanced));
                    return String.join(",", external);
                }
                return balanced.isEmpty() ? "<pending>" : balanced;
            }
            default:
                return external.isEmpty() ? Cells.NONE : String.join(",", external);
        }
    }

    private static String ports(JsonNode spec) {
        List<String> result = new ArrayList<>();
        for (JsonNode port : spec.path("ports")) {
            String nodePort = port.path("nodePort").asInt() > 0
                    ? ":" + port.path("nodePort").asInt()
                    : "";
            result.add(port.path("port").asInt() + nodePort + "/"
                    + port.path("protocol").asText());
        }
        return result.isEmpty() ? Cells.NONE : String.join(",", result);
    }

    private static String endpoints(JsonNode object) {
        List<String> result = new ArrayList<>();
        for (JsonNode subset : object.path("subsets")) {
            for (JsonNode port : subset.path("ports")) {
                for (JsonNode address : subset.path("addresses")) {
                    result.add(hostPort(
                            address.path("ip").asText(), port.path("port").asInt()));
                }
            }
            if (subset.path("ports").isEmpty()) {
                result.addAll(Cells.each(subset.path("addresses"), "ip"));
            }
        }
        return Cells.firstOf(result, SHOWN, object.path("subsets").isEmpty() ? Cells.NONE : "");
    }

    private static String hostPort(String ip, int port) {
        return ip.indexOf(':') >= 0 ? "[" + ip + "]:" + port : ip + ":" + port;
    }

    private static String hosts(JsonNode rules) {
        List<String> hosts = new ArrayList<>();
        boolean more = false;
        for (JsonNode rule : rules) {
            more |= hosts.size() == SHOWN;
            if (!more && !rule.path("host").asText().isEmpty()) {
                hosts.add(rule.path("host").asText());
            }
        }
        // Rules without a host are not shown, but count among those that aren't.
        String shown = hosts.isEmpty() ? "*" : String.join(",", hosts);
        return more ? shown + " + " + (rules.size() - SHOWN) + " more..." : shown;
    }
}
