package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A structural schema: what one value of a custom object may be. Immutable. */
public final class Structural {
    private final JsonNode source;
    private final ImmutableList<String> types;
    private final String format;
    private final boolean nullable;
    private final @Nullable JsonNode defaultValue;
    private final ImmutableMap<String, Structural> properties;
    private final @Nullable Structural items;
    private final @Nullable Structural additional;
    private final boolean open;
    private final boolean preserving;
    private final boolean embedded;
    private final boolean intOrString;
    private final String listType;
    private final ImmutableList<String> mapKeys;
    private final ImmutableList<Structural> anyOf;
    private final ImmutableList<Structural> oneOf;
    private final ImmutableList<Structural> allOf;
    private final @Nullable Structural not;
    private final ImmutableList<String> required;
    private final ImmutableSet<String> allowedTexts;

    private Structural(JsonNode source) {
        this.source = source;
        intOrString = source.path("x-kubernetes-int-or-string").asBoolean();
        String type = source.path("type").asText("");
        types = !type.isEmpty()
                ? ImmutableList.of(type)
                : intOrString ? ImmutableList.of("integer", "string") : ImmutableList.of();
        String given = source.path("format").asText("");
        format = Formats.isRecognized(type, given) ? given : "";
        nullable = source.path("nullable").asBoolean();
        defaultValue = source.get("default");
        ImmutableMap.Builder<String, Structural> all = ImmutableMap.builder();
        source.path("properties").properties().forEach(each -> all.put(each.getKey(), of(each.getValue())));
        properties = all.buildKeepingLast();
        items = child(source.path("items"));
        JsonNode rest = source.path("additionalProperties");
        additional = child(rest);
        open = rest.isObject() || rest.asBoolean();
        preserving = source.path("x-kubernetes-preserve-unknown-fields").asBoolean();
        embedded = source.path("x-kubernetes-embedded-resource").asBoolean();
        listType = source.path("x-kubernetes-list-type").asText("");
        mapKeys = ImmutableList.copyOf(DefinedNames.strings(source.path("x-kubernetes-list-map-keys")));
        anyOf = list(source.path("anyOf"));
        oneOf = list(source.path("oneOf"));
        allOf = list(source.path("allOf"));
        not = child(source.path("not"));
        required = ImmutableList.copyOf(DefinedNames.strings(source.path("required")));
        ImmutableSet.Builder<String> texts = ImmutableSet.builder();
        for (JsonNode allowed : source.path("enum")) {
            if (allowed.isTextual()) {
                texts.add(allowed.textValue());
            }
        }
        allowedTexts = texts.build();
    }

    /** Whether a value is one of the texts that its enumeration has. */
    boolean isAllowedText(JsonNode value) {
        return value.isTextual() && allowedTexts.contains(value.textValue());
    }

    /** Reads a schema. The tree must not change afterwards. */
    public static Structural of(JsonNode schema) {
        return new Structural(schema);
    }

    private static @Nullable Structural child(JsonNode schema) {
        return schema.isObject() ? of(schema) : null;
    }

    private static ImmutableList<Structural> list(JsonNode schemas) {
        ImmutableList.Builder<Structural> list = ImmutableList.builder();
        schemas.forEach(each -> list.add(of(each)));
        return list.build();
    }

    /** The schema as the definition has it. Read-only. */
    public JsonNode source() {
        return source;
    }

    /** The types allowed: one, two for an integer or a string, none for any. */
    List<String> types() {
        return types;
    }

    /** The one type; empty if there is none or more. */
    String type() {
        return types.size() == 1 ? types.get(0) : "";
    }

    /** The format; empty if it is none of those that the type has. */
    String format() {
        return format;
    }

    boolean nullable() {
        return nullable;
    }

    /** What stands where nothing is given; null if nothing does. */
    @Nullable JsonNode defaultValue() {
        return defaultValue;
    }

    boolean hasDefault() {
        return defaultValue != null && !defaultValue.isNull();
    }

    /** The named fields. */
    public Map<String, Structural> properties() {
        return properties;
    }

    /** The schema of a list's elements; null if nothing is said of them. */
    public @Nullable Structural items() {
        return items;
    }

    /** The schema of fields that are not named; null if there is none. */
    public @Nullable Structural additional() {
        return additional;
    }

    /** Whether fields that are not named are part of the schema. */
    boolean open() {
        return open;
    }

    boolean preserving() {
        return preserving;
    }

    /** Whether the value is a whole object with kind and metadata. */
    public boolean embedded() {
        return embedded;
    }

    boolean intOrString() {
        return intOrString;
    }

    /** {@code set}, {@code map}, {@code atomic}, or empty. */
    String listType() {
        return listType;
    }

    List<String> mapKeys() {
        return mapKeys;
    }

    List<Structural> anyOf() {
        return anyOf;
    }

    List<Structural> oneOf() {
        return oneOf;
    }

    List<Structural> allOf() {
        return allOf;
    }

    @Nullable Structural not() {
        return not;
    }

    List<String> required() {
        return required;
    }

    /** The schema of a field: that of its name, else that of all others; null if there is none. */
    @Nullable Structural field(String name) {
        Structural property = properties.get(name);
        return property != null ? property : additional;
    }
}
