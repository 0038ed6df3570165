package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Nodes. They keep the status that they are created with, since the node itself creates them. */
final class NodeStrategy extends KindStrategy {
    private static final Pattern FEATURE = Pattern.compile("[A-Z][a-zA-Z0-9]*(/[a-zA-Z0-9]+)*");

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        String network = spec.path("podCIDR").asText("");
        if (!network.isEmpty() && !spec.path("podCIDRs").path(0).asText("").equals(network)) {
            spec.putArray("podCIDRs").add(network);
        } else if (network.isEmpty() && !spec.path("podCIDRs").isEmpty()) {
            spec.put("podCIDR", spec.path("podCIDRs").get(0).asText());
        }
        if (object.path("status") instanceof ObjectNode status) {
            Strategies.roundAmounts(status.path("capacity"));
            Strategies.roundAmounts(status.path("allocatable"));
            if (!status.path("capacity").isEmpty() && status.path("allocatable").isEmpty()) {
                status.set("allocatable", status.get("capacity").deepCopy());
            }
        }
    }

    /** Configuration by the API is gone. */
    @Override
    public void dropDisabledFields(ObjectNode object) {
        if (object.path("spec") instanceof ObjectNode spec) {
            spec.remove("configSource");
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {}

    @Override
    public List<String> warnings(ObjectNode object) {
        return object.path("spec").path("externalID").asText("").isEmpty()
                ? List.of()
                : List.of("spec.externalID: this field is deprecated, and is unused by Kubernetes");
    }

    @Override
    void rules(Fields node) {
        taints(node);
        resources(node.at("status"));
        Fields networks = node.at("spec", "podCIDRs");
        if (!networks.isEmpty()) {
            networks.elements().forEach(network -> network.check(Addresses::cidr));
            if (networks.size() == 2) {
                boolean v6 = Addresses.isV6(networks.at(0).text());
                if (v6 == Addresses.isV6(networks.at(1).text())) {
                    networks.invalid("may specify no more than one CIDR for each IP family");
                }
            } else if (networks.size() > 2) {
                networks.invalid("may specify no more than one CIDR for each IP family");
            }
        }
    }

    private static void taints(Fields node) {
        Set<String> seen = new HashSet<>();
        Fields place = node.at("metadata", "taints");
        int index = 0;
        for (Fields given : node.at("spec", "taints").elements()) {
            Fields taint = place.at(index++).with(given.value());
            taint.at("key").check(Names::labelKey);
            taint.at("value").check(Names::labelValue);
            SchedulingRules.effect(taint.at("effect"));
            String pair = taint.at("effect").text() + "/" + taint.at("key").text();
            if (!taint.at("effect").isEmpty() && !seen.add(pair)) {
                ObjectNode shown = JsonNodeFactory.instance.objectNode();
                shown.put("Key", taint.at("key").text());
                shown.put("Value", taint.at("value").text());
                shown.put("Effect", taint.at("effect").text());
                shown.set("TimeAdded", GoValues.orNull(taint.at("timeAdded").value()));
                FieldError plain = FieldError.duplicate(taint.path(), shown);
                node.add(List.of(new FieldError(
                        plain.type(),
                        plain.field(),
                        plain.message() + ": taints must be unique by key and effect pair")));
            }
        }
    }

    private static void resources(Fields status) {
        for (Fields feature : status.at("declaredFeatures").elements()) {
            if (!FEATURE.matcher(feature.text()).matches()) {
                feature.invalid(("invalid feature name %s: must start with an UpperCamelCase segment, with subsequent"
                                + " segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only"
                                + " alphanumeric characters and slashes")
                        .formatted(FieldError.quoted(feature.text())));
            }
        }
        for (String list : List.of("capacity", "allocatable")) {
            for (String name : status.at(list).keys()) {
                ResourceRules.amount(status.at(list).at(name), name);
            }
        }
    }

    @Override
    void updateRules(Fields node, ObjectNode old) {
        metadata(node);
        metadataUpdate(node, old);
        taints(node);
        Fields spec = node.at("spec");
        JsonNode before = old.path("spec");
        resources(node.at("status"));
        addresses(node.at("status", "addresses"));
        if (!before.path("podCIDRs").isEmpty()
                && !Strategies.same(spec.at("podCIDRs").value(), before.path("podCIDRs"))) {
            spec.at("podCIDRs").forbidden("node updates may not change podCIDR except from \"\" to valid");
        }
        String provider = before.path("providerID").asText("");
        if (!provider.isEmpty() && !spec.at("providerID").is(provider)) {
            spec.at("providerID").forbidden("node updates may not change providerID except from \"\" to valid");
        }
        taints(node);
        if (!spec.at("externalID").text().equals(before.path("externalID").asText(""))) {
            spec.at("externalID").forbidden("may not be updated");
        }
    }

    private static void addresses(Fields addresses) {
        Set<String> seen = new HashSet<>();
        for (Fields address : addresses.elements()) {
            if (!seen.add(
                    address.at("type").text() + "/" + address.at("address").text())) {
                address.duplicate(
                        GoValues.renamed(address.value(), ImmutableMap.of("Type", "type", "Address", "address")));
            }
        }
    }

    @Override
    void statusUpdateRules(Fields node, ObjectNode old) {
        updateRules(node, old);
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "spec.unschedulable",
                Boolean.toString(object.path("spec").path("unschedulable").asBoolean()));
    }
}
