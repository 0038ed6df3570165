package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.Json;
import java.util.Map;
import java.util.TreeMap;

/** How a schema reads in errors: by the names of the reference's own types, with everything that is not said. */
public final class SchemaText {
    private SchemaText() {}

    /** A schema; null if there is none. */
    public static JsonNode of(JsonNode schema) {
        if (!schema.isObject()) {
            return NullNode.getInstance();
        }
        ObjectNode shown = Json.object();
        text(shown, "ID", schema, "id");
        text(shown, "Schema", schema, "$schema");
        plain(shown, "Ref", schema, "$ref");
        text(shown, "Description", schema, "description");
        text(shown, "Type", schema, "type");
        flag(shown, "Nullable", schema, "nullable");
        text(shown, "Format", schema, "format");
        text(shown, "Title", schema, "title");
        plain(shown, "Default", schema, "default");
        plain(shown, "Maximum", schema, "maximum");
        flag(shown, "ExclusiveMaximum", schema, "exclusiveMaximum");
        plain(shown, "Minimum", schema, "minimum");
        flag(shown, "ExclusiveMinimum", schema, "exclusiveMinimum");
        plain(shown, "MaxLength", schema, "maxLength");
        plain(shown, "MinLength", schema, "minLength");
        text(shown, "Pattern", schema, "pattern");
        plain(shown, "MaxItems", schema, "maxItems");
        plain(shown, "MinItems", schema, "minItems");
        flag(shown, "UniqueItems", schema, "uniqueItems");
        plain(shown, "MultipleOf", schema, "multipleOf");
        plain(shown, "Enum", schema, "enum");
        plain(shown, "MaxProperties", schema, "maxProperties");
        plain(shown, "MinProperties", schema, "minProperties");
        plain(shown, "Required", schema, "required");
        shown.set("Items", schema.has("items") ? items(schema.path("items")) : NullNode.getInstance());
        shown.set("AllOf", list(schema.path("allOf")));
        shown.set("OneOf", list(schema.path("oneOf")));
        shown.set("AnyOf", list(schema.path("anyOf")));
        shown.set("Not", of(schema.path("not")));
        shown.set("Properties", map(schema.path("properties")));
        shown.set("AdditionalProperties", orBoolean(schema.path("additionalProperties")));
        shown.set("PatternProperties", map(schema.path("patternProperties")));
        plain(shown, "Dependencies", schema, "dependencies");
        shown.set("AdditionalItems", orBoolean(schema.path("additionalItems")));
        shown.set("Definitions", map(schema.path("definitions")));
        plain(shown, "ExternalDocs", schema, "externalDocs");
        plain(shown, "Example", schema, "example");
        plain(shown, "XPreserveUnknownFields", schema, "x-kubernetes-preserve-unknown-fields");
        flag(shown, "XEmbeddedResource", schema, "x-kubernetes-embedded-resource");
        flag(shown, "XIntOrString", schema, "x-kubernetes-int-or-string");
        plain(shown, "XListMapKeys", schema, "x-kubernetes-list-map-keys");
        plain(shown, "XListType", schema, "x-kubernetes-list-type");
        plain(shown, "XMapType", schema, "x-kubernetes-map-type");
        shown.set("XValidations", rules(schema.path("x-kubernetes-validations")));
        return shown;
    }

    /** The schema of all elements, or those of each. */
    static JsonNode items(JsonNode items) {
        ObjectNode shown = Json.object();
        shown.set("Schema", of(items));
        shown.set("JSONSchemas", list(items));
        return shown;
    }

    private static JsonNode list(JsonNode schemas) {
        if (!schemas.isArray() || schemas.isEmpty()) {
            return NullNode.getInstance();
        }
        ArrayNode shown = Json.mapper().createArrayNode();
        schemas.forEach(each -> shown.add(of(each)));
        return shown;
    }

    private static JsonNode map(JsonNode schemas) {
        if (!schemas.isObject() || schemas.isEmpty()) {
            return NullNode.getInstance();
        }
        Map<String, JsonNode> sorted = new TreeMap<>();
        schemas.properties().forEach(each -> sorted.put(each.getKey(), of(each.getValue())));
        ObjectNode shown = Json.object();
        sorted.forEach(shown::set);
        return shown;
    }

    private static JsonNode orBoolean(JsonNode value) {
        if (value.isMissingNode() || value.isNull()) {
            return NullNode.getInstance();
        }
        ObjectNode shown = Json.object();
        shown.put("Allows", value.isObject() || value.asBoolean());
        shown.set("Schema", of(value));
        return shown;
    }

    private static JsonNode rules(JsonNode rules) {
        if (!rules.isArray() || rules.isEmpty()) {
            return NullNode.getInstance();
        }
        ArrayNode shown = Json.mapper().createArrayNode();
        rules.forEach(each -> shown.add(ExpressionRule.structure(each)));
        return shown;
    }

    private static void text(ObjectNode shown, String name, JsonNode schema, String keyword) {
        shown.set(name, TextNode.valueOf(schema.path(keyword).asText("")));
    }

    private static void flag(ObjectNode shown, String name, JsonNode schema, String keyword) {
        shown.set(name, BooleanNode.valueOf(schema.path(keyword).asBoolean()));
    }

    private static void plain(ObjectNode shown, String name, JsonNode schema, String keyword) {
        JsonNode value = schema.path(keyword);
        shown.set(name, value.isMissingNode() ? NullNode.getInstance() : value);
    }
}
