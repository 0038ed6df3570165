package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.google.re2j.PatternSyntaxException;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.apiserver.cel.GoPattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks values against a schema, in the order and with the words of the reference. On an update, what is as it was before is not
 * held against the object, as far as it can be told which old value belongs to a new one.
 */
final class ValueRules {
    private ValueRules() {}

    /**
     * Checks a value.
     *
     * @param old the value it replaces, null if there is none
     */
    static List<FieldError> check(JsonNode value, Structural schema, @Nullable JsonNode old) {
        return validate(value, schema, "", old).errors();
    }

    private static ValueResult validate(JsonNode value, Structural schema, String path, @Nullable JsonNode old) {
        ValueResult result = all(value, schema, path, old);
        if (old != null && !result.isValid() && old.equals(value)) {
            return new ValueResult();
        }
        return result;
    }

    private static ValueResult all(JsonNode value, Structural schema, String path, @Nullable JsonNode old) {
        ValueResult result = new ValueResult();
        if (value.isNull()) {
            type(value, schema, path, result);
            enumeration(value, schema, path, result);
            result.count();
            return result;
        }
        if (!schema.types().isEmpty() || !schema.format().isEmpty()) {
            type(value, schema, path, result);
            result.count();
        }
        result.merge(Alternatives.check(value, schema, path, (each, below) -> all(each, below, path, old)));
        result.count();
        if (value.isTextual()) {
            text(value, schema, path, result);
            result.count();
            if (Formats.isKnown(schema.format())) {
                if (!Formats.matches(schema.format(), value.textValue())) {
                    result.add(FieldError.typeInvalid(
                            ValueResult.shown(path),
                            value,
                            "%s in body must be of type %s: %s"
                                    .formatted(path, schema.format(), FieldError.quoted(value.textValue()))));
                }
                result.count();
            }
        }
        if (value.isNumber()) {
            NumberRules.check(value, schema, path, result);
            result.count();
        }
        if (value.isArray()) {
            list(value, schema, path, old, result);
            result.count();
        }
        enumeration(value, schema, path, result);
        result.count();
        if (value.isObject()) {
            object(value, schema, path, old, result);
            result.count();
        }
        result.count();
        return result;
    }

    /** The name of a value's type. A whole number that was written with a fraction is a number. */
    static String typeOf(JsonNode value) {
        if (value.isNumber()) {
            return value.isIntegralNumber() && value.canConvertToLong() ? "integer" : "number";
        }
        return value.isTextual()
                ? "string"
                : value.isBoolean() ? "boolean" : value.isArray() ? "array" : value.isObject() ? "object" : "null";
    }

    private static void type(JsonNode value, Structural schema, String path, ValueResult result) {
        String found = typeOf(value);
        if (value.isNull()) {
            if (!schema.types().isEmpty() && !schema.nullable()) {
                result.wrongType(path, String.join(",", schema.types()), found);
            }
            return;
        }
        boolean fits = schema.types().contains(found)
                || found.equals("integer") && schema.types().contains("number")
                || found.equals("number")
                        && schema.types().contains("integer")
                        && NumberRules.isWhole(value.doubleValue());
        boolean formatted = !schema.format().isEmpty();
        boolean listOrText = value.isTextual() || value.isArray();
        if (formatted && !listOrText && !fits) {
            String foundFormat = found.equals("integer") ? "int64" : found.equals("number") ? "float64" : "";
            if (!foundFormat.equals(schema.format())) {
                result.wrongType(path, schema.format(), foundFormat);
            }
            return;
        }
        boolean numeric = schema.types().contains("number") || schema.types().contains("integer");
        if (formatted && listOrText && !numeric) {
            return;
        }
        if (!fits) {
            result.wrongType(path, String.join(",", schema.types()), found);
        }
    }

    private static void text(JsonNode value, Structural schema, String path, ValueResult result) {
        JsonNode source = schema.source();
        int length = value.textValue().codePointCount(0, value.textValue().length());
        if (source.hasNonNull("maxLength") && length > source.path("maxLength").asLong()) {
            result.add(FieldError.tooLong(
                    ValueResult.shown(path), source.path("maxLength").asInt()));
        } else if (source.hasNonNull("minLength")
                && length < source.path("minLength").asLong()) {
            result.invalid(
                    path,
                    value,
                    "should be at least %d chars long"
                            .formatted(source.path("minLength").asLong()));
        } else if (source.hasNonNull("pattern")
                && !matches(source.path("pattern").asText(), value.textValue())) {
            result.invalid(
                    path, value, "should match '" + source.path("pattern").asText() + "'");
        }
    }

    private static boolean matches(String pattern, String text) {
        try {
            return GoPattern.of(pattern).isIn(text);
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    private static void enumeration(JsonNode value, Structural schema, String path, ValueResult result) {
        JsonNode allowed = schema.source().path("enum");
        if (allowed.isEmpty()) {
            return;
        }
        if (schema.isAllowedText(value)) {
            return;
        }
        for (JsonNode each : allowed) {
            if (!each.isTextual() && same(value, each)) {
                return;
            }
        }
        List<String> shown = new ArrayList<>();
        allowed.forEach(each -> shown.add(each.isTextual() ? each.textValue() : each.toString()));
        result.add(FieldError.unsupported(ValueResult.shown(path), value, shown));
    }

    private static boolean same(JsonNode value, JsonNode allowed) {
        if (allowed.isNull()) {
            return false;
        }
        if (value.isNumber() && allowed.isNumber()) {
            return allowed.isIntegralNumber()
                    ? value.longValue() == allowed.longValue()
                    : value.doubleValue() == allowed.doubleValue();
        }
        return Json.same(value, allowed);
    }

    private static void list(
            JsonNode value, Structural schema, String path, @Nullable JsonNode old, ValueResult result) {
        Structural items = schema.items();
        if (items != null) {
            for (int i = 0; i < value.size(); i++) {
                JsonNode before = old == null ? null : Correlation.item(old, value.get(i), schema);
                result.merge(validate(value.get(i), items, path + "[" + i + "]", before));
            }
        }
        JsonNode source = schema.source();
        if (source.hasNonNull("minItems")
                && value.size() < source.path("minItems").asLong()) {
            result.invalid(
                    path,
                    IntNode.valueOf(value.size()),
                    "should have at least %d items"
                            .formatted(source.path("minItems").asLong()));
        }
        if (source.hasNonNull("maxItems")
                && value.size() > source.path("maxItems").asLong()) {
            result.add(FieldError.tooMany(
                    ValueResult.shown(path),
                    value.size(),
                    source.path("maxItems").asInt()));
        }
        if (source.path("uniqueItems").asBoolean()) {
            for (int i = 1; i < value.size(); i++) {
                for (int j = 0; j < i; j++) {
                    if (value.get(i).equals(value.get(j))) {
                        result.add(FieldError.invalid(
                                ValueResult.shown(path), value, path + " in body shouldn't contain duplicates"));
                        return;
                    }
                }
            }
        }
    }

    private static void object(
            JsonNode value, Structural schema, String path, @Nullable JsonNode old, ValueResult result) {
        JsonNode source = schema.source();
        if (source.hasNonNull("minProperties")
                && value.size() < source.path("minProperties").asLong()) {
            result.invalid(
                    path,
                    LongNode.valueOf(value.size()),
                    "should have at least %d properties"
                            .formatted(source.path("minProperties").asLong()));
            return;
        }
        if (source.hasNonNull("maxProperties")
                && value.size() > source.path("maxProperties").asLong()) {
            result.invalid(
                    path,
                    LongNode.valueOf(value.size()),
                    "should have at most %d properties"
                            .formatted(source.path("maxProperties").asLong()));
            return;
        }
        for (Map.Entry<String, JsonNode> field : value.properties()) {
            Structural below = schema.field(field.getKey());
            if (below != null) {
                String place = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
                boolean typeMeta = path.isEmpty()
                        && (field.getKey().equals("apiVersion")
                                || field.getKey().equals("kind"));
                JsonNode before = old == null || typeMeta ? null : old.get(field.getKey());
                result.merge(validate(field.getValue(), below, place, before));
            }
        }
        List<String> required = new ArrayList<>(schema.required());
        if (schema.embedded()) {
            for (String each : List.of("apiVersion", "kind")) {
                if (!required.contains(each)) {
                    required.add(each);
                }
            }
        }
        for (String each : required) {
            Structural property = schema.properties().get(each);
            if (!value.has(each) && (property == null || !property.hasDefault())) {
                result.add(FieldError.required(path.isEmpty() ? each : path + "." + each));
            }
        }
    }

    /** A number as the reference keeps it: an integer if it was written as one. */
    static JsonNode number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? LongNode.valueOf((long) value)
                : DoubleNode.valueOf(value);
    }
}
