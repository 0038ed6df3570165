package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The rules for the schemas of definitions: which keywords may be used, where, and with which values. */
public final class SchemaRules {
    private static final List<String> TYPES = List.of("array", "boolean", "integer", "number", "object", "string");
    private static final List<String> MAP_TYPES = List.of("atomic", "granular");
    private static final Set<String> METADATA = Set.of("apiVersion", "kind", "metadata");

    private final List<FieldError> errors = new ArrayList<>();
    private final @Nullable ExpressionRules expressions;

    private SchemaRules(@Nullable ExpressionRules expressions) {
        this.expressions = expressions;
    }

    /**
     * What is wrong with the schema of a version. Whether it is structural comes first; the rules in it are compiled only if it is, and
     * only where nothing else is wrong at their place or below.
     *
     * @param schema the whole schema
     * @param path where it stands
     * @param hasStatus whether the version has the subresource {@code status}
     */
    public static List<FieldError> check(JsonNode schema, String path, boolean hasStatus) {
        List<FieldError> errors = new ArrayList<>();
        root(schema, path, hasStatus, errors);
        String unsupported = UnsupportedKeywords.firstOf(schema);
        boolean structural = unsupported.isEmpty() && isStructural(schema, path, errors);
        int count = ExpressionRules.count(schema);
        if (count > ExpressionRules.MOST) {
            errors.add(FieldError.forbidden(
                    path,
                    "has %d x-kubernetes-validations rules, must have at most %d"
                            .formatted(count, ExpressionRules.MOST)));
        }
        boolean compiles = structural && count > 0 && count <= ExpressionRules.MOST;
        ExpressionRules expressions = compiles ? new ExpressionRules() : null;
        SchemaRules rules = new SchemaRules(expressions);
        rules.schema(schema, path, Place.ROOT);
        errors.addAll(rules.errors);
        if (errors.isEmpty() && !unsupported.isEmpty()) {
            errors.add(FieldError.invalid(path, "", unsupported));
        }
        if (expressions != null) {
            errors.addAll(expressions.errors());
            errors.addAll(expressions.total(path));
        }
        return errors;
    }

    private static boolean isStructural(JsonNode schema, String path, List<FieldError> errors) {
        List<FieldError> wrong = StructuralRules.check(schema, path);
        if (wrong.isEmpty()) {
            wrong = DefaultRules.check(Structural.of(schema), path);
        }
        errors.addAll(wrong);
        return wrong.isEmpty();
    }

    /**
     * Where a schema stands.
     *
     * @param root whether it is that of the whole object
     * @param insideMetadata whether it is of kind, version or metadata of an object
     * @param noDefaults why there may be no defaults; null if there may
     * @param count how often the value can occur, null if nothing limits that
     * @param uncorrelated the place above which old and new values can't be told to belong together, empty if there is none
     * @param values whether values have this type, and not only meet what it says
     */
    private record Place(
            boolean root,
            boolean insideMetadata,
            @Nullable String noDefaults,
            @Nullable Long count,
            String uncorrelated,
            boolean values) {
        static final Place ROOT = new Place(true, false, null, 1L, "", true);

        Place nested() {
            return new Place(false, insideMetadata, noDefaults, count, uncorrelated, false);
        }

        Place others(@Nullable JsonNode most) {
            String why = insideMetadata ? " inside additionalProperties applying to object metadata" : noDefaults;
            return new Place(false, insideMetadata, why, ExpressionRules.times(count, most), uncorrelated, values);
        }

        Place property(String name, boolean whole, String unrelatedBelow) {
            boolean metadata = whole && METADATA.contains(name);
            String why = metadata && root ? " in top-level " + name : noDefaults;
            String place = uncorrelated.isEmpty() ? unrelatedBelow : uncorrelated;
            return new Place(false, insideMetadata || metadata, why, count, place, values);
        }

        Place items(@Nullable JsonNode most, String unrelatedBelow) {
            String place = uncorrelated.isEmpty() ? unrelatedBelow : uncorrelated;
            return new Place(false, insideMetadata, noDefaults, ExpressionRules.times(count, most), place, values);
        }
    }

    private static void root(JsonNode schema, String path, boolean hasStatus, List<FieldError> errors) {
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

    private void schema(JsonNode schema, String path, Place place) {
        if (!schema.isObject()) {
            return;
        }
        int before = errors.size();
        keywords(schema, path, place);
        JsonNode additional = schema.path("additionalProperties");
        if (!schema.path("properties").isEmpty()
                && (additional.isObject() || additional.isBoolean() && !additional.asBoolean())) {
            errors.add(FieldError.forbidden(
                    path + ".additionalProperties", "additionalProperties and properties are mutual exclusive"));
        }
        schema(additional, path + ".additionalProperties", place.others(schema.get("maxProperties")));
        properties(schema, path, place);
        alternatives(schema, path, place.nested());
        boolean keyed = schema.path("x-kubernetes-list-type").asText("").equals("map");
        JsonNode items = schema.path("items");
        Place below = place.items(schema.get("maxItems"), keyed ? "" : path);
        schema(items, path + ".items", below);
        for (int i = 0; items.isArray() && i < items.size(); i++) {
            schema(items.get(i), path + ".items[" + i + "]", below);
        }
        for (Map.Entry<String, JsonNode> each : schema.path("dependencies").properties()) {
            schema(each.getValue(), path + ".dependencies[" + each.getKey() + "]", place.nested());
        }
        extensions(schema, path);
        errors.addAll(ExpressionRules.texts(schema, path));
        if (expressions != null && place.values && errors.size() == before) {
            expressions.compile(schema, path, place.root, place.count, place.uncorrelated);
        }
    }

    private void properties(JsonNode schema, String path, Place place) {
        boolean whole =
                place.root || schema.path("x-kubernetes-embedded-resource").asBoolean();
        boolean related = !schema.path("x-kubernetes-map-type").isTextual()
                || MAP_TYPES.contains(schema.path("x-kubernetes-map-type").asText());
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            String name = property.getKey();
            schema(
                    property.getValue(),
                    path + ".properties[" + name + "]",
                    place.property(name, whole, related ? "" : path));
        }
    }

    private void alternatives(JsonNode schema, String path, Place place) {
        schema(schema.path("not"), path + ".not", place);
        for (String list : List.of("allOf", "oneOf", "anyOf")) {
            for (int i = 0; i < schema.path(list).size(); i++) {
                schema(schema.path(list).get(i), path + "." + list + "[" + i + "]", place);
            }
        }
        for (Map.Entry<String, JsonNode> each : schema.path("definitions").properties()) {
            schema(each.getValue(), path + ".definitions[" + each.getKey() + "]", place);
        }
    }

    private void keywords(JsonNode schema, String path, Place place) {
        String type = schema.path("type").asText("");
        if (!type.isEmpty() && !TYPES.contains(type)) {
            errors.add(FieldError.unsupported(path + ".type", schema.path("type"), TYPES));
        }
        if (place.noDefaults != null && schema.hasNonNull("default")) {
            errors.add(FieldError.forbidden(path + ".default", "must not be set" + place.noDefaults));
        }
        for (String keyword : UnsupportedKeywords.given(schema)) {
            errors.add(FieldError.forbidden(path + "." + keyword, keyword + " is not supported"));
        }
        if (type.equals("null")) {
            errors.add(
                    FieldError.forbidden(path + ".type", "type cannot be set to null, use nullable as an alternative"));
        }
        if (schema.path("items").isArray() && !schema.path("items").isEmpty()) {
            errors.add(FieldError.forbidden(path + ".items", "items must be a schema object and not an array"));
        }
        if (place.insideMetadata
                && schema.path("x-kubernetes-embedded-resource").asBoolean()) {
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
            if (!MAP_TYPES.contains(mapType.asText())) {
                errors.add(FieldError.unsupported(path + ".x-kubernetes-map-type", mapType, MAP_TYPES));
            }
        }
        JsonNode listType = schema.path("x-kubernetes-list-type");
        if (listType.isTextual()) {
            needsType(path, type, "array", "x-kubernetes-list-type");
            if (!List.of("atomic", "set", "map").contains(listType.asText())) {
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
        if (items.isMissingNode()) {
            errors.add(FieldError.required(path + ".items", "must have a schema if x-kubernetes-list-type is map"));
        } else if (!items.isObject()) {
            errors.add(FieldError.invalid(
                    path + ".items",
                    SchemaText.items(items),
                    "must only have a single schema if x-kubernetes-list-type is map"));
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
