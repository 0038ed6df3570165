package dev.amphora.apiserver.cel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;

/** What expressions see of the members that all objects have: of metadata, names alone. */
final class WholeObjects {
    static final JsonNode TEXT = Json.object().put("type", "string");
    static final JsonNode METADATA = metadata();

    private WholeObjects() {}

    private static JsonNode metadata() {
        ObjectNode metadata = Json.object().put("type", "object");
        metadata.putObject("properties").set("name", TEXT);
        metadata.withObject("/properties").set("generateName", TEXT);
        return metadata;
    }
}
