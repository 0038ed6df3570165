package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.JsonSyntax;

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
        JsonNode tree = Json.read(bytes);
        String start = tree.path("start").asText();
        if (!tree.path("v").asText().equals(VERSION) || start.isEmpty()) {
            throw invalid("unrecognizable encoded API version: \"%s\""
                    .formatted(tree.path("v").asText()));
        }
        return new ContinueToken(
                tree.path("rv").asLong(), start.endsWith("\0") ? start.substring(0, start.length() - 1) : start);
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
