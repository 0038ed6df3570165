package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Fits values to a schema in place: drops what it doesn't know, and fills in defaults. */
final class Fitting {
    private static final Set<String> OF_EVERY_OBJECT = Set.of("apiVersion", "kind", "metadata");
    private static final double EXACT = 1e20;

    private Fitting() {}

    /**
     * Drops fields that a schema doesn't name.
     *
     * @return their paths, sorted
     */
    static List<String> prune(ObjectNode object, Structural schema) {
        List<String> unknown = new ArrayList<>();
        prune(object, schema, true, "", unknown);
        Collections.sort(unknown);
        return unknown;
    }

    private static void prune(
            JsonNode value, @Nullable Structural schema, boolean embedded, String path, List<String> unknown) {
        if (value instanceof ArrayNode list) {
            for (int i = 0; i < list.size(); i++) {
                Structural items = schema == null ? null : schema.items();
                if (items != null || schema == null || !schema.preserving()) {
                    pruneChild(list.get(i), items, path + "[" + i + "]", unknown);
                }
            }
        }
        if (!(value instanceof ObjectNode object)) {
            return;
        }
        for (Iterator<Map.Entry<String, JsonNode>> each = object.fields(); each.hasNext(); ) {
            Map.Entry<String, JsonNode> field = each.next();
            String name = field.getKey();
            if (embedded && OF_EVERY_OBJECT.contains(name)) {
                continue;
            }
            String below = path.isEmpty() ? name : path + "." + name;
            if (schema != null && schema.properties().containsKey(name)) {
                pruneChild(field.getValue(), schema.properties().get(name), below, unknown);
            } else if (schema != null && schema.open()) {
                pruneChild(field.getValue(), schema.additional(), below, unknown);
            } else if (schema == null || !schema.preserving()) {
                unknown.add(below);
                each.remove();
            }
        }
    }

    private static void pruneChild(JsonNode value, @Nullable Structural schema, String path, List<String> unknown) {
        prune(value, schema, schema != null && schema.embedded(), path, unknown);
    }

    /** Whether pruning would drop something of a value. */
    static boolean hasUnknown(JsonNode value, Structural schema, boolean embedded) {
        List<String> unknown = new ArrayList<>();
        prune(value.deepCopy(), schema, embedded, "", unknown);
        return !unknown.isEmpty();
    }

    /** Drops nulls where null is no value and nothing else takes its place. */
    static void dropNulls(JsonNode value, Structural schema) {
        if (value instanceof ArrayNode list && schema.items() != null) {
            for (JsonNode item : list) {
                dropNulls(item, schema.items());
            }
        } else if (value instanceof ObjectNode object) {
            for (Iterator<Map.Entry<String, JsonNode>> each = object.fields(); each.hasNext(); ) {
                Map.Entry<String, JsonNode> field = each.next();
                Structural below = schema.field(field.getKey());
                if (below == null) {
                    continue;
                }
                if (isMistakenNull(field.getValue(), below) && !below.hasDefault()) {
                    each.remove();
                } else {
                    dropNulls(field.getValue(), below);
                }
            }
        }
    }

    /** Fills in defaults for what is absent, and for nulls where null is no value. */
    static void setDefaults(JsonNode value, Structural schema) {
        if (value instanceof ArrayNode list && schema.items() != null) {
            Structural items = schema.items();
            for (int i = 0; i < list.size(); i++) {
                JsonNode standIn = items.defaultValue();
                if (standIn != null && isMistakenNull(list.get(i), items)) {
                    list.set(i, standIn.deepCopy());
                }
                setDefaults(list.get(i), items);
            }
        } else if (value instanceof ObjectNode object) {
            schema.properties().forEach((name, property) -> {
                JsonNode standIn = property.defaultValue();
                JsonNode given = object.get(name);
                if (standIn != null && property.hasDefault() && (given == null || isMistakenNull(given, property))) {
                    object.set(name, standIn.deepCopy());
                }
            });
            for (Map.Entry<String, JsonNode> field : object.properties()) {
                Structural below = schema.field(field.getKey());
                if (below == null) {
                    continue;
                }
                JsonNode standIn = below.defaultValue();
                if (standIn != null && below.hasDefault() && isMistakenNull(field.getValue(), below)) {
                    field.setValue(standIn.deepCopy());
                }
                setDefaults(field.getValue(), below);
            }
        }
    }

    private static boolean isMistakenNull(JsonNode value, Structural schema) {
        return value.isNull() && !schema.nullable();
    }

    /** Writes whole numbers that came with a fraction or an exponent as integers, as they are stored. */
    static void writeWholeNumbers(JsonNode value) {
        if (value instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> field : object.properties()) {
                JsonNode whole = whole(field.getValue());
                if (whole != field.getValue()) {
                    field.setValue(whole);
                }
                writeWholeNumbers(field.getValue());
            }
        } else if (value instanceof ArrayNode list) {
            for (int i = 0; i < list.size(); i++) {
                JsonNode whole = whole(list.get(i));
                if (whole != list.get(i)) {
                    list.set(i, whole);
                }
                writeWholeNumbers(list.get(i));
            }
        }
    }

    private static JsonNode whole(JsonNode value) {
        if (!value.isFloatingPointNumber()) {
            return value;
        }
        double number = value.doubleValue();
        if (number != Math.rint(number) || Math.abs(number) > EXACT) {
            return value;
        }
        long asLong = (long) number;
        return asLong == number && Math.abs(number) < Long.MAX_VALUE
                ? LongNode.valueOf(asLong)
                : BigIntegerNode.valueOf(new BigDecimal(number).toBigInteger());
    }
}
