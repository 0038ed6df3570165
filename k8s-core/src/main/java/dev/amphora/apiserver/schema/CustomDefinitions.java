package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The OpenAPI definitions of custom kinds: their own schemas, with what every object has. */
final class CustomDefinitions {
    private static final String REFERENCE = "#/components/schemas/";

    private CustomDefinitions() {}

    /** The definitions of one version of a group by name, as JSON text. */
    static Map<String, String> of(SchemaCatalogue catalogue, String group, String version) {
        Map<String, String> result = new TreeMap<>();
        for (ResourceInfo resource : catalogue.resources(group, version)) {
            TypeSchema type = catalogue.customType(resource);
            if (type != null && type.name().isEmpty()) {
                String name = OpenApiPaths.customDefinition(resource, resource.kind());
                result.put(name, item(resource, type).toString());
                result.put(
                        OpenApiPaths.customDefinition(resource, resource.listKind()),
                        list(resource, name).toString());
            }
        }
        return result;
    }

    private static ObjectNode item(ResourceInfo resource, TypeSchema type) {
        ObjectNode schema =
                type.openApi().isObject() ? type.openApi().deepCopy() : JsonNodeFactory.instance.objectNode();
        schema.properties().forEach(member -> complete(member.getKey(), member.getValue()));
        schema.put("type", "object");
        ObjectNode properties = schema.withObjectProperty("properties");
        typeMeta(properties);
        reference(properties, "metadata", OpenApiPaths.META + "ObjectMeta");
        Descriptions.describeObject(properties);
        kind(schema, resource, resource.kind());
        return schema;
    }

    /** Says in a schema's own words what its extensions imply. */
    private static void complete(String keyword, JsonNode value) {
        switch (keyword) {
            case "properties" -> value.forEach(CustomDefinitions::completeSchema);
            case "items", "additionalProperties" -> completeSchema(value);
            default -> {}
        }
    }

    private static void completeSchema(JsonNode node) {
        if (!(node instanceof ObjectNode schema)) {
            return;
        }
        schema.properties().forEach(member -> complete(member.getKey(), member.getValue()));
        if (schema.path("x-kubernetes-int-or-string").asBoolean() && !schema.has("anyOf")) {
            ArrayNode choice = schema.putArray("anyOf");
            choice.addObject().put("type", "integer");
            choice.addObject().put("type", "string");
        }
        if (schema.path("x-kubernetes-embedded-resource").asBoolean()) {
            ObjectNode properties = schema.withObjectProperty("properties");
            typeMeta(properties);
            reference(properties, "metadata", OpenApiPaths.META + "ObjectMeta");
            ArrayNode required = schema.withArrayProperty("required");
            for (String name : List.of("kind", "apiVersion")) {
                if (required.valueStream().noneMatch(each -> each.asText().equals(name))) {
                    required.add(name);
                }
            }
        }
    }

    private static ObjectNode list(ResourceInfo resource, String itemName) {
        ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
        schema.putArray("required").add("items");
        ObjectNode properties = schema.putObject("properties");
        typeMeta(properties);
        properties.putObject("items").put("type", "array").putObject("items").put("$ref", REFERENCE + itemName);
        reference(properties, "metadata", OpenApiPaths.META + "ListMeta");
        Descriptions.describeObject(properties);
        schema.put("description", resource.listKind() + " is a list of objects of kind " + resource.kind() + ".");
        ((ObjectNode) properties.get("items")).put("description", "The objects: " + resource.plural() + ".");
        kind(schema, resource, resource.listKind());
        return schema;
    }

    private static void typeMeta(ObjectNode properties) {
        properties.putObject("apiVersion").put("type", "string");
        properties.putObject("kind").put("type", "string");
    }

    private static void reference(ObjectNode properties, String name, String definition) {
        properties.putObject(name).putArray("allOf").addObject().put("$ref", REFERENCE + definition);
    }

    private static void kind(ObjectNode schema, ResourceInfo resource, String kind) {
        schema.putArray("x-kubernetes-group-version-kind")
                .addObject()
                .put("group", resource.group())
                .put("kind", kind)
                .put("version", resource.version());
    }
}
