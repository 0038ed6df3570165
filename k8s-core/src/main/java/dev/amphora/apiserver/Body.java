package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * What a request carries: bytes with their media type as they came over a transport, or a tree from a caller in process.
 *
 * @param bytes null if there is a tree
 * @param mediaType the content type without parameters; empty means JSON
 * @param tree null if there are bytes; is not kept and not modified
 */
public record Body(byte @Nullable [] bytes, String mediaType, @Nullable JsonNode tree) {

    /** Bytes as they came. */
    public static Body of(byte[] bytes, String mediaType) {
        return new Body(bytes, mediaType, null);
    }

    /** A tree. */
    public static Body of(JsonNode tree) {
        return new Body(null, "application/json", tree);
    }

    /** A tree with the media type that says how it is meant, as patches have it. */
    public static Body of(JsonNode tree, String mediaType) {
        return new Body(null, mediaType, tree);
    }

    /** Whether nothing was sent. */
    public boolean isEmpty() {
        return bytes != null && bytes.length == 0;
    }
}
