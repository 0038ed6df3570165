package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.DecodeException;
import dev.amphora.apiserver.schema.JsonSyntax;

/** Reads the body of a patch: JSON alone, with the reference's words for what is not. */
final class PatchBody {
    private PatchBody() {}

    /** The body as a tree that remembers how it was written; 400 with a prefix before the reason if it isn't JSON. */
    static JsonNode read(byte[] body, String prefix) {
        try {
            return JsonSyntax.read(body);
        } catch (DecodeException e) {
            throw StatusException.badRequest(prefix + e.reason());
        }
    }

    /** What a decoding error calls a value. */
    static String typeOf(JsonNode value) {
        if (value.isObject()) {
            return "object";
        }
        if (value.isArray()) {
            return "array";
        }
        if (value.isTextual()) {
            return "string";
        }
        return value.asToken() == JsonToken.VALUE_TRUE || value.asToken() == JsonToken.VALUE_FALSE ? "bool" : "number";
    }
}
