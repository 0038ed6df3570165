package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The rules for the schemas of definitions: which keywords may be used, where, and with which values. */
public final class SchemaRules {
    private static final List<String> TYPES = List.of("array", "boolean", "integer", "number", "object", "string");
    private static final List<String> UNSUPPORTED =
            List.of("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref");
    private static final Set<String> METADATA = Set.of("apiVersion", "kind", "metadata");

    private final List<FieldError> errors = new ArrayList<>();

    private SchemaRules() {}

    /**
     * What is wrong with the schema of a version.
     *
     * @param schema the whole schema
     * @param path where it stands
     * @param hasStatus whether the version has the subresource {@code status}
     */
    public static List<FieldError> check(JsonNode schema, String path, boolean hasStatus) {
        SchemaRules rules = new SchemaRules();
        rules.root(schema, path, hasStatus);
        rules.schema(schema, path, false);
        if (ExpressionSchema.hasRules(schema)) {
            rules.errors.addAll(ExpressionRules.check(schema, path));
        }
        List<FieldError> errors = new ArrayList<>(rules.errors);
        if (!isConvertible(schema)) {
            return errors;
        }
        List<FieldError> structural = StructuralRules.check(schema, path);
        errors.addAll(structural);
        if (structural.isEmpty()) {
            errors.addAll(DefaultRules.check(Structural.of(schema), path));
        }
        return errors;
    }

    /** Whether a schema says nothing that cannot be said in a structural one. */
    private static boolean isConvertible(JsonNode schema) {
        if (UNSUPPORTED.stream().anyMatch(schema::hasNonNull)
                || schema.path("items").isArray()) {
            return false;
        }
        for (JsonNode property : schema.path("properties")) {
            if (!isConvertible(property)) {
                return false;
            }
        }
        return (!schema.path("items").isObject() || isConvertible(schema.path("items")))
                && (!schema.path("additionalProperties").isObject()
                        || isConvertible(schema.path("additionalProperties")));
    }

    private void root(JsonNode schema, String path, boolean hasStatus) {
        if (hasStatus
                && !schema.path("type").asText("").isEmpty()
                && !schema.path("type").asText().equals("object")) {
            errors.add(
                    FieldError.invalid(
                            path + ".type",
                            schema.path("type"),
                            "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled"));
        }
        if (schema.path("nullable").asBoolean()) {
            errors.add(FieldError.forbidden(path + ".nullable", "nullable cannot be true at the root"));
        }
    }

    private void schema(JsonNode schema, String path, boolean insideMetadata) {
        if (!schema.isObject()) {
            return;
        }
        keywords(schema, path, insideMetadata);
        JsonNode additional = schema.path("additionalProperties");
        if (!schema.path("properties").isEmpty()
                && (additional.isObject() || additional.isBoolean() && !additional.asBoolean())) {
            errors.add(FieldError.forbidden(
                    path + ".additionalProperties", "additionalProperties and properties are mutual exclusive"));
        }
        schema(additional, path + ".additionalProperties", insideMetadata);
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            boolean metadata = METADATA.contains(property.getKey())
                    && schema.path("x-kubernetes-embedded-resource").asBoolean();
            schema(property.getValue(), path + ".properties[" + property.getKey() + "]", insideMetadata || metadata);
        }
        schema(schema.path("not"), path + ".not", insideMetadata);
        for (String list : List.of("allOf", "anyOf", "oneOf")) {
            for (int i = 0; i < schema.path(list).size(); i++) {
                schema(schema.path(list).get(i), path + "." + list + "[" + i + "]", insideMetadata);
            }
        }
        JsonNode items = schema.path("items");
        schema(items, path + ".items", insideMetadata);
        for (int i = 0; items.isArray() && i < items.size(); i++) {
            schema(items.get(i), path + ".items[" + i + "]", insideMetadata);
        }
        extensions(schema, path);
    }

    private void keywords(JsonNode schema, String path, boolean insideMetadata) {
        String type = schema.path("type").asText("");
        if (type.equals("null")) {
            errors.add(
                    FieldError.forbidden(path + ".type", "type cannot be set to null, use nullable as an alternative"));
        } else if (!type.isEmpty() && !TYPES.contains(type)) {
            errors.add(FieldError.unsupported(path + ".type", schema.path("type"), TYPES));
        }
        for (String keyword : UNSUPPORTED) {
            if (schema.hasNonNull(keyword)
                    && !(schema.path(keyword).isContainerNode()
                            && schema.path(keyword).isEmpty())) {
                errors.add(FieldError.forbidden(path + "." + keyword, keyword + " is not supported"));
            }
        }
        if (schema.path("items").isArray() && !schema.path("items").isEmpty()) {
            errors.add(FieldError.forbidden(path + ".items", "items must be a schema object and not an array"));
        }
        if (insideMetadata && schema.path("x-kubernetes-embedded-resource").asBoolean()) {
            errors.add(FieldError.forbidden(
                    path + ".x-kubernetes-embedded-resource", "must not be used inside of resource meta"));
        }
        if (schema.path("uniqueItems").asBoolean()) {
            errors.add(FieldError.forbidden(
                    path + ".uniqueItems",
                    "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }
    }

    private void extensions(JsonNode schema, String path) {
        String type = schema.path("type").asText("");
        JsonNode preserve = schema.path("x-kubernetes-preserve-unknown-fields");
        if (preserve.isBoolean() && !preserve.asBoolean()) {
            errors.add(FieldError.invalid(
                    path + ".x-kubernetes-preserve-unknown-fields", preserve, "must be true or undefined"));
        }
        JsonNode mapType = schema.path("x-kubernetes-map-type");
        if (mapType.isTextual()) {
            needsType(path, type, "object", "x-kubernetes-map-type");
            if (!List.of("atomic", "granular").contains(mapType.asText())) {
                errors.add(FieldError.unsupported(
                        path + ".x-kubernetes-map-type", mapType, List.of("atomic", "granular")));
            }
        }
        JsonNode listType = schema.path("x-kubernetes-list-type");
        if (listType.isTextual()) {
            if (!type.equals("array")) {
                needsType(path, type, "array", "x-kubernetes-list-type");
            } else if (!List.of("atomic", "set", "map").contains(listType.asText())) {
                errors.add(FieldError.unsupported(
                        path + ".x-kubernetes-list-type", listType, List.of("atomic", "set", "map")));
            }
        }
        if (!schema.path("x-kubernetes-list-map-keys").isEmpty()
                && !listType.asText("").equals("map")) {
            String detail = "must be map if x-kubernetes-list-map-keys is non-empty";
            errors.add(
                    listType.isTextual()
                            ? FieldError.invalid(path + ".x-kubernetes-list-type", listType, detail)
                            : FieldError.required(path + ".x-kubernetes-list-type", detail));
        }
        if (listType.asText("").equals("map")) {
            keyedList(schema, path);
        }
        if (listType.asText("").equals("map") || listType.asText("").equals("set")) {
            uniqueItems(schema, path, listType.asText());
        }
    }

    private void needsType(String path, String type, String needed, String keyword) {
        if (type.equals(needed)) {
            return;
        }
        String detail = "must be " + needed + " if " + keyword + " is specified";
        errors.add(
                type.isEmpty()
                        ? FieldError.required(path + ".type", detail)
                        : FieldError.invalid(path + ".type", type, detail));
    }

    private void keyedList(JsonNode schema, String path) {
        JsonNode keys = schema.path("x-kubernetes-list-map-keys");
        JsonNode items = schema.path("items");
        if (keys.isEmpty()) {
            errors.add(FieldError.required(
                    path + ".x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        }
        if (items.isMissingNode() || items.isNull()) {
            errors.add(FieldError.required(path + ".items", "must have a schema if x-kubernetes-list-type is map"));
        } else if (!items.isObject()) {
            errors.add(FieldError.invalid(
                    path + ".items", items, "must only have a single schema if x-kubernetes-list-type is map"));
        } else if (!items.path("type").asText("").equals("object")) {
            errors.add(FieldError.invalid(
                    path + ".items.type",
                    TextNode.valueOf(items.path("type").asText("")),
                    "must be object if parent array's x-kubernetes-list-type is map"));
        } else {
            Set<String> seen = new TreeSet<>();
            for (JsonNode key : keys) {
                JsonNode property = items.path("properties").path(key.asText());
                String keyType = property.path("type").asText("");
                if (property.isMissingNode()) {
                    errors.add(FieldError.invalid(
                            path + ".x-kubernetes-list-map-keys",
                            keys,
                            "entries must all be names of item properties"));
                } else if (keyType.equals("array") || keyType.equals("object")) {
                    errors.add(FieldError.invalid(
                            path + ".items.properties[" + key.asText() + "].type",
                            items.path("type"),
                            "must be a scalar type if parent array's x-kubernetes-list-type is map"));
                }
                if (!seen.add(key.asText())) {
                    errors.add(FieldError.invalid(
                            path + ".x-kubernetes-list-map-keys", keys, "must not contain duplicate entries"));
                }
            }
        }
    }

    private void uniqueItems(JsonNode schema, String path, String listType) {
        JsonNode items = schema.path("items");
        if (items.path("nullable").asBoolean()) {
            errors.add(FieldError.forbidden(
                    path + ".items.nullable", "cannot be nullable when x-kubernetes-list-type is " + listType));
        }
        if (!listType.equals("map")) {
            return;
        }
        List<String> required = DefinedNames.strings(items.path("required"));
        for (JsonNode key : schema.path("x-kubernetes-list-map-keys")) {
            JsonNode property = items.path("properties").path(key.asText());
            String place = path + ".items.properties[" + key.asText() + "]";
            if (property.isMissingNode()) {
                continue;
            }
            if (!required.contains(key.asText()) && !property.has("default")) {
                errors.add(FieldError.required(
                        place + ".default",
                        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required"
                                + " property"));
            }
            if (property.path("nullable").asBoolean()) {
                errors.add(FieldError.forbidden(
                        place + ".nullable",
                        "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
            }
        }
    }
}
