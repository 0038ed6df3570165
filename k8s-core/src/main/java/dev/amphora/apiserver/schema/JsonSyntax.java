package dev.amphora.apiserver.schema;

import java.util.Optional;

/** What is wrong with a text that should be JSON, in the reference's words. */
public final class JsonSyntax {
    private JsonSyntax() {}

    /** Why the bytes are not one JSON value, such as {@code unexpected end of JSON input}; empty if they are. */
    public static Optional<String> error(byte[] bytes) {
        try {
            JsonText.parse(bytes);
            return Optional.empty();
        } catch (DecodeException e) {
            return Optional.of(e.reason());
        }
    }
}
