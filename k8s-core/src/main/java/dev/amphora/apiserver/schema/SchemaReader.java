package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.amphora.apiserver.schema.TypeSchema.Kind;
import dev.amphora.apiserver.schema.TypeSchema.ListType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns OpenAPI v3 schemas into types: the recorded ones of built-in kinds, and those of custom resource definitions. */
public final class SchemaReader {
    private static final String PREFIX = "#/components/schemas/";
    private static final String EXTENSION = "x-kubernetes-";
    private static final String MACHINERY = "io.k8s.apimachinery.pkg.";
    private static final String CUSTOM = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

    /** Definitions whose JSON form isn't what their schema says, or that are more than their schema says. */
    private static final ImmutableMap<String, Kind> SPECIAL = ImmutableMap.<String, Kind>builder()
            .put(MACHINERY + "api.resource.Quantity", Kind.QUANTITY)
            .put(MACHINERY + "apis.meta.v1.FieldsV1", Kind.FIELDS)
            .put(MACHINERY + "apis.meta.v1.MicroTime", Kind.MICRO_TIME)
            .put(MACHINERY + "apis.meta.v1.Time", Kind.TIME)
            .put(MACHINERY + "runtime.RawExtension", Kind.RAW_OBJECT)
            .put(MACHINERY + "util.intstr.IntOrString", Kind.INT_OR_STRING)
            .put(CUSTOM + "JSON", Kind.JSON)
            .put(CUSTOM + "JSONSchemaPropsOrArray", Kind.SCHEMA_OR_LIST)
            .put(CUSTOM + "JSONSchemaPropsOrBool", Kind.SCHEMA_OR_BOOLEAN)
            .put(CUSTOM + "JSONSchemaPropsOrStringArray", Kind.SCHEMA_OR_STRINGS)
            .buildOrThrow();

    private final Function<String, TypeSchema> definitions;

    /** A reader that resolves references to definitions by name. */
    public SchemaReader(Function<String, TypeSchema> definitions) {
        this.definitions = definitions;
    }

    /** Reads the schema of a custom resource or any other one that stands alone. */
    public TypeSchema read(String name, JsonNode schema) {
        return read(name, schema, "");
    }

    /**
     * Reads a definition.
     *
     * @param declared its fields in declaration order as the catalogue writes them; empty if nothing but the schema is known
     */
    TypeSchema read(String name, JsonNode schema, String declared) {
        Kind special = SPECIAL.get(name);
        TypeSchema.Builder builder = special != null
                ? TypeSchema.builder(name, special)
                : builder(name, schema, TypeSchema.builder(name, kind(schema)), declared);
        if (special == Kind.SCHEMA_OR_LIST || special == Kind.SCHEMA_OR_BOOLEAN || special == Kind.SCHEMA_OR_STRINGS) {
            builder.element(() -> definitions.apply(CUSTOM + "JSONSchemaProps"));
        }
        return builder.openApi(() -> schema).build();
    }

    private TypeSchema.Builder builder(String name, JsonNode schema, TypeSchema.Builder builder, String declared) {
        builder.nullable(schema.path("nullable").asBoolean())
                .preserveUnknownFields(
                        schema.path(EXTENSION + "preserve-unknown-fields").asBoolean())
                .embeddedResource(schema.path(EXTENSION + "embedded-resource").asBoolean())
                .atomic(schema.path(EXTENSION + "map-type").asText().equals("atomic"));
        if (schema.path("additionalProperties").isObject()) {
            JsonNode element = schema.path("additionalProperties");
            builder.element(() -> type(element));
        } else if (schema.path("items").isObject()) {
            JsonNode element = schema.path("items");
            builder.element(() -> type(element))
                    .listType(listType(schema), strings(schema.path(EXTENSION + "list-map-keys")));
        } else {
            fields(name, schema, declared).forEach(builder::field);
        }
        return builder;
    }

    private List<FieldSchema> fields(String name, JsonNode schema, String declared) {
        JsonNode properties = schema.path("properties");
        List<String> required = strings(schema.path("required"));
        List<FieldSchema> result = new ArrayList<>(properties.size());
        if (declared.isEmpty()) {
            for (Map.Entry<String, JsonNode> property : properties.properties()) {
                result.add(
                        field(property.getKey(), property.getValue(), required).build());
            }
            return result;
        }
        for (String field : Splitter.on(';').split(declared)) {
            List<String> facts = Splitter.on(' ').limit(4).splitToList(field);
            JsonNode property = properties.get(facts.get(0));
            if (property == null) {
                // A field that the release declares but does not serve.
                continue;
            }
            String flags = facts.get(2);
            result.add(field(facts.get(0), property, required)
                    .protoPath(numbers(facts.get(1)))
                    .embeddedIn(embedding(facts.get(1)))
                    .presence(flags.indexOf('p') >= 0, flags.indexOf('o') >= 0, flags.indexOf('z') >= 0)
                    .goType(facts.get(3))
                    .build());
        }
        if (result.size() != properties.size()) {
            throw new IllegalStateException("fields and schema of " + name + " differ");
        }
        return result;
    }

    private FieldSchema.Builder field(String name, JsonNode property, List<String> required) {
        Supplier<TypeSchema> type = () -> type(property);
        String strategy = property.path(EXTENSION + "patch-strategy").asText();
        return FieldSchema.builder(name, type)
                .required(required.contains(name))
                .patchMergeKey(text(property.get(EXTENSION + "patch-merge-key")))
                .patchStrategies(
                        strategy.isEmpty() ? List.of() : Splitter.on(',').splitToList(strategy));
    }

    /** The type of a property, item or map value: a reference, or a schema written in place. */
    private TypeSchema type(JsonNode schema) {
        String reference = text(schema.get("$ref"));
        if (reference == null
                && schema.path("allOf").size() == 1
                && schema.path("allOf").path(0).has("$ref")) {
            reference = schema.path("allOf").path(0).path("$ref").asText();
        }
        if (reference == null) {
            return read("", schema, "");
        }
        TypeSchema target = definitions.apply(reference.substring(PREFIX.length()));
        JsonNode mapType = schema.get(EXTENSION + "map-type");
        return mapType == null || mapType.asText().equals("atomic") == target.atomic() ? target : atomicCopy(target);
    }

    /** The same object type, merged as one value here. */
    private static TypeSchema atomicCopy(TypeSchema type) {
        TypeSchema.Builder copy = TypeSchema.builder(type.name(), type.kind())
                .atomic(!type.atomic())
                .nullable(type.nullable())
                .preserveUnknownFields(type.preserveUnknownFields())
                .openApi(type::openApi);
        type.fields().values().forEach(copy::field);
        return copy.build();
    }

    private static Kind kind(JsonNode schema) {
        String format = schema.path("format").asText();
        if (schema.path(EXTENSION + "int-or-string").asBoolean()) {
            return Kind.INT_OR_STRING;
        }
        switch (schema.path("type").asText()) {
            case "object":
                return schema.path("additionalProperties").isObject() ? Kind.MAP : Kind.OBJECT;
            case "array":
                return Kind.LIST;
            case "boolean":
                return Kind.BOOLEAN;
            case "integer":
                return format.equals("int32") ? Kind.INT32 : Kind.INT64;
            case "number":
                return Kind.NUMBER;
            case "string":
                return format.equals("byte") ? Kind.BYTES : Kind.STRING;
            default:
                return schema.has("properties") ? Kind.OBJECT : Kind.JSON;
        }
    }

    private static ListType listType(JsonNode schema) {
        switch (schema.path(EXTENSION + "list-type").asText()) {
            case "set":
                return ListType.SET;
            case "map":
                return ListType.MAP;
            default:
                return ListType.ATOMIC;
        }
    }

    private static int[] numbers(String path) {
        return path.equals("-")
                ? new int[0]
                : Splitter.on('.')
                        .splitToStream(path)
                        .mapToInt(part -> Integer.parseInt(part.substring(part.indexOf(':') + 1)))
                        .toArray();
    }

    private static String embedding(String path) {
        return Splitter.on('.')
                .splitToStream(path)
                .filter(part -> part.indexOf(':') >= 0)
                .map(part -> part.substring(0, part.indexOf(':')))
                .collect(Collectors.joining("."));
    }

    private static @Nullable String text(@Nullable JsonNode node) {
        return node == null ? null : node.asText();
    }

    private static ImmutableList<String> strings(JsonNode array) {
        ImmutableList.Builder<String> result = ImmutableList.builder();
        array.forEach(n -> result.add(n.asText()));
        return result.build();
    }
}
