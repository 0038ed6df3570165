package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Reads the body of a patch: JSON alone, with the reference's words for what is not. */
final class PatchBody {
    private PatchBody() {}

    /** The body as a tree; 400 with a prefix before the reason if it isn't JSON. */
    static JsonNode read(byte[] body, String prefix) {
        try (JsonParser parser = Json.mapper().getFactory().createParser(body)) {
            if (parser.nextToken() == null) {
                throw StatusException.badRequest(prefix + "unexpected end of JSON input");
            }
            JsonNode tree = Json.mapper().readTree(parser);
            long end = parser.currentLocation().getByteOffset();
            if (!trailing(body, end).isEmpty()) {
                throw StatusException.badRequest("%sinvalid character '%s' after top-level value"
                        .formatted(prefix, trailing(body, end).substring(0, 1)));
            }
            return tree;
        } catch (JsonEOFException e) {
            throw StatusException.badRequest(prefix + "unexpected end of JSON input");
        } catch (IOException e) {
            throw StatusException.badRequest(
                    "%sinvalid character '%s' looking for beginning of value".formatted(prefix, firstCharacter(body)));
        }
    }

    private static String trailing(byte[] body, long end) {
        return new String(body, (int) end, body.length - (int) end, StandardCharsets.UTF_8).strip();
    }

    private static String firstCharacter(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8).strip();
        return text.isEmpty() ? "" : text.substring(0, 1);
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
