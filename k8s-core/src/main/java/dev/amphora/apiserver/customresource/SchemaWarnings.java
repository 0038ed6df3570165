package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What a schema says that has no effect. */
public final class SchemaWarnings {
    private static final List<String> LISTS = List.of("allOf", "anyOf", "oneOf");

    private SchemaWarnings() {}

    /** The formats in a schema that say nothing about values of the type beside them. */
    public static List<String> unrecognizedFormats(JsonNode schema) {
        List<String> found = new ArrayList<>();
        collect(schema, found);
        return found;
    }

    /** Whether a schema has a default anywhere. */
    public static boolean hasDefaults(JsonNode schema) {
        if (!schema.isObject()) {
            return false;
        }
        boolean has = schema.hasNonNull("default")
                || hasDefaults(schema.path("items"))
                || hasDefaults(schema.path("not"))
                || hasDefaults(schema.path("additionalProperties"));
        for (String list : LISTS) {
            for (JsonNode each : schema.path(list)) {
                has |= hasDefaults(each);
            }
        }
        for (JsonNode each : schema.path("properties")) {
            has |= hasDefaults(each);
        }
        return has;
    }

    private static void collect(JsonNode schema, List<String> found) {
        if (!schema.isObject()) {
            return;
        }
        String format = schema.path("format").asText("");
        if (!format.isEmpty() && !Formats.isRecognized(schema.path("type").asText(""), format)) {
            found.add(format);
        }
        collect(schema.path("items"), found);
        for (String list : LISTS) {
            schema.path(list).forEach(each -> collect(each, found));
        }
        collect(schema.path("not"), found);
        schema.path("properties").forEach(each -> collect(each, found));
        collect(schema.path("additionalProperties"), found);
    }
}
