package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;

/** The order in which messages name the steps of paths: fields, elements by key, by value, by position; numbers by value. */
final class PathOrder {
    static final Comparator<String> ELEMENTS = PathOrder::compare;
    private static final String KINDS = "fkvi";

    private PathOrder() {}

    private static int compare(String one, String other) {
        char kind = one.charAt(0);
        if (kind != other.charAt(0)) {
            return Integer.compare(KINDS.indexOf(kind), KINDS.indexOf(other.charAt(0)));
        }
        return switch (kind) {
            case 'k' -> compareKeys(FieldSet.json(one), FieldSet.json(other));
            case 'v' -> compareValues(FieldSet.json(one), FieldSet.json(other));
            case 'i' -> compareValues(FieldSet.json(one), FieldSet.json(other));
            default -> one.compareTo(other);
        };
    }

    private static int compareKeys(JsonNode one, JsonNode other) {
        Iterator<Map.Entry<String, JsonNode>> ones = one.properties().iterator();
        Iterator<Map.Entry<String, JsonNode>> others = other.properties().iterator();
        while (ones.hasNext() && others.hasNext()) {
            Map.Entry<String, JsonNode> left = ones.next();
            Map.Entry<String, JsonNode> right = others.next();
            int order = left.getKey().compareTo(right.getKey());
            order = order == 0 ? compareValues(left.getValue(), right.getValue()) : order;
            if (order != 0) {
                return order;
            }
        }
        return Boolean.compare(ones.hasNext(), others.hasNext());
    }

    /** Numbers before texts before flags before nothing. */
    private static int compareValues(JsonNode one, JsonNode other) {
        if (one.isNumber() && other.isNumber()) {
            return one.isIntegralNumber() && other.isIntegralNumber()
                    ? Long.compare(one.longValue(), other.longValue())
                    : Double.compare(one.doubleValue(), other.doubleValue());
        }
        if (one.isTextual() && other.isTextual()) {
            return one.textValue().compareTo(other.textValue());
        }
        int kinds = Integer.compare(rank(one), rank(other));
        return kinds == 0 ? Boolean.compare(one.asBoolean(), other.asBoolean()) : kinds;
    }

    private static int rank(JsonNode value) {
        return value.isNumber() ? 0 : value.isTextual() ? 1 : value.isBoolean() ? 2 : 3;
    }
}
