package dev.amphora.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.amphora.api.Json;
import dev.amphora.controller.history.Revisions;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The hash of a pod template that names ReplicaSets and the pods of DaemonSets, equal to the reference's: FNV-1a over the template
 * printed with every field and type. The names and the order of the fields are in {@code pod-template-types.txt}.
 */
public final class TemplateHash {
    private static final String ZERO_TIME = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}";

    private TemplateHash() {}

    /**
     * The hash in letters that spell no words.
     *
     * @param collisions how often the hash has turned out to be taken; null if never
     */
    public static String of(PodTemplateSpec template, @Nullable Integer collisions) {
        StringBuilder text = new StringBuilder();
        print(text, "v1.PodTemplateSpec", "", Json.toTree(template), false);
        int hash = 0x811C9DC5;
        for (byte each : text.toString().getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (each & 0xFF)) * 0x01000193;
        }
        if (collisions != null) {
            for (int i = 0; i < 8; i++) {
                hash = (hash ^ (i < 4 ? collisions >>> (8 * i) & 0xFF : 0)) * 0x01000193;
            }
        }
        return Revisions.safe(hash & 0xFFFFFFFFL);
    }

    /** A field of a type: its name, its name in JSON ({@code <} if its fields are the type's own), its type and what that is made of. */
    private record Field(String name, String json, String type, String made) {}

    /** Read when the first template is hashed. */
    private static final class Types {
        static final Map<String, List<Field>> ALL = read();

        private static Map<String, List<Field>> read() {
            Map<String, List<Field>> types = new LinkedHashMap<>();
            List<Field> fields = new ArrayList<>();
            try (InputStream in =
                    Objects.requireNonNull(TemplateHash.class.getResourceAsStream("pod-template-types.txt"))) {
                for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                    if (line.startsWith(" ")) {
                        String[] parts = line.substring(1).split(" ");
                        fields.add(new Field(parts[0], parts[1], parts[2], parts.length > 3 ? parts[3] : ""));
                    } else {
                        fields = new ArrayList<>();
                        types.put(line, fields);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return types;
        }
    }

    /**
     * Prints one value.
     *
     * @param made what a named type is made of; empty if it is a structure or not a named type
     * @param bare whether the type is left out
     */
    private static void print(StringBuilder text, String type, String made, @Nullable JsonNode value, boolean bare) {
        JsonNode present = value == null || value.isNull() ? MissingNode.getInstance() : value;
        boolean absent = present.isMissingNode();
        if (type.startsWith("*")) {
            if (!bare) {
                text.append('(').append(type).append(')');
            }
            if (absent) {
                text.append("<nil>");
            } else {
                print(text, type.substring(1), made, present, true);
            }
            return;
        }
        if (!bare) {
            text.append('(').append(type).append(')');
        }
        if (type.startsWith("[]")) {
            if (absent || present.isEmpty()) {
                text.append("<nil>");
                return;
            }
            text.append('[');
            String separator = "";
            for (JsonNode element : present) {
                text.append(separator);
                print(text, type.substring(2), made, element, true);
                separator = " ";
            }
            text.append(']');
        } else if (type.startsWith("map[") || type.equals("v1.ResourceList")) {
            String element = type.startsWith("map[") ? type.substring(type.indexOf(']') + 1) : "resource.Quantity";
            printMap(text, element, present);
        } else if (type.equals("v1.Time")) {
            text.append(ZERO_TIME);
        } else if (type.equals("resource.Quantity")) {
            printQuantity(text, present.asText());
        } else if (type.equals("intstr.IntOrString")) {
            boolean string = present.isTextual();
            text.append("{Type:(intstr.Type)").append(string ? 1 : 0).append(" IntVal:(int32)");
            text.append(string ? 0 : present.asInt()).append(" StrVal:(string)");
            text.append(string ? present.asText() : "").append('}');
        } else if (Types.ALL.containsKey(type)) {
            printFields(text, type, present);
        } else {
            printScalar(text, made.isEmpty() ? type : made, present);
        }
    }

    private static void printFields(StringBuilder text, String type, JsonNode value) {
        text.append('{');
        String separator = "";
        for (Field field : Types.ALL.getOrDefault(type, List.of())) {
            text.append(separator).append(field.name).append(':');
            JsonNode member = field.json.equals("<") ? value : value.get(field.json);
            print(text, field.type, field.made, member, false);
            separator = " ";
        }
        text.append('}');
    }

    private static void printMap(StringBuilder text, String element, JsonNode value) {
        if (value.isEmpty()) {
            text.append("<nil>");
            return;
        }
        Map<String, JsonNode> sorted = new TreeMap<>();
        value.fields().forEachRemaining(entry -> sorted.put(entry.getKey(), entry.getValue()));
        text.append("map[");
        String separator = "";
        for (Map.Entry<String, JsonNode> entry : sorted.entrySet()) {
            text.append(separator).append(entry.getKey()).append(':');
            print(text, element, "", entry.getValue(), true);
            separator = " ";
        }
        text.append(']');
    }

    private static void printScalar(StringBuilder text, String type, JsonNode value) {
        switch (type) {
            case "string" -> text.append(value.asText());
            case "bool" -> text.append(value.asBoolean());
            default -> text.append(value.asLong());
        }
    }

    /** A quantity as the reference holds it in memory: a number, a power of ten, the text and the kind of suffix. */
    private static void printQuantity(StringBuilder text, String quantity) {
        String number = quantity.replaceFirst("[a-zA-Z]+([+-]?[0-9]+)?$", "");
        String suffix = quantity.substring(number.length());
        String format = quantity.isEmpty() || quantity.equals("0") ? "" : "DecimalSI";
        int scale = 0;
        int shift = 0;
        if (suffix.endsWith("i")) {
            format = "BinarySI";
            shift = 10 * ("KMGTPE".indexOf(suffix.charAt(0)) + 1);
        } else if (suffix.matches("[eE][+-]?[0-9]+")) {
            format = "DecimalExponent";
            scale = Integer.parseInt(suffix.substring(1).replace("+", ""));
        } else if (!suffix.isEmpty()) {
            scale = 3 * ("num kMGTPE".indexOf(suffix.charAt(0)) - 3);
        }
        int point = number.indexOf('.');
        if (point >= 0) {
            scale -= number.length() - point - 1;
        }
        String digits = number.replace(".", "").replace("+", "");
        long value = digits.isEmpty() ? 0 : Long.parseLong(digits) << shift;
        text.append("{i:(resource.int64Amount){value:(int64)").append(value);
        text.append(" scale:(resource.Scale)").append(scale);
        text.append("} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)")
                .append(quantity);
        text.append(" Format:(resource.Format)").append(format).append('}');
    }
}
