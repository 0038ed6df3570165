package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;

/** How the versions of a definition read in errors: by the names of the reference's own type. */
final class DefinitionText {
    private DefinitionText() {}

    static JsonNode versions(JsonNode versions) {
        if (!versions.isArray()) {
            return NullNode.getInstance();
        }
        ArrayNode shown = Json.mapper().createArrayNode();
        for (JsonNode version : versions) {
            ObjectNode each = shown.addObject();
            each.put("Name", version.path("name").asText(""));
            each.put("Served", version.path("served").asBoolean());
            each.put("Storage", version.path("storage").asBoolean());
            each.put("Deprecated", version.path("deprecated").asBoolean());
            each.set("DeprecationWarning", orNull(version.path("deprecationWarning")));
            each.putNull("Schema");
            each.putNull("Subresources");
            each.putNull("AdditionalPrinterColumns");
            each.putNull("SelectableFields");
        }
        return shown;
    }

    private static JsonNode orNull(JsonNode value) {
        return value.isMissingNode() ? NullNode.getInstance() : value;
    }
}
