package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.re2j.PatternSyntaxException;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.cel.GoPattern;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * What makes a schema structural: a type everywhere, nothing in nested rules that belongs outside, and no field in nested rules that is
 * not described outside.
 */
final class StructuralRules {
    private static final List<String> EMPTY_IN_NESTED =
            List.of("type", "title", "description", "x-kubernetes-list-map-keys", "x-kubernetes-validations");
    private static final List<String> UNDEFINED_IN_NESTED =
            List.of("default", "additionalProperties", "x-kubernetes-list-type", "x-kubernetes-map-type");
    private static final List<String> FALSE_IN_NESTED = List.of(
            "nullable",
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-embedded-resource",
            "x-kubernetes-int-or-string");

    private enum Level {
        ROOT("must not be empty at the root"),
        ITEM("must not be empty for specified array items"),
        FIELD("must not be empty for specified object fields");

        private final String untyped;

        Level(String untyped) {
            this.untyped = untyped;
        }
    }

    private final List<FieldError> errors = new ArrayList<>();

    private StructuralRules() {}

    /** What is wrong with a schema, sorted by text. */
    static List<FieldError> check(JsonNode schema, String path) {
        StructuralRules rules = new StructuralRules();
        rules.invariants(schema, Level.ROOT, path);
        rules.completeness(schema, path);
        rules.errors.sort(Comparator.comparing(FieldError::text));
        return rules.errors;
    }

    private void invariants(JsonNode schema, Level level, String path) {
        if (!schema.isObject()) {
            return;
        }
        invariants(schema.path("additionalProperties"), Level.FIELD, path + ".additionalProperties");
        invariants(schema.path("items"), Level.ITEM, path + ".items");
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            invariants(property.getValue(), Level.FIELD, path + ".properties[" + property.getKey() + "]");
        }
        String type = text(schema, "type");
        boolean embedded = flag(schema, "x-kubernetes-embedded-resource");
        boolean preserving = flag(schema, "x-kubernetes-preserve-unknown-fields");
        boolean intOrString = flag(schema, "x-kubernetes-int-or-string");
        if (level == Level.ROOT && schema.hasNonNull("additionalProperties")) {
            forbidden(path + ".additionalProperties", "must not be used at the root");
        }
        if (type.equals("array") && !schema.path("items").isObject()) {
            errors.add(FieldError.required(path + ".items", "must be specified"));
        }
        extensions(schema, path, embedded, preserving, intOrString);
        values(
                schema,
                isBothTypes(schema.path("anyOf")),
                isBothTypes(schema.path("allOf").path(0).path("anyOf")),
                level,
                path);
        if (embedded && !type.equals("object")) {
            String detail = "must be object if x-kubernetes-embedded-resource is true";
            errors.add(
                    type.isEmpty()
                            ? FieldError.required(path + ".type", detail)
                            : FieldError.invalid(path + ".type", type, detail));
        } else if (type.isEmpty() && !intOrString && !preserving) {
            errors.add(FieldError.required(path + ".type", level.untyped));
        }
        if (embedded && schema.hasNonNull("additionalProperties")) {
            forbidden(path + ".additionalProperties", "must not be used if x-kubernetes-embedded-resource is set");
        }
        if (level == Level.ROOT && !type.isEmpty() && !type.equals("object")) {
            errors.add(FieldError.invalid(path + ".type", type, "must be object at the root"));
        }
        if (level == Level.ROOT || embedded) {
            ofEveryObject(schema.path("properties"), path);
        }
        if (embedded && !preserving && schema.path("properties").isEmpty()) {
            errors.add(FieldError.required(
                    path + ".properties",
                    "must not be empty if x-kubernetes-embedded-resource is true without"
                            + " x-kubernetes-preserve-unknown-fields"));
        }
    }

    private void ofEveryObject(JsonNode properties, String path) {
        for (String name : List.of("kind", "apiVersion")) {
            JsonNode property = properties.path(name);
            if (property.isObject() && !text(property, "type").equals("string")) {
                errors.add(FieldError.invalid(
                        path + ".properties[" + name + "].type", text(property, "type"), "must be string"));
            }
        }
        JsonNode metadata = properties.path("metadata");
        if (!metadata.isObject()) {
            return;
        }
        String place = path + ".properties[metadata]";
        if (!text(metadata, "type").equals("object")) {
            errors.add(FieldError.invalid(place + ".type", text(metadata, "type"), "must be object"));
        }
        ObjectNode rest = metadata.deepCopy();
        boolean onlyNames = true;
        for (Map.Entry<String, JsonNode> property : metadata.path("properties").properties()) {
            onlyNames &= property.getKey().equals("name") || property.getKey().equals("generateName");
        }
        if (onlyNames) {
            rest.remove("properties");
        }
        rest.remove(List.of("type", "default", "description", "title"));
        if (!rest.isEmpty()) {
            forbidden(
                    place,
                    "must not specify anything other than name and generateName, but metadata is implicitly specified");
        }
    }

    private void extensions(JsonNode schema, String path, boolean embedded, boolean preserving, boolean intOrString) {
        if (intOrString && preserving) {
            errors.add(FieldError.invalid(
                    path + ".x-kubernetes-preserve-unknown-fields",
                    schema.path("x-kubernetes-preserve-unknown-fields"),
                    "must be false if x-kubernetes-int-or-string is true"));
        }
        if (intOrString && embedded) {
            errors.add(FieldError.invalid(
                    path + ".x-kubernetes-embedded-resource",
                    schema.path("x-kubernetes-embedded-resource"),
                    "must be false if x-kubernetes-int-or-string is true"));
        }
        JsonNode items = schema.path("items");
        if (!text(schema, "x-kubernetes-list-type").equals("set") || !items.isObject()) {
            return;
        }
        String detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
        if (text(items, "type").equals("object")
                && !text(items, "x-kubernetes-map-type").equals("atomic")) {
            errors.add(FieldError.invalid(
                    path + ".items.x-kubernetes-map-type", orNull(items.path("x-kubernetes-map-type")), detail));
        }
        if (text(items, "type").equals("array")
                && items.hasNonNull("x-kubernetes-list-type")
                && !text(items, "x-kubernetes-list-type").equals("atomic")) {
            errors.add(FieldError.invalid(
                    path + ".items.x-kubernetes-list-type", items.path("x-kubernetes-list-type"), detail));
        }
    }

    private static JsonNode orNull(JsonNode value) {
        return value.isMissingNode() ? NullNode.getInstance() : value;
    }

    /** Whether these are the alternatives of an integer or a string, which may name their types. */
    private static boolean isBothTypes(JsonNode anyOf) {
        return anyOf.size() == 2
                && anyOf.get(0).size() == 1
                && text(anyOf.get(0), "type").equals("integer")
                && anyOf.get(1).size() == 1
                && text(anyOf.get(1), "type").equals("string");
    }

    private void values(JsonNode schema, boolean skipAnyOf, boolean skipFirstAllOf, Level level, String path) {
        for (String list : List.of("anyOf", "allOf", "oneOf")) {
            if (list.equals("anyOf") && skipAnyOf) {
                continue;
            }
            for (int i = 0; i < schema.path(list).size(); i++) {
                boolean skip = list.equals("allOf") && i == 0 && skipFirstAllOf;
                nested(schema.path(list).get(i), skip, level, path + "." + list + "[" + i + "]");
            }
        }
        if (schema.path("not").isObject()) {
            nested(schema.path("not"), false, level, path + ".not");
        }
        String pattern = text(schema, "pattern");
        if (!pattern.isEmpty()) {
            try {
                GoPattern.of(pattern);
            } catch (PatternSyntaxException e) {
                String why = e.getPattern() == null || e.getPattern().isEmpty()
                        ? e.getDescription()
                        : e.getDescription() + ": `" + e.getPattern() + "`";
                errors.add(FieldError.invalid(
                        path + ".pattern",
                        pattern,
                        "must be a valid regular expression, but isn't: error parsing regexp: " + why));
            }
        }
    }

    private void nested(JsonNode schema, boolean skipAnyOf, Level level, String path) {
        values(schema, skipAnyOf, false, level, path);
        if (schema.path("items").isObject()) {
            nested(schema.path("items"), false, Level.ITEM, path + ".items");
        }
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            nested(property.getValue(), false, Level.FIELD, path + ".properties[" + property.getKey() + "]");
        }
        for (String keyword : EMPTY_IN_NESTED) {
            JsonNode value = schema.path(keyword);
            if (!value.isMissingNode()
                    && !value.isNull()
                    && !(value.isTextual() && value.asText().isEmpty())
                    && !(value.isContainerNode() && value.isEmpty())) {
                forbidden(path + "." + keyword, "must be empty to be structural");
            }
        }
        for (String keyword : UNDEFINED_IN_NESTED) {
            if (schema.hasNonNull(keyword)) {
                forbidden(path + "." + keyword, "must be undefined to be structural");
            }
        }
        for (String keyword : FALSE_IN_NESTED) {
            if (flag(schema, keyword)) {
                forbidden(path + "." + keyword, "must be false to be structural");
            }
        }
        if (level == Level.ROOT && schema.path("properties").has("metadata")) {
            forbidden(path + ".properties[metadata]", "must not be specified in a nested context");
        }
    }

    private void completeness(JsonNode schema, String path) {
        if (!schema.isObject()) {
            return;
        }
        completeValues(schema, schema, path, path);
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            completeness(property.getValue(), path + ".properties[" + property.getKey() + "]");
        }
        completeness(schema.path("items"), path + ".items");
        completeness(schema.path("additionalProperties"), path + ".additionalProperties");
    }

    private void completeValues(JsonNode rules, JsonNode schema, String schemaPath, String path) {
        if (rules.path("not").isObject()) {
            complete(rules.path("not"), schema, schemaPath, path + ".not");
        }
        for (String list : List.of("anyOf", "allOf", "oneOf")) {
            for (int i = 0; i < rules.path(list).size(); i++) {
                complete(rules.path(list).get(i), schema, schemaPath, path + "." + list + "[" + i + "]");
            }
        }
    }

    private void complete(JsonNode rules, JsonNode schema, String schemaPath, String path) {
        if (!schema.isObject()) {
            errors.add(FieldError.required(schemaPath, "because it is defined in " + path));
            return;
        }
        completeValues(rules, schema, schemaPath, path);
        if (rules.path("items").isObject()) {
            complete(rules.path("items"), schema.path("items"), schemaPath + ".items", path + ".items");
        }
        for (Map.Entry<String, JsonNode> property : rules.path("properties").properties()) {
            String below = ".properties[" + property.getKey() + "]";
            complete(
                    property.getValue(),
                    schema.path("properties").path(property.getKey()),
                    schemaPath + below,
                    path + below);
        }
    }

    private void forbidden(String path, String detail) {
        errors.add(FieldError.forbidden(path, detail));
    }

    private static String text(JsonNode schema, String keyword) {
        return schema.path(keyword).asText("");
    }

    private static boolean flag(JsonNode schema, String keyword) {
        return schema.path(keyword).asBoolean();
    }
}
