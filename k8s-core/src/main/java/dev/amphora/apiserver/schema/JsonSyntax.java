package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.JsonText.RepeatingObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads JSON with the reference's words for what isn't any, and with its memory for how it was written. */
public final class JsonSyntax {
    private JsonSyntax() {}

    /**
     * Reads one value. The tree remembers members that were given twice and how numbers were written.
     *
     * @throws DecodeException if the bytes are not one JSON value, such as {@code unexpected end of JSON input}
     */
    public static JsonNode read(byte[] bytes) {
        return JsonText.parse(bytes);
    }

    /** Why the bytes are not one JSON value, such as {@code unexpected end of JSON input}; empty if they are. */
    public static Optional<String> error(byte[] bytes) {
        try {
            JsonText.parse(bytes);
            return Optional.empty();
        } catch (DecodeException e) {
            return Optional.of(e.reason());
        }
    }

    /** Each member that was given twice in a tree, such as {@code duplicate field "data.a"}. */
    public static List<String> repeated(JsonNode tree) {
        if (!repeats(tree)) {
            return List.of();
        }
        List<String> repeated = new ArrayList<>();
        find(tree, "", repeated);
        return repeated;
    }

    /** Whether a tree remembers anything that was given twice. */
    public static boolean repeats(JsonNode tree) {
        if (tree instanceof RepeatingObject) {
            return true;
        }
        if (tree.isContainerNode()) {
            for (JsonNode each : tree) {
                if (repeats(each)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void find(JsonNode node, String path, List<String> repeated) {
        for (int i = 0; i < node.size() && node.isArray(); i++) {
            find(node.get(i), path + "[" + i + "]", repeated);
        }
        int position = 0;
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            report(node, position++, path, repeated);
            if (entry.getValue().isContainerNode()) {
                find(entry.getValue(), path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(), repeated);
            }
        }
        report(node, position, path, repeated);
    }

    private static void report(JsonNode node, int position, String path, List<String> repeated) {
        if (node instanceof RepeatingObject object) {
            for (RepeatingObject.Repeated each : object.repeated()) {
                if (each.position() == position) {
                    repeated.add("duplicate field \"" + (path.isEmpty() ? "" : path + ".") + each.name() + "\"");
                }
            }
        }
    }

    /** A copy that doesn't remember what was given twice. */
    public static JsonNode plain(JsonNode tree) {
        if (tree.isObject()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            tree.properties().forEach(member -> object.set(member.getKey(), plain(member.getValue())));
            return object;
        }
        if (tree.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode(tree.size());
            tree.forEach(item -> array.add(plain(item)));
            return array;
        }
        return tree;
    }

    /** A scalar as it was written. */
    public static String literal(JsonNode scalar) {
        return scalar instanceof JsonText.WrittenNumber number ? number.written() : scalar.asText();
    }
}
