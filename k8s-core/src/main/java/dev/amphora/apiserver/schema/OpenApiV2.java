package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.apiserver.schema.OpenApiPaths.Operation;
import dev.amphora.apiserver.schema.OpenApiPaths.PathItem;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The OpenAPI v2 document of a catalogue, all groups in one; kubectl before 1.29 does not write without it. */
final class OpenApiV2 {
    private static final String META = OpenApiPaths.META;

    /** Parameters that operations describe themselves; the others are shared and referred to. */
    private static final ImmutableSet<String> IN_PLACE =
            ImmutableSet.of("query:dryRun", "query:fieldValidation", "path:name", "path:path");

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
        document.set("definitions", definitions());
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
            node.set(operation.method(), operation(operation, item.parameters(), tag, shared));
        }
        if (!item.parameters().isEmpty()) {
            parameters(node.putArray("parameters"), item.parameters(), shared);
        }
        return node;
    }

    private static ObjectNode operation(Operation operation, Set<String> inherited, String tag, ObjectNode shared) {
        ObjectNode node = object();
        List<String> produced = ordered(OpenApiDocuments.types(operation));
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
            ObjectNode parameter = list.addObject().put("name", "body").put("in", "body");
            if (!body.endsWith(".DeleteOptions")) {
                parameter.put("required", true);
            }
            parameter.putObject("schema").put("$ref", "#/definitions/" + body);
        }
        Set<String> own = OpenApiPaths.byName();
        own.addAll(operation.parameters());
        own.removeAll(inherited);
        parameters(list, own, shared);
        if (!list.isEmpty()) {
            node.set("parameters", list);
        }
        ObjectNode responses = node.putObject("responses");
        operation.responses().forEach((status, type) -> {
            ObjectNode response =
                    responses.putObject(status.toString()).put("description", OpenApiDocuments.description(status));
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
        if (operation.action().equals("patch")) {
            return ordered(OpenApiDocuments.PATCH_TYPES);
        }
        if (operation.action().isEmpty() && operation.method().equals("get")) {
            return operation.id().startsWith("getServiceAccountIssuer") ? List.of() : produced;
        }
        return List.of("*/*");
    }

    private static List<String> ordered(List<String> types) {
        return types.stream()
                .sorted(Comparator.comparingInt(type -> {
                    int place = ORDER.indexOf(type);
                    return place < 0 ? ORDER.size() : place;
                }))
                .toList();
    }

    private static void parameters(ArrayNode list, Set<String> parameters, ObjectNode shared) {
        for (String parameter : parameters) {
            String name = parameter.substring(parameter.indexOf(':') + 1);
            if (IN_PLACE.contains(parameter)) {
                list.add(parameter(parameter, name));
            } else {
                shared.set(name, parameter(parameter, name));
                list.addObject().put("$ref", "#/parameters/" + name);
            }
        }
    }

    private static ObjectNode parameter(String parameter, String name) {
        ObjectNode node = object().put("uniqueItems", true)
                .put("type", OpenApiDocuments.parameterType(name))
                .put("name", name)
                .put("in", parameter.substring(0, parameter.indexOf(':')));
        if (parameter.startsWith("path:")) {
            node.put("required", true);
        }
        return node;
    }

    private ObjectNode definitions() {
        Map<String, JsonNode> all = new TreeMap<>();
        for (String name : catalogue.definitions().names()) {
            all.put(name, definition(name));
        }
        for (GroupInfo group : catalogue.groups()) {
            for (String version : group.versions()) {
                CustomDefinitions.of(catalogue, group.name(), version)
                        .forEach((name, text) -> all.put(name, toV2(parse(text))));
            }
        }
        ObjectNode node = object();
        all.forEach(node::set);
        return node;
    }

    private JsonNode definition(String name) {
        JsonNode schema = toV2(catalogue.definition(name).orElseThrow().openApi());
        if (name.equals(META + "DeleteOptions") || name.equals(META + "WatchEvent")) {
            String kind = name.substring(META.length());
            ArrayNode kinds = ((ObjectNode) schema).putArray("x-kubernetes-group-version-kind");
            for (GroupInfo group : catalogue.groups()) {
                for (String version : group.versions()) {
                    kinds.addObject()
                            .put("group", group.name())
                            .put("kind", kind)
                            .put("version", version);
                }
            }
        }
        return schema;
    }

    private static JsonNode parse(String text) {
        return JsonText.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    /** References without a wrapper, and one type where version 3 has a choice. */
    private static JsonNode toV2(JsonNode schema) {
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
