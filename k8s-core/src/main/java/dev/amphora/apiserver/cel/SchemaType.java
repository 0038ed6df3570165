package dev.amphora.apiserver.cel;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.GoDuration;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a schema makes of a value in an expression: its type, the value itself, and how large it may be. */
public final class SchemaType {
    private final JsonNode schema;
    private final CelType type;
    private final Map<String, SchemaType> fields;
    private final Map<String, String> escaped;
    private final Map<String, String> given;
    private final @Nullable SchemaType element;
    private final Supplier<ExpressionScope> scope = Suppliers.memoize(() -> ExpressionScope.make(this, false));
    private final Supplier<ExpressionScope> optionalScope = Suppliers.memoize(() -> ExpressionScope.make(this, true));
    private final long mostElements;
    private final long leastSize;

    private SchemaType(
            JsonNode schema,
            CelType type,
            Map<String, SchemaType> fields,
            Map<String, String> escaped,
            @Nullable SchemaType element,
            long mostElements,
            long leastSize) {
        this.schema = schema;
        this.type = type;
        this.fields = fields;
        this.escaped = escaped;
        given = new HashMap<>();
        escaped.forEach((plain, name) -> given.put(name, plain));
        this.element = element;
        this.mostElements = mostElements;
        this.leastSize = leastSize;
    }

    CelType type() {
        return type;
    }

    @Nullable SchemaType element() {
        return element;
    }

    @Nullable SchemaType field(String escapedName) {
        return fields.get(escapedName);
    }

    ExpressionScope scope(boolean optionalOld) {
        return optionalOld ? optionalScope.get() : scope.get();
    }

    /** The name that an expression has for a field; null if it has none. */
    @Nullable String escaped(String given) {
        return escaped.get(given);
    }

    /** The field that an expression calls so; null if there is none. */
    @Nullable String given(String name) {
        String unescaped = given.get(name);
        return unescaped != null ? unescaped : escaped.containsKey(name) ? name : null;
    }

    /** How many elements, fields or bytes a value has at most. */
    long mostElements() {
        return mostElements;
    }

    /** How many bytes a value takes at least when written as JSON. */
    public long leastSize() {
        return leastSize;
    }

    /** The name of the type as schemas have it. */
    public String jsonType() {
        return schema.path("type").asText("");
    }

    /**
     * The type of a schema; null if a value of it cannot be told of in an expression.
     *
     * @param root whether the schema is that of a whole object, which has kind and metadata
     * @param name the name of the type in messages
     */
    public static @Nullable SchemaType of(JsonNode schema, boolean root, String name) {
        return make(
                schema, root || schema.path("x-kubernetes-embedded-resource").asBoolean(), name);
    }

    private static @Nullable SchemaType make(JsonNode schema, boolean whole, String name) {
        if (schema.path("x-kubernetes-int-or-string").asBoolean()) {
            return leaf(schema, SimpleType.DYN, Sizes.LARGEST_REQUEST - 2, 1);
        }
        return switch (schema.path("type").asText("")) {
            case "boolean" -> leaf(schema, SimpleType.BOOL, 0, 4);
            case "integer" -> leaf(schema, SimpleType.INT, 0, 1);
            case "number" -> leaf(schema, SimpleType.DOUBLE, 0, 1);
            case "string" -> text(schema);
            case "array" -> list(schema, name);
            case "object" ->
                schema.path("additionalProperties").isObject() ? map(schema, name) : object(schema, whole, name);
            default -> null;
        };
    }

    private static SchemaType leaf(JsonNode schema, CelType type, long most, long least) {
        return new SchemaType(schema, type, Map.of(), Map.of(), null, most, least);
    }

    private static SchemaType text(JsonNode schema) {
        CelType type =
                switch (schema.path("format").asText("")) {
                    case "byte" -> SimpleType.BYTES;
                    case "duration" -> SimpleType.DURATION;
                    case "date", "date-time" -> SimpleType.TIMESTAMP;
                    default -> SimpleType.STRING;
                };
        return leaf(schema, type, Sizes.ofText(schema), Sizes.leastText(schema));
    }

    private static @Nullable SchemaType list(JsonNode schema, String name) {
        SchemaType element = make(schema.path("items"), isWhole(schema.path("items")), name + ".@idx");
        if (element == null) {
            return null;
        }
        long most = schema.has("maxItems")
                ? schema.path("maxItems").asLong()
                : (Sizes.LARGEST_REQUEST - 2) / (element.leastSize + 1);
        return new SchemaType(schema, ListType.create(element.type), Map.of(), Map.of(), element, most, 2);
    }

    private static @Nullable SchemaType map(JsonNode schema, String name) {
        JsonNode values = schema.path("additionalProperties");
        SchemaType element = make(values, isWhole(values), name + ".@elem");
        if (element == null) {
            return null;
        }
        long most = schema.has("maxProperties")
                ? schema.path("maxProperties").asLong()
                : (Sizes.LARGEST_REQUEST - 2) / (element.leastSize + 6);
        return new SchemaType(
                schema, MapType.create(SimpleType.STRING, element.type), Map.of(), Map.of(), element, most, 2);
    }

    private static boolean isWhole(JsonNode schema) {
        return schema.path("x-kubernetes-embedded-resource").asBoolean();
    }

    @SuppressWarnings("Immutable") // The fields are complete when the type is made.
    private static SchemaType object(JsonNode schema, boolean whole, String name) {
        Map<String, JsonNode> properties = new LinkedHashMap<>();
        schema.path("properties").properties().forEach(each -> properties.put(each.getKey(), each.getValue()));
        if (whole) {
            properties.put("kind", WholeObjects.TEXT);
            properties.put("apiVersion", WholeObjects.TEXT);
            properties.put("metadata", WholeObjects.METADATA);
        }
        List<String> required = new ArrayList<>();
        schema.path("required").forEach(each -> required.add(each.asText()));
        Map<String, SchemaType> fields = new LinkedHashMap<>();
        Map<String, String> escaped = new LinkedHashMap<>();
        long least = 2;
        for (Map.Entry<String, JsonNode> property : properties.entrySet()) {
            String fieldName = CelNames.escape(property.getKey());
            SchemaType field = fieldName.isEmpty()
                    ? null
                    : make(property.getValue(), isWhole(property.getValue()), name + "." + fieldName);
            if (field == null) {
                continue;
            }
            fields.put(fieldName, field);
            escaped.put(property.getKey(), fieldName);
            if (CelNames.isReserved(property.getKey())) {
                fields.put(property.getKey(), field);
            }
            if (required.contains(property.getKey()) && !property.getValue().has("default")) {
                least += property.getKey().length() + field.leastSize + 4;
            }
        }
        StructType type = StructType.create(
                name, ImmutableSet.copyOf(fields.keySet()), field -> Optional.ofNullable(fields.get(field))
                        .map(SchemaType::type));
        return new SchemaType(schema, type, fields, escaped, null, fields.size(), least);
    }

    /** All types of objects that this one holds. */
    @SuppressWarnings("Immutable") // The map is complete before it is read.
    CelTypeProvider provider() {
        Map<String, CelType> all = new LinkedHashMap<>();
        collect(all);
        ImmutableList<CelType> types = ImmutableList.copyOf(all.values());
        return new CelTypeProvider() {
            @Override
            public ImmutableCollection<CelType> types() {
                return types;
            }

            @Override
            public Optional<CelType> findType(String typeName) {
                return Optional.ofNullable(all.get(typeName));
            }
        };
    }

    private void collect(Map<String, CelType> all) {
        if (type instanceof StructType) {
            all.putIfAbsent(type.name(), type);
        }
        fields.values().forEach(field -> field.collect(all));
        if (element != null) {
            element.collect(all);
        }
    }

    /** A value as expressions see it. */
    public Object value(JsonNode value) {
        if (value.isObject() && type instanceof StructType) {
            return new SchemaObject(this, value);
        }
        if (value.isObject()) {
            Map<String, Object> map = new LinkedHashMap<>();
            value.properties().forEach(member -> map.put(member.getKey(), element(member.getValue())));
            return map;
        }
        if (value.isArray()) {
            List<Object> list = new ArrayList<>(value.size());
            value.forEach(item -> list.add(element(item)));
            return switch (schema.path("x-kubernetes-list-type").asText("")) {
                case "set" -> new OrderlessList(list, List.of());
                case "map" -> new OrderlessList(list, keys());
                default -> list;
            };
        }
        return scalar(value);
    }

    private List<String> keys() {
        List<String> keys = new ArrayList<>();
        schema.path("x-kubernetes-list-map-keys").forEach(key -> keys.add(CelNames.escape(key.asText())));
        return keys;
    }

    private Object element(JsonNode value) {
        return element == null ? scalar(value) : element.value(value);
    }

    private Object scalar(JsonNode value) {
        if (value.isTextual()) {
            return text(value.textValue());
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        if (value.isNumber()) {
            return type.equals(SimpleType.DOUBLE) || !value.isIntegralNumber() && !type.equals(SimpleType.INT)
                    ? (Object) value.doubleValue()
                    : (Object) value.longValue();
        }
        return dev.cel.common.values.NullValue.NULL_VALUE;
    }

    private Object text(String text) {
        try {
            if (type.equals(SimpleType.TIMESTAMP)) {
                return schema.path("format").asText().equals("date")
                        ? LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC)
                        : OffsetDateTime.parse(text).toInstant();
            }
            if (type.equals(SimpleType.DURATION)) {
                return GoDuration.parse(text);
            }
            if (type.equals(SimpleType.BYTES)) {
                return dev.cel.common.values.CelByteString.of(
                        java.util.Base64.getDecoder().decode(text));
            }
        } catch (RuntimeException e) {
            return type.equals(SimpleType.TIMESTAMP)
                    ? Instant.EPOCH
                    : type.equals(SimpleType.DURATION) ? Duration.ZERO : text;
        }
        return text;
    }
}
