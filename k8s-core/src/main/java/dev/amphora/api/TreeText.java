package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Writes trees as JSON, without the generality of a generator: what is not plain is left to one, value by value. */
final class TreeText {
    private static final int FIRST_SIZE = 4096;
    /** Room that is not larger is kept for those who write next. */
    private static final int LARGEST_KEPT = 1 << 16;

    private static final AtomicReferenceArray<byte @Nullable []> ROOM = new AtomicReferenceArray<>(4);
    /** How many levels of what doesn't change are looked at for texts that are known. */
    private static final int LEVELS = 3;
    /** What nests more deeply is left to the generator as a whole. */
    private static final int DEEPEST = 500;

    /** By character: whether it is written as it is. */
    private static final boolean[] PLAIN = plain();

    private final Function<Object, byte[]> others;
    private byte[] text = takeRoom();
    private int length;

    private TreeText(Function<Object, byte[]> others) {
        this.others = others;
    }

    /** Whether a character is written as it is and needs no care. */
    static boolean isPlain(byte c) {
        return c >= 0 && PLAIN[c];
    }

    private static byte[] takeRoom() {
        for (int i = 0; i < ROOM.length(); i++) {
            byte[] kept = ROOM.get(i) == null ? null : ROOM.getAndSet(i, null);
            if (kept != null) {
                return kept;
            }
        }
        return new byte[FIRST_SIZE];
    }

    /** What has been written, after which nothing more may be. */
    private byte[] end() {
        byte[] written = Arrays.copyOf(text, length);
        for (int i = 0; i < ROOM.length() && text.length <= LARGEST_KEPT; i++) {
            if (ROOM.get(i) == null && ROOM.compareAndSet(i, null, text)) {
                break;
            }
        }
        text = written;
        return written;
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
        return writing.value(tree, old, LEVELS, 0) ? writing.end() : others.apply(tree);
    }

    /**
     * Writes a value; false if it nests too deeply.
     *
     * @param old what shares nodes with it
     * @param levels how many more levels of what it shares are looked at
     */
    private boolean value(JsonNode node, @Nullable JsonNode old, int levels, int depth) {
        if (depth > DEEPEST) {
            return false;
        }
        Class<?> form = node.getClass();
        if (form == ObjectNode.class) {
            return object((ObjectNode) node, old instanceof ObjectNode before ? before : null, levels, depth);
        }
        if (form == ArrayNode.class) {
            return array((ArrayNode) node, old, levels, depth);
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

    private boolean array(ArrayNode array, @Nullable JsonNode old, int levels, int depth) {
        put('[');
        for (int i = 0; i < array.size(); i++) {
            if (i > 0) {
                put(',');
            }
            JsonNode value = array.get(i);
            if (!part(value, array == old ? value : null, levels, depth + 1)) {
                return false;
            }
        }
        put(']');
        return true;
    }

    private boolean object(ObjectNode object, @Nullable ObjectNode old, int levels, int depth) {
        put('{');
        boolean first = true;
        Iterator<Map.Entry<String, JsonNode>> those = old == null || old == object
                ? Collections.emptyIterator()
                : old.properties().iterator();
        Map.Entry<String, JsonNode> there = next(those);
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            if (!first) {
                put(',');
            }
            first = false;
            quoted(member.getKey());
            put(':');
            JsonNode value = member.getValue();
            JsonNode before = old == object ? value : null;
            if (there != null && there.getKey().equals(member.getKey())) {
                before = there.getValue();
                there = next(those);
            } else if (before == null && old != null) {
                before = old.get(member.getKey());
            }
            if (!part(value, before, levels, depth + 1)) {
                return false;
            }
        }
        put('}');
        return true;
    }

    private static Map.@Nullable Entry<String, JsonNode> next(Iterator<Map.Entry<String, JsonNode>> members) {
        return members.hasNext() ? members.next() : null;
    }

    private boolean part(JsonNode node, @Nullable JsonNode old, int levels, int depth) {
        return node == old && levels > 0 && node.isContainerNode() && !node.isEmpty()
                ? shared(node, levels - 1, depth)
                : value(node, old, levels, depth);
    }

    /** Writes a value that doesn't change and may be part of many trees. */
    private boolean shared(JsonNode node, int levels, int depth) {
        int place = RecentTexts.place(node);
        byte[] known = RecentTexts.of(place, node);
        if (known != null) {
            bytes(known);
            return true;
        }
        int begin = length;
        if (!value(node, node, levels, depth)) {
            return false;
        }
        RecentTexts.remember(place, node, text, begin, length);
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
