package dev.amphora.rest;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Percent escapes and query strings, read as Go's {@code net/url} reads them. */
final class Query {
    private Query() {}

    /** Each parameter with its values in order. Pairs with a semicolon or a broken escape are left out. */
    static Map<String, List<String>> parse(@Nullable String query) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        if (query == null || query.isEmpty()) {
            return parameters;
        }
        for (String pair : query.split("&", -1)) {
            if (pair.isEmpty() || pair.indexOf(';') >= 0) {
                continue;
            }
            int equals = pair.indexOf('=');
            String key = unescape(equals < 0 ? pair : pair.substring(0, equals), true);
            String value = equals < 0 ? "" : unescape(pair.substring(equals + 1), true);
            if (key != null && value != null) {
                parameters.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
            }
        }
        return parameters;
    }

    /**
     * A text without its percent escapes.
     *
     * @param plusIsSpace whether a plus sign stands for a space, as in queries
     * @return null if an escape is broken
     */
    static @Nullable String unescape(String text, boolean plusIsSpace) {
        if (text.indexOf('%') < 0) {
            return plusIsSpace ? text.replace('+', ' ') : text;
        }
        byte[] bytes = bytes(text, plusIsSpace);
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    /** A path without its percent escapes; bytes that are no UTF-8 stay as lone surrogates. Null if an escape is broken. */
    static @Nullable String unescapePath(String path) {
        if (path.indexOf('%') < 0) {
            return path;
        }
        byte[] bytes = bytes(path, false);
        return bytes == null ? null : text(bytes);
    }

    private static String text(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        while (true) {
            CoderResult result = decoder.decode(in, out, true);
            if (result.isUnderflow()) {
                return out.flip().toString();
            }
            out.put((char) (0xdc00 | in.get() & 0xff));
            decoder.reset();
        }
    }

    /** A path with escapes where it needs them, whatever escapes it was sent with. */
    static String escapePath(String path) {
        return escape(path, "/:@!$&'()*+,;=-._~");
    }

    /** A query as it was sent, with escapes where some are missing. */
    static String tidy(String query) {
        return escape(query, "%/?:@!$&'()*+,;=-._~[]");
    }

    /** A text as the last part of a header's name, in the way that the reference escapes it. */
    static String escapeHeaderKey(String key) {
        return escape(key, "!#$&'*+-.^_`|~");
    }

    private static String escape(String text, String kept) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (plain || kept.indexOf(c) >= 0) {
                escaped.append((char) c);
            } else if (c >= 0xdc00 && c <= 0xdcff) {
                escape(escaped, c & 0xff);
            } else {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    escape(escaped, b & 0xff);
                }
            }
        });
        return escaped.toString();
    }

    private static void escape(StringBuilder to, int b) {
        to.append('%')
                .append(Character.toUpperCase(Character.forDigit(b >> 4, 16)))
                .append(Character.toUpperCase(Character.forDigit(b & 0xf, 16)));
    }

    private static byte @Nullable [] bytes(String text, boolean plusIsSpace) {
        byte[] in = text.getBytes(StandardCharsets.UTF_8);
        byte[] out = new byte[in.length];
        int length = 0;
        for (int i = 0; i < in.length; i++) {
            byte b = in[i];
            if (b == '%') {
                int high = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
                int low = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    return null;
                }
                b = (byte) (high << 4 | low);
                i += 2;
            } else if (b == '+' && plusIsSpace) {
                b = ' ';
            }
            out[length++] = b;
        }
        return Arrays.copyOf(out, length);
    }
}
