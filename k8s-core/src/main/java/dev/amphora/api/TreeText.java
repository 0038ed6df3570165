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
        TreeText writing = new TreeText(others);
        return writing.value(tree, 0) ? Arrays.copyOf(writing.text, writing.length) : others.apply(tree);
    }

    /** Writes a value; false if it nests too deeply. */
    private boolean value(JsonNode node, int depth) {
        if (depth > DEEPEST) {
            return false;
        }
        Class<?> form = node.getClass();
        if (form == ObjectNode.class) {
            return object((ObjectNode) node, depth);
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

    private boolean object(ObjectNode object, int depth) {
        put('{');
        boolean first = true;
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            if (!first) {
                put(',');
            }
            first = false;
            quoted(member.getKey());
            put(':');
            if (!value(member.getValue(), depth + 1)) {
                return false;
            }
        }
        put('}');
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
