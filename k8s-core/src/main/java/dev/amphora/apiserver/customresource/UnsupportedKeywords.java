package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What OpenAPI allows in a schema and a structural schema cannot have. */
final class UnsupportedKeywords {
    private static final List<String> GIVEN_AT_ALL = List.of("additionalItems", "dependencies", "$ref");
    private static final List<String> ORDER =
            List.of("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref");
    private static final List<String> CONVERSION_ORDER =
            List.of("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions");

    private UnsupportedKeywords() {}

    /** The keywords of one schema that are refused by name, in the order in which they are told of. */
    static List<String> given(JsonNode schema) {
        List<String> given = new ArrayList<>();
        for (String keyword : ORDER) {
            if (schema.hasNonNull(keyword) && (GIVEN_AT_ALL.contains(keyword) || isFilled(schema.path(keyword)))) {
                given.add(keyword);
            }
        }
        return given;
    }

    /** Why a schema, with all that is in it, cannot be taken for a structural one; empty if it can. */
    static String firstOf(JsonNode schema) {
        if (!schema.isObject()) {
            return "";
        }
        for (String keyword : CONVERSION_ORDER) {
            boolean filled = keyword.equals("additionalItems")
                    ? schema.hasNonNull(keyword)
                    : schema.hasNonNull(keyword) && isFilled(schema.path(keyword));
            if (filled) {
                return "OpenAPIV3Schema '%s' is not supported"
                        .formatted(keyword.equals("$schema") ? "schema" : keyword);
            }
        }
        JsonNode preserve = schema.path("x-kubernetes-preserve-unknown-fields");
        String found = firstOf(schema.path("not"));
        for (String list : List.of("allOf", "anyOf", "oneOf")) {
            for (JsonNode each : schema.path(list)) {
                found = found.isEmpty() ? firstOf(each) : found;
            }
        }
        found = found.isEmpty() ? firstOf(schema.path("additionalProperties")) : found;
        if (found.isEmpty() && preserve.isBoolean() && !preserve.asBoolean()) {
            return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
        }
        if (found.isEmpty()
                && schema.path("items").isArray()
                && !schema.path("items").isEmpty()) {
            return "OpenAPIV3Schema 'items' must be a schema, but is an array";
        }
        found = found.isEmpty() ? firstOf(schema.path("items")) : found;
        for (JsonNode each : schema.path("properties")) {
            found = found.isEmpty() ? firstOf(each) : found;
        }
        return found;
    }

    private static boolean isFilled(JsonNode value) {
        return value.isTextual() ? !value.textValue().isEmpty() : !value.isContainerNode() || !value.isEmpty();
    }
}
