package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.schema.JsonText.RepeatingObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Fits a tree to its type: checks the types of values, drops fields that the type doesn't have, rewrites amounts and times as
 * they are stored, and leaves out what is the same as absent: nulls, and empty values of fields that don't tell empty from
 * absent. Fields come in declaration order.
 *
 * <p>What the reference writes even when absent is not filled in here, so that defaulting finds absent what was not given; see
 * {@link CompleteForm}.
 */
public final class Decoder {
    /** Nesting beyond this is refused; nothing that makes sense comes near. */
    private static final int MAX_DEPTH = 1_000;

    private static final int MAX_STRICT_ERRORS = 100;

    /** Lists where "none" and "empty" differ: defaults fill in what is absent, rules refuse what is empty. */
    private static final List<String> TOLD_APART = List.of("[]v2.HPAScalingPolicy", "[]v1.PersistentVolumeAccessMode");

    private final List<String> strictErrors = new ArrayList<>();
    private @Nullable String typeError;
    private int depth;

    private Decoder() {}

    /**
     * A decoded tree.
     *
     * @param value what fits the type
     * @param strictErrors what was dropped: {@code unknown field "spec.foo"}, {@code duplicate field "data.a"}, in the order
     *     of the document
     */
    public record Result(ObjectNode value, List<String> strictErrors) {

        /** Copies the list. */
        public Result {
            strictErrors = ImmutableList.copyOf(strictErrors);
        }
    }

    /**
     * Decodes an object; the tree given is not changed.
     *
     * @param tree an object; anything else counts as an empty one
     * @param type the type of the object
     * @throws DecodeException if a value has the wrong type, such as {@code json: cannot unmarshal string into Go struct field
     *     DeploymentSpec.spec.replicas of type int32}
     */
    public static Result decode(JsonNode tree, TypeSchema type) {
        return decode(tree, type, 0);
    }

    private static Result decode(JsonNode tree, TypeSchema type, int depth) {
        Decoder decoder = new Decoder();
        decoder.depth = depth;
        ObjectNode value = decoder.object(tree, type, Path.ROOT);
        if (decoder.typeError != null) {
            throw new DecodeException(decoder.typeError);
        }
        return new Result(value, decoder.strictErrors);
    }

    /** A place in the tree, and the field whose type an error there names. */
    private record Path(@Nullable Path parent, String name, int index, String embeddedIn, String owner, String goType) {
        static final Path ROOT = new Path(null, "", -1, "", "", "");

        Path field(TypeSchema owner, FieldSchema field) {
            return new Path(this, field.name(), -1, field.embeddedIn(), owner.shortName(), field.goType());
        }

        Path item(int i, String type) {
            return new Path(this, "", i, "", owner, type);
        }

        /** The value under a map key, which errors about types leave out. */
        Path key(String key, String type) {
            return new Path(this, key, -2, "", owner, type);
        }

        /** With indexes and keys, as unknown fields are named. */
        String full() {
            StringBuilder text = new StringBuilder();
            append(text, true);
            return text.toString();
        }

        /** Without them, as errors about types have it. */
        String fields() {
            StringBuilder text = new StringBuilder();
            append(text, false);
            return text.toString();
        }

        private void append(StringBuilder text, boolean all) {
            if (parent == null) {
                return;
            }
            parent.append(text, all);
            if (index >= 0) {
                text.append(all ? "[" + index + "]" : "");
            } else if (all || index == -1) {
                if (!all && !embeddedIn.isEmpty()) {
                    text.append(text.length() == 0 ? "" : ".").append(embeddedIn);
                }
                text.append(text.length() == 0 ? "" : ".").append(name);
            }
        }
    }

    private ObjectNode object(JsonNode tree, TypeSchema type, Path path) {
        ObjectNode given = JsonNodeFactory.instance.objectNode();
        int position = 0;
        for (Map.Entry<String, JsonNode> entry : tree.properties()) {
            reportRepeated(tree, position++, type, path);
            FieldSchema field = type.fields().get(entry.getKey());
            if (field == null) {
                if (type.preserveUnknownFields()) {
                    given.set(entry.getKey(), entry.getValue());
                } else {
                    strict("unknown", path, entry.getKey());
                }
                continue;
            }
            JsonNode value = value(entry.getValue(), field.type(), path.field(type, field));
            if (value != null && (!isLeftOut(value, field) || isToldApart(type, field))) {
                given.set(field.name(), value);
            }
        }
        reportRepeated(tree, position, type, path);
        return inDeclarationOrder(given, type);
    }

    private void reportRepeated(JsonNode tree, int position, @Nullable TypeSchema type, Path path) {
        if (!(tree instanceof RepeatingObject)) {
            return;
        }
        for (RepeatingObject.Repeated repeated : ((RepeatingObject) tree).repeated()) {
            boolean known = type == null || type.fields().containsKey(repeated.name());
            if (repeated.position() == position && known) {
                strict("duplicate", path, repeated.name());
            }
        }
    }

    private static ObjectNode inDeclarationOrder(ObjectNode given, TypeSchema type) {
        ObjectNode ordered = JsonNodeFactory.instance.objectNode();
        for (String name : type.fields().keySet()) {
            JsonNode value = given.remove(name);
            if (value != null) {
                ordered.set(name, value);
            }
        }
        ordered.setAll(given);
        return ordered;
    }

    private void strict(String what, Path path, String name) {
        if (strictErrors.size() < MAX_STRICT_ERRORS) {
            String prefix = path.full();
            String full = prefix.isEmpty() ? name : prefix + "." + name;
            strictErrors.add(what + " field \"" + full.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
        }
    }

    /** Whether an empty list is told from none, which most messages don't. */
    private static boolean isToldApart(TypeSchema type, FieldSchema field) {
        return field.type().kind() == TypeSchema.Kind.LIST
                && (TOLD_APART.contains(field.goType()) || type.name().endsWith(".ServiceCIDRSpec"));
    }

    /** Whether a value says no more than the absence of the field. */
    private static boolean isLeftOut(JsonNode value, FieldSchema field) {
        if (field.pointer() || field.goType().isEmpty()) {
            return false;
        }
        switch (field.type().kind()) {
            case OBJECT:
                return value.isEmpty();
            case LIST:
            case MAP:
                return field.omitEmpty() && value.isEmpty();
            case STRING:
            case BYTES:
                return field.omitEmpty() && value.asText().isEmpty();
            case BOOLEAN:
                return field.omitEmpty() && !value.booleanValue();
            case INT32:
            case INT64:
            case NUMBER:
                return field.omitEmpty() && value.doubleValue() == 0;
            default:
                return false;
        }
    }

    /** The decoded value; null if there is none. */
    private @Nullable JsonNode value(JsonNode node, TypeSchema type, Path path) {
        if (node.isNull() && type.kind() != TypeSchema.Kind.JSON) {
            return null;
        }
        if (++depth > MAX_DEPTH) {
            throw new DecodeException("exceeded max depth");
        }
        try {
            return notNull(node, type, path);
        } finally {
            depth--;
        }
    }

    private @Nullable JsonNode notNull(JsonNode node, TypeSchema type, Path path) {
        switch (type.kind()) {
            case OBJECT:
                return node.isObject() ? object(node, type, path) : mismatch(node, path);
            case MAP:
                return node.isObject() ? map(node, type, path) : mismatch(node, path);
            case LIST:
                return node.isArray() ? list(node, type, path) : mismatch(node, path);
            case STRING:
                return node.isTextual() ? node : mismatch(node, path);
            case BYTES:
                return node.isTextual() ? bytes(node) : mismatch(node, path);
            case BOOLEAN:
                return node.isBoolean() ? node : mismatch(node, path);
            case INT32:
                return isInteger(node) && node.canConvertToInt() ? node : mismatchedNumber(node, path, path.goType());
            case INT64:
                return isInteger(node) && node.canConvertToLong() ? node : mismatchedNumber(node, path, path.goType());
            case NUMBER:
                return node.isNumber() ? node : mismatch(node, path);
            case INT_OR_STRING:
                if (node.isTextual() || isInteger(node) && node.canConvertToInt()) {
                    return node;
                }
                throw new DecodeException(typeError(numberOrType(node), path, "int32"));
            case QUANTITY:
                return TextNode.valueOf(Quantities.normalize(node.isValueNode() ? written(node) : "{}"));
            case TIME:
            case MICRO_TIME:
                if (!node.isTextual()) {
                    throw new DecodeException(typeError(typeName(node), path, "string"));
                }
                return TextNode.valueOf(Times.normalize(node.textValue(), type.kind() == TypeSchema.Kind.MICRO_TIME));
            case SCHEMA_OR_LIST:
                return node.isArray()
                        ? lenientList(node, type.element())
                        : node.isObject() ? lenient(node, type) : NullNode.getInstance();
            case SCHEMA_OR_BOOLEAN:
                if (!node.isObject() && !node.isBoolean()) {
                    throw new DecodeException("boolean or JSON schema expected");
                }
                return node.isObject() ? lenient(node, type) : node;
            case SCHEMA_OR_STRINGS:
                return node.isArray() ? node : node.isObject() ? lenient(node, type) : null;
            default:
                checkDepth(node);
                return node;
        }
    }

    /** A map; its keys in order, as the reference writes them. */
    private JsonNode map(JsonNode node, TypeSchema type, Path path) {
        Map<String, JsonNode> sorted = new TreeMap<>();
        String elementType = elementGoType(path.goType(), type.element());
        int position = 0;
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            reportRepeated(node, position++, null, path);
            JsonNode value = value(entry.getValue(), type.element(), path.key(entry.getKey(), elementType));
            sorted.put(entry.getKey(), value == null ? zero(type.element()) : value);
        }
        reportRepeated(node, position, null, path);
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        sorted.forEach(result::set);
        return result;
    }

    private JsonNode list(JsonNode node, TypeSchema type, Path path) {
        ArrayNode result = JsonNodeFactory.instance.arrayNode(node.size());
        String elementType = elementGoType(path.goType(), type.element());
        for (int i = 0; i < node.size(); i++) {
            JsonNode value = value(node.get(i), type.element(), path.item(i, elementType));
            result.add(value == null ? zero(type.element()) : value);
        }
        return result;
    }

    /** What an absent value is where something must stand. */
    static JsonNode zero(TypeSchema type) {
        switch (type.kind()) {
            case OBJECT:
                return JsonNodeFactory.instance.objectNode();
            case STRING:
                return TextNode.valueOf("");
            case BOOLEAN:
                return BooleanNode.FALSE;
            case INT32:
            case INT64:
            case NUMBER:
            case INT_OR_STRING:
                return IntNode.valueOf(0);
            case QUANTITY:
                return TextNode.valueOf("0");
            default:
                return NullNode.instance;
        }
    }

    private JsonNode lenient(JsonNode node, TypeSchema type) {
        return decode(node, type.element(), depth).value();
    }

    private JsonNode lenientList(JsonNode node, TypeSchema element) {
        ArrayNode result = JsonNodeFactory.instance.arrayNode(node.size());
        node.forEach(item -> result.add(decode(item, element, depth).value()));
        return result;
    }

    private @Nullable JsonNode bytes(JsonNode node) {
        int bad = Base64Text.firstIllegal(node.textValue());
        if (bad < 0) {
            return TextNode.valueOf(Base64Text.withoutLineBreaks(node.textValue()));
        }
        if (typeError == null) {
            typeError = "illegal base64 data at input byte " + bad;
        }
        return null;
    }

    private @Nullable JsonNode mismatch(JsonNode node, Path path) {
        if (typeError == null) {
            typeError = typeError(typeName(node), path, path.goType());
        }
        return null;
    }

    private @Nullable JsonNode mismatchedNumber(JsonNode node, Path path, String goType) {
        if (typeError == null) {
            typeError = typeError(numberOrType(node), path, goType);
        }
        return null;
    }

    private static String typeError(String found, Path path, String goType) {
        return "json: cannot unmarshal %s into Go struct field %s.%s of type %s"
                .formatted(found, path.owner(), path.fields(), goType.replace("[]byte", "[]uint8"));
    }

    private static String numberOrType(JsonNode node) {
        return node.isNumber() ? "number " + written(node) : typeName(node);
    }

    static String typeName(JsonNode node) {
        if (node.isObject()) {
            return "object";
        }
        return node.isArray() ? "array" : node.isTextual() ? "string" : node.isBoolean() ? "bool" : "number";
    }

    private static String written(JsonNode node) {
        return node instanceof JsonText.WrittenNumber ? ((JsonText.WrittenNumber) node).written() : node.asText();
    }

    private static boolean isInteger(JsonNode node) {
        return node.isIntegralNumber();
    }

    private static String elementGoType(String goType, TypeSchema element) {
        if (goType.startsWith("[]")) {
            return stripPointer(goType.substring(2));
        }
        if (goType.startsWith("map[")) {
            return stripPointer(goType.substring(goType.indexOf(']') + 1));
        }
        if (element.kind() == TypeSchema.Kind.OBJECT) {
            String name = element.name();
            int last = name.lastIndexOf('.');
            return name.substring(name.lastIndexOf('.', last - 1) + 1);
        }
        return element.kind() == TypeSchema.Kind.STRING ? "string" : "";
    }

    private static String stripPointer(String goType) {
        return goType.startsWith("*") ? goType.substring(1) : goType;
    }

    /** Free-form values are kept as they are; too deep ones could not be written again. */
    static void checkDepth(JsonNode value) {
        if (!value.isContainerNode()) {
            return;
        }
        List<JsonNode> level = List.of(value);
        for (int d = 0; !level.isEmpty(); d++) {
            if (d > MAX_DEPTH / 2) {
                throw new DecodeException("exceeded max depth");
            }
            List<JsonNode> next = new ArrayList<>();
            for (JsonNode node : level) {
                for (JsonNode child : node) {
                    if (child.isContainerNode()) {
                        next.add(child);
                    }
                }
            }
            level = next;
        }
    }
}
