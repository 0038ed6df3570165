package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** Turns what another server says to serve in the old form of discovery into the aggregated one. */
final class RemoteDiscovery {
    private RemoteDiscovery() {}

    /** A version of a group in aggregated discovery. */
    static ObjectNode version(RemoteVersion remote) {
        ObjectNode version = object().put("version", remote.version());
        Map<String, ObjectNode> resources = new LinkedHashMap<>();
        if (remote.resources() != null) {
            for (JsonNode each : remote.resources().path("resources")) {
                if (each.path("name").asText().indexOf('/') < 0) {
                    resources.put(each.path("name").asText(), resource(each));
                }
            }
            for (JsonNode each : remote.resources().path("resources")) {
                String[] parts = each.path("name").asText().split("/", 2);
                if (parts.length == 2) {
                    ObjectNode parent = resources.computeIfAbsent(parts[0], name -> orphan(name, each));
                    parent.withArray("subresources").add(subresource(parts[1], each));
                }
            }
        }
        if (!resources.isEmpty()) {
            ArrayNode list = version.putArray("resources");
            resources.values().forEach(list::add);
        }
        return version.put("freshness", remote.fresh() ? "Current" : "Stale");
    }

    private static ObjectNode resource(JsonNode legacy) {
        ObjectNode node = object().put("resource", legacy.path("name").asText());
        responseKind(node, legacy);
        node.put("scope", scope(legacy));
        node.put("singularResource", legacy.path("singularName").asText());
        node.set("verbs", strings(legacy.path("verbs")));
        for (String list : new String[] {"shortNames", "categories"}) {
            if (!legacy.path(list).isEmpty()) {
                node.set(list, strings(legacy.path(list)));
            }
        }
        return node;
    }

    /** The owner of a subresource that is itself not served. */
    private static ObjectNode orphan(String name, JsonNode subresource) {
        ObjectNode node = object().put("resource", name).put("scope", scope(subresource));
        node.put("singularResource", "").putArray("verbs");
        return node;
    }

    private static ObjectNode subresource(String name, JsonNode legacy) {
        ObjectNode node = object().put("subresource", name);
        responseKind(node, legacy);
        node.set("verbs", strings(legacy.path("verbs")));
        return node;
    }

    private static void responseKind(ObjectNode node, JsonNode legacy) {
        if (!legacy.path("kind").asText().isEmpty()) {
            node.putObject("responseKind")
                    .put("group", legacy.path("group").asText())
                    .put("version", legacy.path("version").asText())
                    .put("kind", legacy.path("kind").asText());
        }
    }

    private static String scope(JsonNode legacy) {
        return legacy.path("namespaced").asBoolean() ? "Namespaced" : "Cluster";
    }

    private static ArrayNode strings(JsonNode list) {
        ArrayNode strings = JsonNodeFactory.instance.arrayNode();
        list.forEach(each -> strings.add(each.asText()));
        return strings;
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
