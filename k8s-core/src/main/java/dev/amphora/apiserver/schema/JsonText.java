package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON as the reference does: with its messages, its limit on nesting, lenient about broken UTF-8, and remembering what
 * strict decoding reports: fields given twice, and how numbers were written. The stack does not grow with nesting.
 */
final class JsonText {
    private static final int MAX_DEPTH = 10_000;

    private final byte[] bytes;
    private int at;

    private JsonText(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Reads one value.
     *
     * @throws DecodeException if the bytes are anything but one JSON value
     */
    static JsonNode parse(byte[] bytes) {
        return new JsonText(bytes).document();
    }

    /** An object in which fields were given twice; the last value holds. */
    static final class RepeatingObject extends ObjectNode {
        private static final long serialVersionUID = 1L;

        /** A name that was given again when there were already so many other fields. */
        record Repeated(String name, int position) {}

        private final transient List<Repeated> repeated = new ArrayList<>();

        RepeatingObject(ObjectNode start) {
            super(JsonNodeFactory.instance);
            setAll(start);
        }

        List<Repeated> repeated() {
            return repeated;
        }

        @Override
        public ObjectNode deepCopy() {
            RepeatingObject copy = new RepeatingObject(super.deepCopy());
            copy.repeated.addAll(repeated);
            return copy;
        }
    }

    /** A number with a fraction or exponent, and how it was written. */
    static final class WrittenNumber extends DoubleNode {
        private static final long serialVersionUID = 1L;

        private final String text;

        WrittenNumber(String text) {
            super(Double.parseDouble(text));
            this.text = text;
        }

        String written() {
            return text;
        }
    }

    /** An object or array that is being read. */
    private static final class Open {
        @Nullable ObjectNode object;

        @Nullable ArrayNode array;

        String name = "";
    }

    private JsonNode document() {
        Deque<Open> open = new ArrayDeque<>();
        JsonNode value = null;
        while (value == null) {
            skipSpace();
            value = begin(open);
            while (value != null && !open.isEmpty()) {
                value = append(open, value);
            }
        }
        skipSpace();
        if (at < bytes.length) {
            throw unexpected("after top-level value");
        }
        return value;
    }

    /** Reads a scalar or an empty container; null if a container was opened whose first value comes next. */
    private @Nullable JsonNode begin(Deque<Open> open) {
        switch (peek()) {
            case '{': {
                Open container = push(open);
                container.object = JsonNodeFactory.instance.objectNode();
                skipSpace();
                if (peek() == '}') {
                    at++;
                    open.pop();
                    return container.object;
                }
                name(container, "looking for beginning of object key string");
                return null;
            }
            case '[': {
                Open container = push(open);
                container.array = JsonNodeFactory.instance.arrayNode();
                skipSpace();
                if (peek() == ']') {
                    at++;
                    open.pop();
                    return container.array;
                }
                return null;
            }
            case '"':
                return TextNode.valueOf(string());
            case 't':
                literal("true");
                return BooleanNode.TRUE;
            case 'f':
                literal("false");
                return BooleanNode.FALSE;
            case 'n':
                literal("null");
                return NullNode.instance;
            default:
                return number();
        }
    }

    private Open push(Deque<Open> open) {
        if (open.size() >= MAX_DEPTH) {
            throw unexpected("exceeded max depth");
        }
        at++;
        Open container = new Open();
        open.push(container);
        return container;
    }

    /** Puts a value into the innermost container; the container itself if that ends it, null if another value follows. */
    private @Nullable JsonNode append(Deque<Open> open, JsonNode value) {
        Open container = open.element();
        skipSpace();
        int next = peek();
        if (container.array != null) {
            container.array.add(value);
            if (next == ',') {
                at++;
                return null;
            }
            if (next != ']') {
                throw unexpected("after array element");
            }
            at++;
            open.pop();
            return container.array;
        }
        put(container, value);
        if (next == ',') {
            at++;
            skipSpace();
            name(container, "looking for beginning of object key string");
            return null;
        }
        if (next != '}') {
            throw unexpected("after object key:value pair");
        }
        at++;
        open.pop();
        return container.object;
    }

    private static void put(Open container, JsonNode value) {
        ObjectNode object = container.object;
        if (object == null) {
            throw new IllegalStateException("not an object");
        }
        if (object.has(container.name)) {
            RepeatingObject repeating =
                    object instanceof RepeatingObject ? (RepeatingObject) object : new RepeatingObject(object);
            repeating.repeated.add(new RepeatingObject.Repeated(container.name, repeating.size()));
            container.object = repeating;
            object = repeating;
        }
        object.set(container.name, value);
    }

    private void name(Open container, String context) {
        if (peek() != '"') {
            throw unexpected(context);
        }
        container.name = string();
        skipSpace();
        if (peek() != ':') {
            throw unexpected("after object key");
        }
        at++;
    }

    private String string() {
        int start = ++at;
        while (peek() != '"' && peek() != '\\') {
            if (peek() < ' ') {
                throw unexpected("in string literal");
            }
            at++;
        }
        String plain = new String(bytes, start, at - start, StandardCharsets.UTF_8);
        if (peek() == '"') {
            at++;
            return plain;
        }
        StringBuilder text = new StringBuilder(plain);
        while (peek() != '"') {
            if (peek() == '\\') {
                at++;
                escape(text);
                continue;
            }
            start = at;
            while (peek() != '"' && peek() != '\\') {
                if (peek() < ' ') {
                    throw unexpected("in string literal");
                }
                at++;
            }
            text.append(new String(bytes, start, at - start, StandardCharsets.UTF_8));
        }
        at++;
        return replaceLoneSurrogates(text);
    }

    private void escape(StringBuilder text) {
        int escaped = within();
        int simple = "\"\\/bfnrt".indexOf(escaped);
        if (simple >= 0) {
            text.append("\"\\/\b\f\n\r\t".charAt(simple));
            at++;
            return;
        }
        if (escaped != 'u') {
            throw unexpected("in string escape code");
        }
        at++;
        int code = 0;
        for (int i = 0; i < 4; i++) {
            int digit = Character.digit(within(), 16);
            if (digit < 0) {
                throw unexpected("in \\u hexadecimal character escape");
            }
            code = code * 16 + digit;
            at++;
        }
        text.append((char) code);
    }

    private static String replaceLoneSurrogates(StringBuilder text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                text.setCharAt(i, '\uFFFD');
            }
        }
        return text.toString();
    }

    private void literal(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (within() != word.charAt(i)) {
                throw unexpected("in literal %s (expecting %s)".formatted(word, quote(word.charAt(i))));
            }
            at++;
        }
    }

    private JsonNode number() {
        int start = at;
        boolean negative = within() == '-';
        if (negative) {
            at++;
        }
        int first = within();
        if (first == '0') {
            at++;
        } else if (first >= '1' && first <= '9') {
            digits();
        } else {
            throw unexpected(negative ? "in numeric literal" : "looking for beginning of value");
        }
        boolean integer = true;
        if (at < bytes.length && bytes[at] == '.') {
            integer = false;
            at++;
            requireDigit("after decimal point in numeric literal");
            digits();
        }
        if (at < bytes.length && (bytes[at] == 'e' || bytes[at] == 'E')) {
            integer = false;
            at++;
            if (within() == '+' || within() == '-') {
                at++;
            }
            requireDigit("in exponent of numeric literal");
            digits();
        }
        String text = new String(bytes, start, at - start, StandardCharsets.US_ASCII);
        if (!integer) {
            return new WrittenNumber(text);
        }
        if (text.length() > 18) {
            BigInteger big = new BigInteger(text);
            return big.bitLength() < 64 ? LongNode.valueOf(big.longValue()) : BigIntegerNode.valueOf(big);
        }
        long value = Long.parseLong(text);
        return value == (int) value ? IntNode.valueOf((int) value) : LongNode.valueOf(value);
    }

    private void requireDigit(String context) {
        int c = within();
        if (c < '0' || c > '9') {
            throw unexpected(context);
        }
    }

    private void digits() {
        while (at < bytes.length && bytes[at] >= '0' && bytes[at] <= '9') {
            at++;
        }
    }

    private void skipSpace() {
        while (at < bytes.length && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\t' || bytes[at] == '\r')) {
            at++;
        }
    }

    /** The next byte of something that can't end here: if the input does, the reference says that a space came. */
    private int within() {
        return at < bytes.length ? peek() : ' ';
    }

    private int peek() {
        if (at >= bytes.length) {
            throw new DecodeException("unexpected end of JSON input");
        }
        return bytes[at] & 0xff;
    }

    private DecodeException unexpected(String context) {
        return new DecodeException("invalid character %s %s".formatted(quote(within()), context));
    }

    private static String quote(int c) {
        switch (c) {
            case '\'':
                return "'\\''";
            case '"':
                return "'\"'";
            case '\\':
                return "'\\\\'";
            case '\n':
                return "'\\n'";
            case '\r':
                return "'\\r'";
            case '\t':
                return "'\\t'";
            default:
                if (c < 0x20 || c == 0x7f) {
                    return "'\\x%02x'".formatted(c);
                }
                return c >= 0x80 && c < 0xa1 || c == 0xad ? "'\\u%04x'".formatted(c) : "'" + (char) c + "'";
        }
    }
}
