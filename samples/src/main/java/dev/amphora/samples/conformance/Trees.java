package dev.amphora.samples.conformance;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** JSON as recordings have it: read strictly, written as the recorder sent it. */
final class Trees {
    private static final int LONGEST_SHOWN = 160;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final ObjectMapper MAPPER = new ObjectMapper(new JsonFactoryBuilder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(200_000)
                            .maxNameLength(8 << 20)
                            .maxStringLength(64 << 20)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Trees() {}

    static ObjectNode object() {
        return NODES.objectNode();
    }

    static ArrayNode array() {
        return NODES.arrayNode();
    }

    static ArrayNode array(Iterable<String> texts) {
        ArrayNode array = NODES.arrayNode();
        texts.forEach(array::add);
        return array;
    }

    /** Reads what is known to be JSON, such as a recording. */
    static JsonNode read(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** A body: JSON, or a text if it is no JSON; missing if it is empty. */
    static JsonNode parse(String text) {
        if (text.isEmpty()) {
            return NODES.nullNode();
        }
        try {
            JsonNode tree = MAPPER.readTree(text);
            return tree.isMissingNode() ? TextNode.valueOf(text) : tree;
        } catch (JsonProcessingException e) {
            return TextNode.valueOf(text);
        }
    }

    /** A member at the end of a path of names; missing if any is not there. */
    static JsonNode at(JsonNode tree, String... path) {
        JsonNode node = tree;
        for (String name : path) {
            node = node.path(name);
        }
        return node;
    }

    static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asText()));
        return texts;
    }

    static List<ObjectNode> objects(JsonNode array) {
        List<ObjectNode> objects = new ArrayList<>();
        array.forEach(each -> objects.add((ObjectNode) each));
        return objects;
    }

    /** The members whose names are wanted, in their order. */
    static ObjectNode pick(JsonNode object, Iterable<String> names) {
        ObjectNode picked = object();
        for (String name : names) {
            if (object.has(name)) {
                picked.set(name, object.get(name));
            }
        }
        return picked;
    }

    static Iterable<Map.Entry<String, JsonNode>> members(JsonNode object) {
        return object.properties();
    }

    /** A copy with every name and every text changed. */
    static JsonNode map(JsonNode tree, UnaryOperator<String> names, Function<String, JsonNode> texts) {
        if (tree.isObject()) {
            ObjectNode copy = object();
            for (Map.Entry<String, JsonNode> member : members(tree)) {
                copy.set(names.apply(member.getKey()), map(member.getValue(), names, texts));
            }
            return copy;
        }
        if (tree.isArray()) {
            ArrayNode copy = array();
            tree.forEach(each -> copy.add(map(each, names, texts)));
            return copy;
        }
        return tree.isTextual() ? texts.apply(tree.textValue()) : tree;
    }

    /** Merges as RFC 7386 says, into the target. */
    static void merge(ObjectNode target, JsonNode patch) {
        for (Map.Entry<String, JsonNode> member : members(patch)) {
            JsonNode value = member.getValue();
            if (value.isNull()) {
                target.remove(member.getKey());
            } else if (value.isObject() && target.get(member.getKey()) instanceof ObjectNode inner) {
                merge(inner, value);
            } else {
                target.set(member.getKey(), value);
            }
        }
    }

    /** The text in which the recorder sent a tree: blanks after commas and colons, escapes beyond ASCII. */
    static String write(JsonNode tree) {
        StringBuilder out = new StringBuilder();
        write(tree, out, true);
        return out.toString();
    }

    /** A tree for people, cut where it gets long. */
    static String brief(JsonNode tree) {
        StringBuilder out = new StringBuilder();
        write(tree.isMissingNode() ? NODES.nullNode() : tree, out, false);
        return out.length() < LONGEST_SHOWN ? out.toString() : out.substring(0, LONGEST_SHOWN - 3) + "...";
    }

    private static void write(JsonNode tree, StringBuilder out, boolean ascii) {
        if (tree.isObject()) {
            out.append('{');
            String comma = "";
            for (Map.Entry<String, JsonNode> member : members(tree)) {
                out.append(comma);
                quote(member.getKey(), out, ascii);
                out.append(": ");
                write(member.getValue(), out, ascii);
                comma = ", ";
            }
            out.append('}');
        } else if (tree.isArray()) {
            out.append('[');
            for (Iterator<JsonNode> each = tree.elements(); each.hasNext(); ) {
                write(each.next(), out, ascii);
                out.append(each.hasNext() ? ", " : "");
            }
            out.append(']');
        } else if (tree.isTextual()) {
            quote(tree.textValue(), out, ascii);
        } else if (tree.isFloatingPointNumber()) {
            out.append(number(tree.doubleValue()));
        } else {
            out.append(tree instanceof MissingNode ? "null" : tree.toString());
        }
    }

    private static void quote(String text, StringBuilder out, boolean ascii) {
        out.append('"');
        for (char c : JsonStringEncoder.getInstance().quoteAsString(text)) {
            if (ascii && c > 126) {
                out.append("\\u%04x".formatted((int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    /** The shortest digits that mean a number; an exponent from 16 digits on. */
    private static String number(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.toString(value);
        }
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (value == 0 || (exponent >= -4 && exponent < 16)) {
            String plain = value == 0 ? Double.toString(value) : digits.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String unscaled = digits.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "")
                + unscaled.charAt(0)
                + (unscaled.length() > 1 ? "." + unscaled.substring(1) : "")
                + "e%s%02d".formatted(exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
}
