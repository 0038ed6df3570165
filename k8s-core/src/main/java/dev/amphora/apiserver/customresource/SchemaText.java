package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;

/** How parts of a schema read in errors: by the names of the reference's own types. */
final class SchemaText {
    private SchemaText() {}

    /** What stands where one schema for all elements should. */
    static JsonNode items(JsonNode items) {
        ObjectNode shown = Json.object();
        shown.putNull("Schema");
        if (items.isArray() && !items.isEmpty()) {
            shown.set("JSONSchemas", items);
        } else {
            shown.putNull("JSONSchemas");
        }
        return shown;
    }
}
