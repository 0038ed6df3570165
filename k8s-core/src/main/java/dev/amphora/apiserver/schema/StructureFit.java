package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Fits free trees to types as the reference does where no text is decoded: with words of its own for what doesn't fit, taking the
 * fields in declaration order, and with whole numbers whatever way they were written. Stateless.
 */
public final class StructureFit {
    private StructureFit() {}

    /**
     * Checks a tree and makes its numbers whole where the type wants that.
     *
     * @param tree changed in place
     * @throws DecodeException if a value has the wrong type, such as {@code cannot restore slice from map}
     */
    public static void fit(ObjectNode tree, TypeSchema type) {
        value(tree, type);
    }

    private static JsonNode value(JsonNode node, TypeSchema type) {
        if (node.isNull()) {
            return node;
        }
        switch (type.kind()) {
            case OBJECT -> object(node, type);
            case MAP -> map(node, type);
            case LIST -> list(node, type);
            case BYTES -> bytes(node);
            case STRING -> scalar(node, node.isTextual(), "string");
            case BOOLEAN -> scalar(node, node.isBoolean(), "bool");
            case INT32 -> {
                return whole(node, "int32");
            }
            case INT64 -> {
                return whole(node, "int64");
            }
            case INT_OR_STRING -> {
                return intOrString(node);
            }
            default -> {}
        }
        return node;
    }

    private static void object(JsonNode node, TypeSchema type) {
        if (!(node instanceof ObjectNode object)) {
            throw new DecodeException("cannot restore struct from: " + kind(node));
        }
        for (FieldSchema field : type.fields().values()) {
            JsonNode value = object.get(field.name());
            if (value != null) {
                object.set(field.name(), value(value, field.type()));
            }
        }
    }

    private static void map(JsonNode node, TypeSchema type) {
        if (!node.isObject()) {
            throw new DecodeException("cannot restore map from " + kind(node));
        }
        node.properties().forEach(entry -> entry.setValue(value(entry.getValue(), type.element())));
    }

    private static void list(JsonNode node, TypeSchema type) {
        if (!(node instanceof ArrayNode array)) {
            throw new DecodeException("cannot restore slice from " + kind(node));
        }
        for (int i = 0; i < array.size(); i++) {
            array.set(i, value(array.get(i), type.element()));
        }
    }

    private static void bytes(JsonNode node) {
        if (!node.isTextual()) {
            throw new DecodeException("cannot restore slice from " + kind(node));
        }
        int bad = Base64Text.firstIllegal(node.textValue());
        if (bad >= 0) {
            throw new DecodeException("error decoding from json: illegal base64 data at input byte " + bad);
        }
    }

    private static void scalar(JsonNode node, boolean fits, String wanted) {
        if (!fits) {
            // Whole numbers could become characters, which is not meant; other kinds have no conversion at all.
            throw new DecodeException(
                    wanted.equals("string") && node.isIntegralNumber()
                            ? "cannot convert int64 to string"
                            : "unrecognized type: " + wanted);
        }
    }

    private static JsonNode whole(JsonNode node, String wanted) {
        if (!node.isNumber()) {
            throw new DecodeException("unrecognized type: " + wanted);
        }
        long number = node.longValue();
        if (!node.isIntegralNumber()) {
            if (node.doubleValue() != Math.rint(node.doubleValue())) {
                throw new DecodeException("cannot convert float64 to " + wanted);
            }
        } else if (wanted.equals("int64") || node.canConvertToInt()) {
            return node;
        }
        // What is too long for the field loses its upper half.
        int low = (int) number;
        return wanted.equals("int32") || low == number ? IntNode.valueOf(low) : LongNode.valueOf(number);
    }

    private static JsonNode intOrString(JsonNode node) {
        if (node.isTextual() || node.isIntegralNumber() && node.canConvertToInt()) {
            return node;
        }
        if (node.isFloatingPointNumber() && node.doubleValue() == Math.rint(node.doubleValue())) {
            return IntNode.valueOf(node.intValue());
        }
        throw new DecodeException("json: cannot unmarshal %s into Go value of type int32"
                .formatted(node.isNumber() ? "number " + JsonSyntax.literal(node) : Decoder.typeName(node)));
    }

    private static String kind(JsonNode node) {
        if (node.isObject()) {
            return "map";
        }
        if (node.isArray()) {
            return "slice";
        }
        if (node.isNumber()) {
            return node.isIntegralNumber() ? "int64" : "float64";
        }
        return node.isTextual() ? "string" : "bool";
    }
}
