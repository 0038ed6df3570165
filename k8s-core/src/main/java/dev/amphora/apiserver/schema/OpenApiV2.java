package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.OpenApiPaths.Operation;
import dev.amphora.apiserver.schema.OpenApiPaths.PathItem;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The OpenAPI v2 document of a catalogue, all groups in one; kubectl before 1.29 does not write without it. */
final class OpenApiV2 {
    /** The order of media types in this version; others come last. */
    private static final List<String> ORDER = List.of(
            "text/plain",
            "application/json",
            "application/yaml",
            "application/vnd.kubernetes.protobuf",
            "application/json;stream=watch",
            "application/vnd.kubernetes.protobuf;stream=watch",
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json",
            "application/apply-patch+yaml");

    private final SchemaCatalogue catalogue;

    private OpenApiV2(SchemaCatalogue catalogue) {
        this.catalogue = catalogue;
    }

    static ObjectNode document(SchemaCatalogue catalogue, Map<String, List<PathItem>> itemsByTag) {
        return new OpenApiV2(catalogue).build(itemsByTag);
    }

    private ObjectNode build(Map<String, List<PathItem>> itemsByTag) {
        ObjectNode document = object().put("swagger", "2.0");
        document.putObject("info").put("title", "Kubernetes").put("version", "1.36");
        ObjectNode shared = object();
        Map<String, ObjectNode> paths = new TreeMap<>();
        itemsByTag.forEach((tag, items) -> items.forEach(item -> paths.put(item.path(), path(item, tag, shared))));
        ObjectNode pathNode = document.putObject("paths");
        paths.forEach(pathNode::set);
        document.set("definitions", definitions(roots(itemsByTag)));
        document.set("parameters", shared);
        document.putObject("securityDefinitions")
                .putObject("BearerToken")
                .put("description", "Bearer Token authentication")
                .put("type", "apiKey")
                .put("name", "authorization")
                .put("in", "header");
        document.putArray("security").addObject().putArray("BearerToken");
        return document;
    }

    private static ObjectNode path(PathItem item, String tag, ObjectNode shared) {
        ObjectNode node = object();
        for (Operation operation : item.operations()) {
            node.set(operation.method(), operation(operation, item, tag, shared));
        }
        if (!item.parameters().isEmpty()) {
            parameters(node.putArray("parameters"), item.parameters(), item.path(), "", shared);
        }
        return node;
    }

    private static ObjectNode operation(Operation operation, PathItem item, String tag, ObjectNode shared) {
        ObjectNode node = object();
        List<String> produced = ordered(OpenApiV3.types(operation));
        List<String> consumed = consumed(operation, produced);
        if (!consumed.isEmpty()) {
            strings(node, "consumes", consumed);
        }
        strings(node, "produces", produced);
        strings(node, "tags", List.of(tag));
        node.put("operationId", operation.id());
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        String body = operation.body();
        if (body != null) {
            parameter(list, "body:" + body, item.path(), operation.action(), shared);
        }
        Set<String> own = OpenApiPaths.byName();
        own.addAll(operation.parameters());
        own.removeAll(item.parameters());
        parameters(list, own, item.path(), operation.action(), shared);
        if (!list.isEmpty()) {
            node.set("parameters", list);
        }
        ObjectNode responses = node.putObject("responses");
        operation.responses().forEach((status, type) -> {
            ObjectNode response =
                    responses.putObject(status.toString()).put("description", OpenApiV3.description(status));
            if (type.equals("string")) {
                response.putObject("schema").put("type", "string");
            } else {
                response.putObject("schema").put("$ref", "#/definitions/" + type);
            }
        });
        responses.putObject("401").put("description", "Unauthorized");
        if (!operation.action().isEmpty()) {
            node.put("x-kubernetes-action", operation.action());
            node.putObject("x-kubernetes-group-version-kind")
                    .put("group", operation.group())
                    .put("kind", operation.kind())
                    .put("version", operation.version());
        }
        return node;
    }

    /** What describes the server takes what it gives; keys of tokens take nothing. */
    private static List<String> consumed(Operation operation, List<String> produced) {
        if (operation.action().isEmpty() && operation.method().equals("get")) {
            return operation.id().startsWith("getServiceAccountIssuer") ? List.of() : produced;
        }
        return ordered(OpenApiV3.bodyTypes(operation));
    }

    private static List<String> ordered(List<String> types) {
        return types.stream()
                .sorted(Comparator.comparingInt(type -> {
                    int place = ORDER.indexOf(type);
                    return place < 0 ? ORDER.size() : place;
                }))
                .toList();
    }

    private static void parameters(
            ArrayNode list, Set<String> parameters, String path, String action, ObjectNode shared) {
        parameters.forEach(parameter -> parameter(list, parameter, path, action, shared));
    }

    private static void parameter(ArrayNode list, String parameter, String path, String action, ObjectNode shared) {
        String name = OpenApiParameters.sharedName(parameter, path, action);
        if (name == null) {
            list.add(OpenApiParameters.node(parameter));
            return;
        }
        if (!shared.has(name)) {
            shared.set(name, OpenApiParameters.node(parameter));
        }
        list.addObject().put("$ref", "#/parameters/" + name);
    }

    private ObjectNode definitions(Set<String> roots) {
        Map<String, String> custom = new TreeMap<>();
        for (GroupInfo group : catalogue.groups()) {
            group.versions().forEach(v -> custom.putAll(CustomDefinitions.of(catalogue, group.name(), v)));
        }
        ObjectNode node = object();
        OpenApiDefinitions.reached(catalogue.definitions(), custom, roots).forEach((name, text) -> {
            ObjectNode schema = toV2(parse(text));
            if (OpenApiDefinitions.isInEveryGroup(name)) {
                OpenApiDefinitions.addKinds(schema.putArray("x-kubernetes-group-version-kind"), name);
            }
            node.set(name, schema);
        });
        return node;
    }

    /** The definitions that operations take and return. */
    private static Set<String> roots(Map<String, List<PathItem>> itemsByTag) {
        Set<String> roots = new TreeSet<>();
        for (List<PathItem> items : itemsByTag.values()) {
            for (PathItem item : items) {
                for (Operation operation : item.operations()) {
                    roots.addAll(operation.responses().values());
                    if (operation.body() != null) {
                        roots.add(operation.body());
                    }
                }
            }
        }
        roots.remove("string");
        return roots;
    }

    private static JsonNode parse(String text) {
        return JsonText.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    /** References without a wrapper, and one type where version 3 has a choice. */
    private static ObjectNode toV2(JsonNode schema) {
        ObjectNode result = object();
        for (Map.Entry<String, JsonNode> member : schema.properties()) {
            String name = member.getKey();
            JsonNode value = member.getValue();
            switch (name) {
                case "$ref":
                    result.put("$ref", reference(value));
                    break;
                case "allOf":
                    if (value.size() == 1 && value.path(0).has("$ref")) {
                        result.put("$ref", reference(value.path(0).path("$ref")));
                    }
                    break;
                case "oneOf":
                    result.put("type", "string");
                    break;
                case "anyOf":
                case "not":
                case "nullable":
                case "default":
                    break;
                case "properties": {
                    ObjectNode properties = result.putObject("properties");
                    value.properties().forEach(p -> properties.set(p.getKey(), toV2(p.getValue())));
                    break;
                }
                case "items":
                case "additionalProperties":
                    result.set(name, value.isObject() ? toV2(value) : value);
                    break;
                default:
                    result.set(name, value);
            }
        }
        return result;
    }

    private static String reference(JsonNode reference) {
        return reference.asText().replace("#/components/schemas/", "#/definitions/");
    }

    private static void strings(ObjectNode node, String name, List<String> values) {
        ArrayNode array = node.putArray(name);
        values.forEach(array::add);
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
