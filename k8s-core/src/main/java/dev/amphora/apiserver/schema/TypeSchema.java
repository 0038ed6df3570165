package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a value may be: an object with its fields, a map, a list, or a scalar. Immutable; may refer to itself. */
public final class TypeSchema {

    /** The shapes of values. */
    public enum Kind {
        /** Named fields. */
        OBJECT,
        /** Any keys, values of one type. */
        MAP,
        /** Elements of one type. */
        LIST,
        STRING,
        /** Bytes, base64 in JSON. */
        BYTES,
        BOOLEAN,
        INT32,
        INT64,
        /** A number with a fraction. */
        NUMBER,
        /** An integer or a string, such as a port or a percentage. */
        INT_OR_STRING,
        /** An amount with a unit. */
        QUANTITY,
        /** A time to the second. */
        TIME,
        /** A time to the microsecond. */
        MICRO_TIME,
        /** An object of a kind that is not known here. */
        RAW_OBJECT,
        /** The field set of a field manager. */
        FIELDS,
        /** Any JSON value. */
        JSON,
        /** A schema, or a list of schemas. */
        SCHEMA_OR_LIST,
        /** A schema, or a boolean. */
        SCHEMA_OR_BOOLEAN,
        /** A schema, or a list of strings. */
        SCHEMA_OR_STRINGS
    }

    /** How the elements of a list are told apart when two writers merge it. */
    public enum ListType {
        /** The list is one value. */
        ATOMIC,
        /** Elements are scalars and unique. */
        SET,
        /** Elements are objects with key fields. */
        MAP
    }

    private final String name;
    private final Kind kind;
    private final ImmutableMap<String, FieldSchema> fields;
    private final Supplier<FieldOrder> order;
    private final @Nullable Supplier<TypeSchema> element;
    private final ListType listType;
    private final ImmutableList<String> listMapKeys;
    private final boolean atomic;
    private final boolean nullable;
    private final boolean preserveUnknownFields;
    private final boolean embeddedResource;
    private final Supplier<JsonNode> openApi;

    private TypeSchema(Builder builder) {
        name = builder.name;
        kind = builder.kind;
        fields = builder.fields.buildOrThrow();
        order = Suppliers.memoize(() -> new FieldOrder(fields.values()));
        element = builder.element;
        listType = builder.listType;
        listMapKeys = builder.listMapKeys;
        atomic = builder.atomic;
        nullable = builder.nullable;
        preserveUnknownFields = builder.preserveUnknownFields;
        embeddedResource = builder.embeddedResource;
        openApi = builder.openApi;
    }

    /** A type of a shape. The name is that of its definition, empty for a type that has none. */
    public static Builder builder(String name, Kind kind) {
        return new Builder(name, kind);
    }

    /** The name of the definition, such as {@code io.k8s.api.core.v1.PodSpec}; empty for a type without one. */
    public String name() {
        return name;
    }

    /** The name as decoding errors have it: the last part of the definition's name. */
    public String shortName() {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** The shape. */
    public Kind kind() {
        return kind;
    }

    /** The fields of an object by name, in declaration order; empty for other shapes. */
    public Map<String, FieldSchema> fields() {
        return fields;
    }

    /** The fields of an object with their places. */
    FieldOrder order() {
        return order.get();
    }

    /** One field of an object. */
    public Optional<FieldSchema> field(String fieldName) {
        return Optional.ofNullable(fields.get(fieldName));
    }

    /** The type of a map's values or a list's elements; an {@link IllegalStateException} for other shapes. */
    public TypeSchema element() {
        if (element == null) {
            throw new IllegalStateException(kind + " has no elements");
        }
        return element.get();
    }

    /** How a list merges; {@link ListType#ATOMIC} for other shapes. */
    public ListType listType() {
        return listType;
    }

    /** The fields that identify an element of a {@link ListType#MAP} list. */
    public List<String> listMapKeys() {
        return listMapKeys;
    }

    /** Whether an object or map is one value when two writers merge it. */
    public boolean atomic() {
        return atomic;
    }

    /** Whether null is a value of its own. */
    public boolean nullable() {
        return nullable;
    }

    /** Whether fields that the schema doesn't name are kept. */
    public boolean preserveUnknownFields() {
        return preserveUnknownFields;
    }

    /** Whether the value is a whole object with its own kind and metadata. */
    public boolean embeddedResource() {
        return embeddedResource;
    }

    /** The OpenAPI v3 schema that this type was read from; an empty object if it was built by hand. Not to be changed. */
    public JsonNode openApi() {
        return openApi.get();
    }

    @Override
    public String toString() {
        return name.isEmpty() ? kind.toString() : name;
    }

    /** Collects what is known of a type. */
    public static final class Builder {
        private final String name;
        private final Kind kind;
        private final ImmutableMap.Builder<String, FieldSchema> fields = ImmutableMap.builder();
        private @Nullable Supplier<TypeSchema> element;
        private ListType listType = ListType.ATOMIC;
        private ImmutableList<String> listMapKeys = ImmutableList.of();
        private boolean atomic;
        private boolean nullable;
        private boolean preserveUnknownFields;
        private boolean embeddedResource;
        private Supplier<JsonNode> openApi = JsonNodeFactory.instance::objectNode;

        private Builder(String name, Kind kind) {
            this.name = name;
            this.kind = kind;
        }

        /** Adds a field; names are unique. */
        public Builder field(FieldSchema field) {
            fields.put(field.name(), field);
            return this;
        }

        /** See {@link TypeSchema#element()}. */
        public Builder element(Supplier<TypeSchema> type) {
            element = Suppliers.memoize(type::get);
            return this;
        }

        /** See {@link TypeSchema#listType()} and {@link TypeSchema#listMapKeys()}. */
        public Builder listType(ListType type, List<String> keys) {
            listType = type;
            listMapKeys = ImmutableList.copyOf(keys);
            return this;
        }

        /** See {@link TypeSchema#atomic()}. */
        public Builder atomic(boolean value) {
            atomic = value;
            return this;
        }

        /** See {@link TypeSchema#nullable()}. */
        public Builder nullable(boolean value) {
            nullable = value;
            return this;
        }

        /** See {@link TypeSchema#preserveUnknownFields()}. */
        public Builder preserveUnknownFields(boolean value) {
            preserveUnknownFields = value;
            return this;
        }

        /** See {@link TypeSchema#embeddedResource()}. */
        public Builder embeddedResource(boolean value) {
            embeddedResource = value;
            return this;
        }

        /** See {@link TypeSchema#openApi()}. */
        public Builder openApi(Supplier<JsonNode> schema) {
            openApi = Suppliers.memoize(schema::get);
            return this;
        }

        /** The type. */
        public TypeSchema build() {
            return new TypeSchema(this);
        }
    }
}
