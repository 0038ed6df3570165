package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects as they are stored: without white space, and like many others in most of their parts. A part that reads as one that was
 * read lately is that very node, so it isn't read again, and what was made of it is found by the node. What is out of the ordinary is left
 * to the general way.
 */
final class PartReader {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    /** What nests more deeply is left to the general way. */
    private static final int DEEPEST = 100;
    /** Down to which level parts are shared; those of the first are status and spec. */
    private static final int DEEPEST_SHARED = 4;

    private static final int MOST_DIGITS = 18;
    /** What is longer may be more than the general way takes. */
    private static final int LONGEST_NAME = 1000;

    private static final String OWN = "metadata";
    /** What secrets hold; it shall not stay in memory longer than they. */
    private static final String DATA = "data";

    private final byte[] json;
    private int at;
    /** About where the last thing is that would be written otherwise than it stands. */
    private int lastUnusual = -1;

    private PartReader(byte[] json) {
        this.json = json;
    }

    /**
     * Reads an object.
     *
     * @return its own down to the members of its metadata, what is below may be shared; null if the general way has to tell
     */
    static @Nullable ObjectNode read(byte[] json) {
        PartReader reader = new PartReader(json);
        return json.length > 0
                        && json[0] == '{'
                        && reader.object(0) instanceof ObjectNode object
                        && reader.at == json.length
                ? object
                : null;
    }

    /** The value that begins here, null if it isn't a plain one. */
    private @Nullable JsonNode value(String name, int depth) {
        if (at >= json.length) {
            return null;
        }
        return switch (json[at]) {
            case '"' -> text();
            case '{', '[' ->
                depth > DEEPEST_SHARED || depth == 1 && (name.equals(OWN) || name.equals(DATA))
                        ? container(depth)
                        : part(name, depth);
            case 't' -> literal("true", BooleanNode.TRUE);
            case 'f' -> literal("false", BooleanNode.FALSE);
            case 'n' -> literal("null", NullNode.instance);
            default -> number();
        };
    }

    private @Nullable JsonNode part(String name, int depth) {
        int place = RecentParts.place(name, json, at);
        if (place < 0) {
            return container(depth);
        }
        RecentParts.Part known = RecentParts.find(place, json, at);
        if (known != null) {
            at += known.length();
            if (!known.isUsual()) {
                lastUnusual = at;
            }
            return known.node();
        }
        int begin = at;
        JsonNode read = container(depth);
        if (read != null) {
            RecentParts.remember(place, json, begin, at, read, lastUnusual <= begin);
        }
        return read;
    }

    private @Nullable JsonNode container(int depth) {
        if (depth > DEEPEST) {
            return null;
        }
        return json[at] == '{' ? object(depth) : array(depth);
    }

    private @Nullable JsonNode object(int depth) {
        ObjectNode object = NODES.objectNode();
        int members = 0;
        at++;
        if (next('}')) {
            return object;
        }
        do {
            String name = name();
            if (name == null || !next(':')) {
                return null;
            }
            JsonNode value = value(name, depth + 1);
            if (value == null) {
                return null;
            }
            object.set(name, value);
            members++;
        } while (next(','));
        if (members > object.size()) {
            lastUnusual = at;
        }
        return next('}') ? object : null;
    }

    private @Nullable JsonNode array(int depth) {
        ArrayNode array = NODES.arrayNode();
        at++;
        if (next(']')) {
            return array;
        }
        do {
            JsonNode value = value("", depth + 1);
            if (value == null) {
                return null;
            }
            array.add(value);
        } while (next(','));
        return next(']') ? array : null;
    }

    /** Whether a character is next, which then is passed. */
    private boolean next(char wanted) {
        if (at < json.length && json[at] == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private @Nullable String name() {
        int begin = at + 1;
        if (!next('"')) {
            return null;
        }
        int end = endOfPlain();
        boolean plain = end >= 0 && json[end] == '"';
        if (!plain && end >= 0) {
            end = endOfText(end);
        }
        if (end < 0 || end - begin > LONGEST_NAME) {
            return null;
        }
        at = end + 1;
        if (!plain) {
            lastUnusual = end;
        }
        String known = RecentNames.of(json, begin, end);
        return known == null ? newName(begin, end, plain) : known;
    }

    private @Nullable String newName(int begin, int end, boolean plain) {
        JsonNode read = plain ? plain(begin, end) : escaped(begin, end);
        return read == null ? null : RecentNames.remember(json, begin, end, read.textValue());
    }

    /** Where the plain characters from here on end; -1 if that is nowhere. */
    private int endOfPlain() {
        for (int i = at; i < json.length; i++) {
            byte c = json[i];
            if (c == '"' || c == '\\' || c < ' ') {
                return i;
            }
            if (!TreeText.isPlain(c)) {
                lastUnusual = i;
            }
        }
        return -1;
    }

    private @Nullable JsonNode text() {
        int begin = ++at;
        int end = endOfPlain();
        boolean plain = end >= 0 && json[end] == '"';
        if (!plain && end >= 0) {
            end = endOfText(end);
        }
        if (end < 0) {
            return null;
        }
        at = end + 1;
        return plain ? plain(begin, end) : escaped(begin, end);
    }

    /** Where the quotation mark is that ends a text, which may hold others; -1 if there is none. */
    private int endOfText(int from) {
        for (int i = from; i < json.length; i++) {
            if (json[i] == '\\') {
                i++;
            } else if (json[i] == '"') {
                return i;
            }
        }
        return -1;
    }

    private JsonNode plain(int begin, int end) {
        return end == begin
                ? TextNode.valueOf("")
                : new TextNode(new String(json, begin, end - begin, StandardCharsets.ISO_8859_1));
    }

    /** A text with characters that need care. */
    private @Nullable JsonNode escaped(int begin, int end) {
        lastUnusual = end;
        try {
            return Json.read(Arrays.copyOfRange(json, begin - 1, end + 1));
        } catch (UncheckedIOException e) {
            // the whole has to be refused, not this part of it
            return null;
        }
    }

    private @Nullable JsonNode literal(String text, JsonNode node) {
        int end = at + text.length();
        if (end > json.length) {
            return null;
        }
        for (int i = at; i < end; i++) {
            if (json[i] != text.charAt(i - at)) {
                return null;
            }
        }
        at = end;
        return node;
    }

    /** A whole number that is written in few digits. */
    private @Nullable JsonNode number() {
        int begin = json[at] == '-' ? at + 1 : at;
        int i = begin;
        long number = 0;
        for (; i < json.length && json[i] >= '0' && json[i] <= '9'; i++) {
            if (i - begin == MOST_DIGITS) {
                return null;
            }
            number = 10 * number + json[i] - '0';
        }
        boolean ends = i < json.length && (json[i] == ',' || json[i] == '}' || json[i] == ']');
        if (i == begin || !ends || json[begin] == '0' && (i > begin + 1 || begin > at)) {
            return null;
        }
        long value = begin > at ? -number : number;
        at = i;
        return value == (int) value ? IntNode.valueOf((int) value) : LongNode.valueOf(value);
    }
}
