package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Addresses that are given out, each named like itself, and to whom. */
final class IpAddressStrategy extends KindStrategy {

    @Override
    List<String> names(String name) {
        return Addresses.ip(name);
    }

    @Override
    void rules(Fields address) {
        Fields parent = address.at("spec", "parentRef");
        if (!parent.given()) {
            parent.required();
            return;
        }
        if (!parent.at("group").isEmpty()) {
            parent.at("group").check(Names::subdomain);
        }
        if (parent.at("resource").requireText()) {
            parent.at("resource").check(Names::pathSegment);
        }
        if (parent.at("name").requireText()) {
            parent.at("name").check(Names::pathSegment);
        }
        if (!parent.at("namespace").isEmpty()) {
            parent.at("namespace").check(Names::pathSegment);
        }
    }

    @Override
    void updateRules(Fields address, ObjectNode old) {
        metadata(address);
        rules(address);
        metadataUpdate(address, old);
        Fields parent = address.at("spec", "parentRef");
        if (!Strategies.same(parent.value(), old.path("spec").path("parentRef"))) {
            parent.invalid(shown(parent), "field is immutable");
        }
    }

    private static JsonNode shown(Fields parent) {
        if (!parent.given()) {
            return JsonNodeFactory.instance.nullNode();
        }
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("Group", parent.at("group").text());
        result.put("Resource", parent.at("resource").text());
        result.put("Namespace", parent.at("namespace").text());
        return result.put("Name", parent.at("name").text());
    }
}
