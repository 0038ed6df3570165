package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.JsonSyntax;
import java.util.Optional;

/** Reads the body of a patch: JSON alone, with the reference's words for what is not. */
final class PatchBody {
    private PatchBody() {}

    /** The body as a tree; 400 with a prefix before the reason if it isn't JSON. */
    static JsonNode read(byte[] body, String prefix) {
        Optional<String> error = JsonSyntax.error(body);
        if (error.isPresent()) {
            throw StatusException.badRequest(prefix + error.get());
        }
        return Json.read(body);
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
