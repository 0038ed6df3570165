package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;

/** OpenAPI documents in the compact form in which they were recorded: what clients rely on, without the prose. */
final class OpenApiDigest {
    private OpenApiDigest() {}

    /** A path item of a version 3 document. */
    static ObjectNode v3(JsonNode item) {
        return item(item, OpenApiDigest::operationV3);
    }

    /** A path item of a version 2 document. */
    static ObjectNode v2(JsonNode item) {
        return item(item, OpenApiDigest::operationV2);
    }

    private static ObjectNode item(JsonNode item, Function<JsonNode, ObjectNode> operation) {
        ObjectNode digest = Trees.object();
        for (Map.Entry<String, JsonNode> member : Trees.members(item)) {
            boolean parameters = member.getKey().equals("parameters");
            digest.set(
                    member.getKey(), parameters ? parameters(member.getValue()) : operation.apply(member.getValue()));
        }
        return digest;
    }

    private static ArrayNode parameters(JsonNode parameters) {
        List<String> names = new ArrayList<>();
        parameters.forEach(
                each -> names.add(each.has("$ref") ? each.path("$ref").asText() : place(each)));
        return Trees.array(names);
    }

    /** Where a parameter stands and what it is called. */
    static String place(JsonNode parameter) {
        return parameter.path("in").asText() + ":" + parameter.path("name").asText();
    }

    private static ObjectNode head(JsonNode operation) {
        ObjectNode digest = Trees.object();
        digest.set("operationId", AnswerCheck.orNull(operation.get("operationId")));
        if (operation.has("x-kubernetes-action")) {
            digest.set("action", operation.get("x-kubernetes-action"));
        }
        JsonNode kind = operation.path("x-kubernetes-group-version-kind");
        if (!kind.isMissingNode()) {
            digest.set(
                    "gvk",
                    Trees.array()
                            .add(kind.path("group"))
                            .add(kind.path("version"))
                            .add(kind.path("kind")));
        }
        return digest;
    }

    private static ObjectNode tail(ObjectNode digest, JsonNode operation) {
        return operation.path("deprecated").asBoolean() ? digest.put("deprecated", true) : digest;
    }

    private static ObjectNode operationV3(JsonNode operation) {
        ObjectNode digest = head(operation);
        if (!operation.path("parameters").isEmpty()) {
            List<String> places = new ArrayList<>();
            operation.get("parameters").forEach(each -> places.add(place(each)));
            digest.set("parameters", Trees.array(places));
        }
        if (operation.has("requestBody")) {
            ObjectNode body = digest.putObject("requestBody");
            for (Map.Entry<String, JsonNode> type : Trees.members(Trees.at(operation, "requestBody", "content"))) {
                JsonNode schema = type.getValue().path("schema");
                body.put(type.getKey(), last(schema.has("$ref") ? schema.get("$ref") : schema));
            }
        }
        ObjectNode responses = digest.putObject("responses");
        for (Map.Entry<String, JsonNode> response : Trees.members(operation.path("responses"))) {
            responses.set(response.getKey(), responseV3(response.getValue().path("content")));
        }
        return tail(digest, operation);
    }

    private static ObjectNode responseV3(JsonNode content) {
        TreeSet<String> schemas = new TreeSet<>();
        List<String> types = new ArrayList<>();
        for (Map.Entry<String, JsonNode> type : Trees.members(content)) {
            types.add(type.getKey());
            JsonNode schema = type.getValue().path("schema");
            schemas.add(last(schema.has("$ref") ? schema.get("$ref") : schema.path("type")));
        }
        JsonNode schema = schemas.isEmpty()
                ? NullNode.getInstance()
                : schemas.size() == 1 ? TextNode.valueOf(schemas.first()) : Trees.array(schemas);
        return Trees.object().<ObjectNode>set("schema", schema).set("types", Trees.array(types));
    }

    private static ObjectNode operationV2(JsonNode operation) {
        ObjectNode digest = head(operation);
        for (String name : List.of("tags", "consumes", "produces")) {
            digest.set(name, AnswerCheck.orNull(operation.get(name)));
        }
        List<String> parameters = new ArrayList<>();
        for (JsonNode each : operation.path("parameters")) {
            if (each.has("$ref")) {
                parameters.add(last(each.get("$ref")));
            } else if (each.path("in").asText().equals("body")) {
                JsonNode schema = each.path("schema");
                String type = last(schema.has("$ref") ? schema.get("$ref") : schema.path("type"));
                parameters.add("body" + (each.path("required").asBoolean() ? "!" : "") + "=" + type);
            } else {
                parameters.add(place(each));
            }
        }
        digest.set("parameters", Trees.array(parameters));
        ObjectNode responses = digest.putObject("responses");
        for (Map.Entry<String, JsonNode> response : Trees.members(operation.path("responses"))) {
            JsonNode schema = response.getValue().path("schema");
            responses.put(
                    response.getKey(),
                    schema.isEmpty() ? null : last(schema.has("$ref") ? schema.get("$ref") : schema.path("type")));
        }
        return tail(digest, operation);
    }

    /** What a definition of a version 2 document says beyond the types of its fields. */
    static ObjectNode extensions(JsonNode definition) {
        ObjectNode digest = Trees.object();
        ObjectNode own = extensionsOnly(definition);
        if (!own.isEmpty()) {
            digest.set("x", own);
        }
        digest.setAll(Trees.pick(definition, List.of("type", "format", "required")));
        ObjectNode properties = Trees.object();
        for (Map.Entry<String, JsonNode> property : Trees.members(definition.path("properties"))) {
            ObjectNode said = extensionsOnly(property.getValue());
            said.setAll(Trees.pick(property.getValue(), List.of("default")));
            if (property.getValue().path("format").asText().equals("int-or-string")) {
                said.put("format", "int-or-string");
            }
            if (!said.isEmpty()) {
                properties.set(property.getKey(), said);
            }
        }
        if (!properties.isEmpty()) {
            digest.set("properties", properties);
        }
        return digest;
    }

    private static ObjectNode extensionsOnly(JsonNode schema) {
        ObjectNode extensions = Trees.object();
        for (Map.Entry<String, JsonNode> member : Trees.members(schema)) {
            if (member.getKey().startsWith("x-")) {
                extensions.set(member.getKey(), member.getValue());
            }
        }
        return extensions;
    }

    /** The last part of a reference; a schema that is none, as text. */
    private static String last(JsonNode reference) {
        String text = reference.isTextual() ? reference.textValue() : "None";
        return text.substring(text.lastIndexOf('/') + 1);
    }
}
