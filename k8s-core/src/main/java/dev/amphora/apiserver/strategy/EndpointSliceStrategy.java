package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Endpoint slices. */
final class EndpointSliceStrategy extends KindStrategy {
    private static final int MOST_ENDPOINTS = 1000;
    private static final int MOST_PORTS = 20_000;
    private static final int MOST_ADDRESSES = 100;
    private static final int MOST_HINTS = 8;

    EndpointSliceStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        for (ObjectNode port : objects(object.path("ports"))) {
            setDefault(port, "name", "");
            setDefault(port, "protocol", "TCP");
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        objects(object.path("endpoints")).forEach(endpoint -> endpoint.remove("deprecatedTopology"));
    }

    /** Labels count as desired state: they say to which service the slice belongs. */
    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.bumpGeneration(object, old);
        boolean labels = !Strategies.same(
                object.path("metadata").path("labels"), old.path("metadata").path("labels"));
        if (labels) {
            Strategies.setGeneration(object, old, true);
        }
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return object.path("addressType").asText("").equals("FQDN")
                ? List.of("spec.addressType: FQDN endpoints are deprecated")
                : List.of();
    }

    @Override
    void rules(Fields slice) {
        rules(slice, Set.of());
    }

    private static void rules(Fields slice, Set<String> known) {
        Fields type = slice.at("addressType");
        if (type.requireText()) {
            type.oneOf("FQDN", "IPv4", "IPv6");
        }
        if (slice.at("endpoints").size() > MOST_ENDPOINTS) {
            slice.at("endpoints").tooMany(MOST_ENDPOINTS);
            return;
        }
        ports(slice.at("ports"));
        slice.at("endpoints").elements().forEach(endpoint -> endpoint(endpoint, type.text(), known));
    }

    private static void endpoint(Fields endpoint, String type, Set<String> known) {
        Fields addresses = endpoint.at("addresses");
        if (addresses.isEmpty()) {
            addresses.required("must contain at least 1 address");
        } else if (addresses.size() > MOST_ADDRESSES) {
            addresses.tooMany(MOST_ADDRESSES);
        }
        for (Fields address : addresses.elements()) {
            if (known.contains(address.text())) {
                continue;
            }
            switch (type) {
                case "IPv4", "IPv6" -> ip(addresses, address, type);
                case "FQDN" -> domain(address);
                default -> {}
            }
        }
        if (endpoint.has("nodeName")) {
            endpoint.at("nodeName").check(Names::subdomain);
        }
        LabelRules.labels(endpoint.at("deprecatedTopology"));
        if (endpoint.has("hostname")) {
            endpoint.at("hostname").check(Names::label);
        }
        hints(endpoint.at("hints", "forZones"), "zone");
        hints(endpoint.at("hints", "forNodes"), "node");
    }

    private static void ip(Fields addresses, Fields address, String type) {
        List<String> wrong = Addresses.ip(address.text());
        address.check(Addresses::ip);
        boolean v6 = type.equals("IPv6");
        if (Addresses.parse(address.text()) != null
                && Addresses.isV6(address.text()) != v6
                && !Addresses.isMapped(address.text())) {
            addresses.invalid(address.text(), v6 ? "must be an IPv6 address" : "must be an IPv4 address");
        }
        if (wrong.isEmpty()) {
            ServiceRules.endpoint(address, address.text());
        }
    }

    /** A host name of at least two parts. */
    static void domain(Fields name) {
        if (name.isEmpty()) {
            name.required();
            return;
        }
        List<String> wrong = Names.subdomain(name.text());
        if (!wrong.isEmpty()) {
            name.check(Names::subdomain);
        } else if (name.text().indexOf('.') < 0) {
            name.invalid("should be a domain with at least two segments separated by dots");
        }
    }

    private static void hints(Fields hints, String kind) {
        if (hints.size() > MOST_HINTS) {
            hints.tooMany(MOST_HINTS);
            return;
        }
        Set<String> seen = new HashSet<>();
        for (Fields hint : hints.elements()) {
            Fields name = hint.at("name");
            if (!seen.add(name.text())) {
                name.duplicate(TextNode.valueOf(name.text()));
            }
            name.check(name.text(), kind.equals("zone") ? Names::labelValue : Names::subdomain);
        }
    }

    private static void ports(Fields ports) {
        if (ports.size() > MOST_PORTS) {
            ports.tooMany(MOST_PORTS);
            return;
        }
        Set<String> names = new HashSet<>();
        for (Fields port : ports.elements()) {
            Fields name = port.at("name");
            if (!name.isEmpty()) {
                name.check(Names::label);
            }
            if (!names.add(name.text())) {
                name.duplicate(TextNode.valueOf(name.text()));
            }
            if (port.at("protocol").isEmpty()) {
                port.at("protocol").required();
            } else {
                port.at("protocol").oneOf("SCTP", "TCP", "UDP");
            }
            if (port.has("port")) {
                port.at("port").between(1, 65535);
            }
            if (port.has("appProtocol")) {
                port.at("appProtocol").check(Names::labelKey);
            }
        }
    }

    @Override
    void updateRules(Fields slice, ObjectNode old) {
        metadata(slice);
        Set<String> known = new HashSet<>();
        old.path("endpoints")
                .forEach(endpoint -> endpoint.path("addresses").forEach(address -> known.add(address.asText())));
        rules(slice, known);
        slice.at("addressType").immutable(old.path("addressType"));
    }
}
