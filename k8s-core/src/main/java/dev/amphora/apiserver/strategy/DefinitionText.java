package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.customresource.SchemaText;
import java.util.function.Function;

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
            each.set("Schema", own(version, versions, "schema", DefinitionText::schema));
            each.set("Subresources", own(version, versions, "subresources", DefinitionText::subresources));
            each.set(
                    "AdditionalPrinterColumns",
                    own(version, versions, "additionalPrinterColumns", DefinitionText::columns));
            each.set("SelectableFields", own(version, versions, "selectableFields", DefinitionText::fields));
        }
        return shown;
    }

    /** What a version has of its own; what all have alike is told of elsewhere. */
    private static JsonNode own(JsonNode version, JsonNode versions, String member, Function<JsonNode, JsonNode> text) {
        JsonNode value = version.path(member);
        boolean shared = true;
        for (JsonNode each : versions) {
            shared &= Json.same(each.path(member), value);
        }
        return shared || value.isMissingNode() || value.isNull() ? NullNode.getInstance() : text.apply(value);
    }

    private static JsonNode schema(JsonNode schema) {
        ObjectNode shown = Json.object();
        shown.set("OpenAPIV3Schema", SchemaText.of(schema.path("openAPIV3Schema")));
        return shown;
    }

    private static JsonNode subresources(JsonNode subresources) {
        ObjectNode shown = Json.object();
        shown.set("Status", subresources.has("status") ? Json.object() : NullNode.getInstance());
        JsonNode scale = subresources.path("scale");
        if (!scale.isObject()) {
            shown.putNull("Scale");
            return shown;
        }
        ObjectNode paths = shown.putObject("Scale");
        paths.put("SpecReplicasPath", scale.path("specReplicasPath").asText(""));
        paths.put("StatusReplicasPath", scale.path("statusReplicasPath").asText(""));
        paths.set("LabelSelectorPath", orNull(scale.path("labelSelectorPath")));
        return shown;
    }

    private static JsonNode columns(JsonNode columns) {
        ArrayNode shown = Json.mapper().createArrayNode();
        for (JsonNode column : columns) {
            shown.addObject()
                    .put("Name", column.path("name").asText(""))
                    .put("Type", column.path("type").asText(""))
                    .put("Format", column.path("format").asText(""))
                    .put("Description", column.path("description").asText(""))
                    .put("Priority", column.path("priority").asInt())
                    .put("JSONPath", column.path("jsonPath").asText(""));
        }
        return shown;
    }

    private static JsonNode fields(JsonNode fields) {
        ArrayNode shown = Json.mapper().createArrayNode();
        for (JsonNode field : fields) {
            shown.addObject().put("JSONPath", field.path("jsonPath").asText(""));
        }
        return shown;
    }

    private static JsonNode orNull(JsonNode value) {
        return value.isMissingNode() ? NullNode.getInstance() : value;
    }
}
