package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import java.lang.ref.SoftReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What OpenAPI documents say in words about the built-in definitions and their fields: the reference's texts where {@link ModelClasses}
 * has them, else what follows from names and types. Nothing is read before a document is asked for, and what was read gives way when
 * memory is short. Thread-safe.
 */
final class Descriptions {
    /** A class that every release of the library holds and most of them change. */
    private static final String SPECIMEN = "V1PodSpec";

    private static final String REFERENCE = "#/components/schemas/";
    private static final String OBJECT_META = OpenApiPaths.META + "ObjectMeta";
    private static final int NAMED_FIELDS = 8;
    private static final Map<String, SoftReference<String>> DESCRIBED = new ConcurrentHashMap<>();

    private Descriptions() {}

    /** Bytes that differ where the texts come from another release of the library, or from none. */
    static byte[] origin() {
        return ModelClasses.bytes(SPECIMEN);
    }

    /**
     * The schema of a definition with descriptions.
     *
     * @param schema as the catalogue has it, JSON text
     * @return JSON text
     */
    static String describe(String definition, String schema) {
        SoftReference<String> known = DESCRIBED.get(definition);
        String text = known == null ? null : known.get();
        if (text == null) {
            text = described(definition, schema).toString();
            DESCRIBED.put(definition, new SoftReference<>(text));
        }
        return text;
    }

    private static JsonNode described(String definition, String schema) {
        JsonNode tree = JsonText.parse(schema.getBytes(StandardCharsets.UTF_8));
        if (!(tree instanceof ObjectNode)) {
            return tree;
        }
        Optional<ModelClasses.Texts> said = ModelClasses.of(definition);
        String whole = said.map(ModelClasses.Texts::type).orElse("");
        ((ObjectNode) tree).put("description", whole.isEmpty() ? wording(definition, tree) : whole);
        for (Map.Entry<String, JsonNode> property : tree.path("properties").properties()) {
            String name = property.getKey();
            String text = said.map(texts -> texts.fields().get(ModelClasses.key(name)))
                    .orElseGet(() -> wording(name, property.getValue(), tree.path("required")));
            ((ObjectNode) property.getValue()).put("description", text);
        }
        return tree;
    }

    /** Describes what every object has: a custom resource's own schema says nothing of that. */
    static void describeObject(ObjectNode properties) {
        Optional<ModelClasses.Texts> said = ModelClasses.of("io.k8s.api.core.v1.Pod");
        for (Map.Entry<String, JsonNode> property : properties.properties()) {
            String name = property.getKey();
            if (name.equals("apiVersion") || name.equals("kind") || name.equals("metadata")) {
                ((ObjectNode) property.getValue())
                        .put(
                                "description",
                                said.map(texts -> texts.fields().get(ModelClasses.key(name)))
                                        .orElseGet(() -> wording(name, property.getValue(), property.getValue())));
            }
        }
    }

    // ---- own words --------------------------------------------------------------------------------------------------

    /** What follows from a definition's name and fields. */
    private static String wording(String definition, JsonNode schema) {
        String[] parts = definition.split("\\.", -1);
        String kind = parts[parts.length - 1];
        String place = parts.length > 2 ? " of " + parts[parts.length - 3] + "/" + parts[parts.length - 2] : "";
        List<String> names = new ArrayList<>();
        schema.path("properties").fieldNames().forEachRemaining(names::add);
        String text = "The type " + kind + place + ": ";
        if (names.isEmpty()) {
            return text + type(schema) + ".";
        }
        String fields = String.join(", ", names.subList(0, Math.min(NAMED_FIELDS, names.size())));
        return text + (names.size() > NAMED_FIELDS ? fields + " and more." : fields + ".");
    }

    /** What follows from a field's name and type. */
    private static String wording(String field, JsonNode schema, JsonNode required) {
        boolean needed = false;
        for (JsonNode name : required) {
            needed |= name.asText().equals(field);
        }
        String values = values(schema);
        return words(field)
                + ": "
                + type(schema)
                + (values.isEmpty() ? "" : ", one of " + values)
                + (needed ? "; required." : ".");
    }

    private static String values(JsonNode schema) {
        List<String> values = new ArrayList<>();
        schema.path("enum").forEach(value -> values.add(value.asText()));
        return String.join(", ", values);
    }

    /** A name in camel case as words, abbreviations kept. */
    static String words(String name) {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean starts = i > 0 && Ascii.isUpperCase(c) && !Ascii.isUpperCase(name.charAt(i - 1));
            boolean word = starts && (i + 1 == name.length() || !Ascii.isUpperCase(name.charAt(i + 1)));
            words.append(starts ? " " : "").append(word ? Ascii.toLowerCase(c) : c);
        }
        return words.length() == 0 ? "" : Ascii.toUpperCase(words.charAt(0)) + words.substring(1);
    }

    private static String type(JsonNode schema) {
        String reference = reference(schema);
        if (reference != null) {
            return reference.equals(OBJECT_META)
                    ? "the object's metadata"
                    : article(reference.substring(reference.lastIndexOf('.') + 1));
        }
        if (schema.path("items").isObject()) {
            return "a list; each element is " + type(schema.path("items"));
        }
        if (schema.path("additionalProperties").isObject()) {
            return "a map; each value is " + type(schema.path("additionalProperties"));
        }
        String format = schema.path("format").asText();
        return switch (schema.path("type").asText()) {
            case "boolean" -> "true or false";
            case "integer" -> format.isEmpty() ? "an integer" : "an integer (" + format + ")";
            case "number" -> "a number";
            case "string" -> format.isEmpty() ? "a string" : "a string (" + format + ")";
            case "object" -> "an object";
            default -> schema.has("oneOf") ? "a string or a number" : "any value";
        };
    }

    private static String article(String noun) {
        return ("AEIOU".indexOf(noun.charAt(0)) >= 0 ? "an " : "a ") + noun;
    }

    private static @Nullable String reference(JsonNode schema) {
        JsonNode choice = schema.path("allOf");
        JsonNode holder = choice.size() == 1 ? choice.path(0) : schema;
        String target = holder.path("$ref").asText();
        return target.isEmpty() ? null : target.substring(REFERENCE.length());
    }
}
