package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.JsonSyntax;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.TreeSet;

/**
 * Remembers what of a document a patch has opened: the reference writes that again with its members in order of name, and leaves the
 * rest as it was.
 */
final class WrittenTree {
    private final Set<JsonNode> opened = Collections.newSetFromMap(new IdentityHashMap<>());

    void open(JsonNode node) {
        opened.add(node);
    }

    void openAll(JsonNode node) {
        opened.add(node);
        node.forEach(child -> {
            if (child.isContainerNode()) {
                openAll(child);
            }
        });
    }

    /** A copy with the members in the order in which they are written. */
    JsonNode copy(JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode result = Json.object();
            Set<String> names = new TreeSet<>();
            object.fieldNames().forEachRemaining(names::add);
            if (opened.contains(node)) {
                names.forEach(name -> result.set(name, copy(object.path(name))));
            } else {
                object.properties().forEach(member -> result.set(member.getKey(), copy(member.getValue())));
            }
            return result;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode result = array.arrayNode(array.size());
            array.forEach(item -> result.add(copy(item)));
            return result;
        }
        return node;
    }

    /** The document as text. */
    String text(JsonNode node) {
        StringBuilder text = new StringBuilder();
        write(copy(node), text);
        return text.toString();
    }

    private static void write(JsonNode node, StringBuilder text) {
        if (node.isObject()) {
            char before = '{';
            for (var member : node.properties()) {
                text.append(before);
                write(TextNode.valueOf(member.getKey()), text);
                text.append(':');
                write(member.getValue(), text);
                before = ',';
            }
            text.append(node.isEmpty() ? "{}" : "}");
        } else if (node.isArray()) {
            char before = '[';
            for (JsonNode item : node) {
                text.append(before);
                write(item, text);
                before = ',';
            }
            text.append(node.isEmpty() ? "[]" : "]");
        } else if (node.isTextual()) {
            text.append(new String(Json.write(node), StandardCharsets.UTF_8)
                    .replace("<", "\\u003c")
                    .replace(">", "\\u003e")
                    .replace("&", "\\u0026")
                    .replace("\u2028", "\\u2028")
                    .replace("\u2029", "\\u2029"));
        } else {
            text.append(JsonSyntax.literal(node));
        }
    }
}
