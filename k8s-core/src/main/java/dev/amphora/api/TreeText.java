package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Writes trees as JSON, without the generality of a generator: what is not plain is left to one, value by value. */
final class TreeText {
    private static final int FIRST_SIZE = 2048;
    /** What nests more deeply is left to the generator as a whole. */
    private static final int DEEPEST = 500;

    /** By character: whether it is written as it is. */
    private static final boolean[] PLAIN = plain();

    private final Function<Object, byte[]> others;
    private byte[] text = new byte[FIRST_SIZE];
    private int length;

    private TreeText(Function<Object, byte[]> others) {
        this.others = others;
    }

    private static boolean[] plain() {
        boolean[] plain = new boolean[128];
        for (int c = ' '; c < 127; c++) {
            plain[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
        }
        return plain;
    }

    /**
     * Writes a tree.
     *
     * @param others writes texts that need care, and values other than texts, whole numbers, booleans and null
     */
    static byte[] write(JsonNode tree, Function<Object, byte[]> others) {
        return write(tree, null, others);
    }

    /**
     * The same for a tree that shares nodes with another one, which isn't changed any more: they are written once for all such trees.
     *
     * @param old null if there is no other one
     */
    static byte[] write(JsonNode tree, @Nullable ObjectNode old, Function<Object, byte[]> others) {
        TreeText writing = new TreeText(others);
        return writing.value(tree, old, 0) ? Arrays.copyOf(writing.text, writing.length) : others.apply(tree);
    }

    /** Writes a value; false if it nests too deeply. */
    private boolean value(JsonNode node, int depth) {
        return value(node, null, depth);
    }

    private boolean value(JsonNode node, @Nullable JsonNode old, int depth) {
        if (depth > DEEPEST) {
            return false;
        }
        Class<?> form = node.getClass();
        if (form == ObjectNode.class) {
            return object((ObjectNode) node, old instanceof ObjectNode before ? before : null, depth);
        }
        if (form == ArrayNode.class) {
            return array((ArrayNode) node, depth);
        }
        if (node.isTextual()) {
            quoted(node.textValue());
        } else if (form == IntNode.class || form == LongNode.class) {
            ascii(Long.toString(node.longValue()));
        } else if (node.isBoolean() || node.isNull()) {
            ascii(node.asText());
        } else {
            bytes(others.apply(node));
        }
        return true;
    }

    private boolean array(ArrayNode array, int depth) {
        put('[');
        for (int i = 0; i < array.size(); i++) {
            if (i > 0) {
                put(',');
            }
            if (!value(array.get(i), depth + 1)) {
                return false;
            }
        }
        put(']');
        return true;
    }

    private boolean object(ObjectNode object, @Nullable ObjectNode old, int depth) {
        put('{');
        boolean first = true;
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            if (!first) {
                put(',');
            }
            first = false;
            quoted(member.getKey());
            put(':');
            JsonNode value = member.getValue();
            JsonNode before = old == null ? null : old.get(member.getKey());
            boolean written = value == before && value.isContainerNode()
                    ? shared(value, depth + 1)
                    : value(value, before, depth + 1);
            if (!written) {
                return false;
            }
        }
        put('}');
        return true;
    }

    /** Writes a value that doesn't change and may be part of many trees. */
    private boolean shared(JsonNode node, int depth) {
        byte[] known = RecentTexts.of(node);
        if (known != null) {
            bytes(known);
            return true;
        }
        int begin = length;
        if (!value(node, depth)) {
            return false;
        }
        RecentTexts.remember(node, text, begin, length);
        return true;
    }

    private void quoted(String value) {
        int size = value.length();
        room(2 * size + 2);
        byte[] into = text;
        int at = length;
        into[at++] = '"';
        for (int i = 0; i < size; i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                into[at++] = '\\';
            } else if (c >= 128 || !PLAIN[c]) {
                bytes(others.apply(value));
                return;
            }
            into[at++] = (byte) c;
        }
        into[at++] = '"';
        length = at;
    }

    private void ascii(String value) {
        bytes(value.getBytes(StandardCharsets.ISO_8859_1));
    }

    private void bytes(byte[] value) {
        room(value.length);
        System.arraycopy(value, 0, text, length, value.length);
        length += value.length;
    }

    private void put(char c) {
        room(1);
        text[length++] = (byte) c;
    }

    private void room(int more) {
        if (length + more > text.length) {
            text = Arrays.copyOf(text, Math.max(length + more, 2 * text.length));
        }
    }
}
