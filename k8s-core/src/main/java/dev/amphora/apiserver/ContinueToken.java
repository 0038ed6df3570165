package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.JsonSyntax;
import java.nio.charset.StandardCharsets;

/**
 * Where a list goes on.
 *
 * @param revision which state of the store is shown; {@link #NEWEST} gives up consistency with the pages before
 * @param start the last key of the page before, without the prefix of the collection
 */
record ContinueToken(long revision, String start) {
    static final long NEWEST = -1;
    private static final String VERSION = "meta.k8s.io/v1";

    String text() {
        ObjectNode tree = Json.object();
        tree.put("v", VERSION).put("rv", revision).put("start", start + "\0");
        return BaseEncoding.base64Url().omitPadding().encode(Json.write(tree));
    }

    /**
     * Reads a token.
     *
     * @throws StatusException 400 if it is none
     */
    static ContinueToken parse(String text) {
        byte[] bytes;
        try {
            bytes = BaseEncoding.base64Url().omitPadding().decode(text);
        } catch (IllegalArgumentException e) {
            throw invalid("illegal base64 data at input byte " + firstIllegal(text));
        }
        JsonSyntax.error(bytes).ifPresent(why -> {
            throw invalid(why);
        });
        // What is no text within strings is read as if it were, with signs in place of what can't be read.
        byte[] readable = new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
        JsonNode tree = Json.read(readable);
        String version = tree.path("v").asText();
        if (!version.equals(VERSION)) {
            throw invalid("server does not recognize this encoded version " + version);
        }
        long revision = tree.path("rv").asLong();
        if (revision == 0) {
            throw invalid("incorrect encoded start resourceVersion (version " + VERSION + ")");
        }
        String start = tree.path("start").asText();
        if (start.isEmpty()) {
            throw invalid("encoded start key empty (version " + VERSION + ")");
        }
        if (!isPlain(start.startsWith("/") ? start : "/" + start)) {
            throw invalid(start);
        }
        String key = start.startsWith("/") ? start.substring(1) : start;
        return new ContinueToken(
                revision < 0 ? NEWEST : revision, key.endsWith("\0") ? key.substring(0, key.length() - 1) : key);
    }

    /** Whether a path leads nowhere but down, step by step. */
    private static boolean isPlain(String path) {
        for (String part : path.substring(1).split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return path.equals("/");
            }
        }
        return true;
    }

    /** A lone character behind groups of four is as illegal as one of another alphabet. */
    private static int firstIllegal(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!BaseEncoding.base64Url().canDecode(text.charAt(i) + "AAA")) {
                return i;
            }
        }
        return text.length() % 4 == 1 ? text.length() - 1 : text.length();
    }

    private static StatusException invalid(String why) {
        return StatusException.badRequest("invalid continue token: continue key is not valid: " + why);
    }
}
