package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.FieldSchema;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random values of a type of the schema catalogue, written as the server itself would write them. */
final class RandomObjects {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int DEEPEST = 24;

    /** What texts often are, and what other formats than JSON stumble over. */
    private static final List<String> TEXTS = List.of(
            "a",
            "web-1",
            "app.kubernetes.io/name",
            "10.0.0.1",
            "Always",
            "TCP",
            "yes",
            "y",
            "NO",
            "on",
            "null",
            "~",
            "true",
            "1",
            "-1",
            "0x1F",
            "0o17",
            "1e3",
            "1_000",
            ".5",
            ".inf",
            "12:30:45",
            "2026-01-02",
            "=",
            "<<",
            "- a",
            "? a",
            "a: b",
            "a #b",
            "#",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a",
            "{a}",
            "[a]",
            "'",
            "\"",
            "\\",
            " a",
            "a ",
            "a\n",
            "\na",
            "a\nb",
            "a\n\n b\n\n",
            "a\r\nb",
            "\t",
            "a\tb",
            "---",
            "...",
            "|",
            ">",
            "\u0000",
            "\u0007",
            "\u007f",
            "\u0085",
            "\u00a0",
            "\u2028",
            "\ufeff",
            "\ufffd",
            "<&>",
            "\u00fc\u00df",
            "\u4e2d\u6587",
            "\ud83d\ude00 a",
            "long words in a line ".repeat(9),
            "x".repeat(300));

    private static final List<String> QUANTITIES =
            List.of("0", "1", "100m", "1500m", "2k", "1Gi", "64Mi", "12e6", "1Ei", "-5", "-250m");

    private final Random random;
    /** How many of a hundred optional fields are there, at the top. */
    private int density;

    RandomObjects(Random random) {
        this.random = random;
    }

    /** An object of a kind, with metadata that any object may have. */
    ObjectNode object(String apiVersion, String kind, TypeSchema type) {
        density = random.nextInt(20) == 0 ? 100 : 8 + random.nextInt(48);
        ObjectNode object = JSON.objectNode().put("kind", kind).put("apiVersion", apiVersion);
        fill(object, type, 0);
        object.put("kind", kind).put("apiVersion", apiVersion);
        return object;
    }

    private void fill(ObjectNode object, TypeSchema type, int depth) {
        for (FieldSchema field : type.fields().values()) {
            if (random.nextInt(100) < density / (1 + depth / 4)
                    && !field.protoPath().isEmpty()
                    && depth < DEEPEST) {
                object.set(field.name(), value(field.type(), depth + 1));
            }
        }
    }

    /** Any value of a type. */
    JsonNode value(TypeSchema type, int depth) {
        return switch (type.kind()) {
            case OBJECT -> {
                ObjectNode object = JSON.objectNode();
                fill(object, type, type.shortName().contains("JSONSchema") ? depth + 6 : depth);
                yield object;
            }
            case LIST -> {
                ArrayNode list = JSON.arrayNode();
                for (int i = 1 + size(depth); i > 0; i--) {
                    list.add(value(type.element(), depth + 1));
                }
                yield list;
            }
            case MAP -> {
                ObjectNode map = JSON.objectNode();
                for (int i = 1 + size(depth); i > 0; i--) {
                    map.set(text(), value(type.element(), depth + 1));
                }
                yield map;
            }
            case STRING -> JSON.textNode(text());
            case BYTES -> {
                byte[] bytes = new byte[random.nextInt(7)];
                random.nextBytes(bytes);
                yield JSON.textNode(java.util.Base64.getEncoder().encodeToString(bytes));
            }
            case BOOLEAN -> JSON.booleanNode(random.nextBoolean());
            case INT32 ->
                JSON.numberNode(pick(List.of(0, 1, -1, 7, 8080, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE)));
            case INT64 ->
                integer(pick(List.of(0L, 1L, -1L, 30L, 1L << 40, (1L << 53) + 1, Long.MAX_VALUE, Long.MIN_VALUE)));
            case NUMBER -> JSON.numberNode(pick(List.of(0.5, 1.5, -2.25, 1e-7, 123456.789)));
            case INT_OR_STRING ->
                random.nextBoolean()
                        ? JSON.numberNode(random.nextInt(70000))
                        : JSON.textNode(pick(List.of("25%", "http", "8080")));
            case QUANTITY -> JSON.textNode(pick(QUANTITIES));
            case TIME ->
                JSON.textNode(pick(List.of("2026-01-02T03:04:05Z", "1969-12-31T23:59:59Z", "2262-04-11T23:47:16Z")));
            case MICRO_TIME ->
                JSON.textNode(pick(List.of("2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05.000000Z")));
            case FIELDS -> JSON.objectNode().set("f:data", JSON.objectNode().set("f:" + text(), JSON.objectNode()));
            case RAW_OBJECT ->
                JSON.objectNode()
                        .put("apiVersion", "example.com/v1")
                        .put("kind", "Thing")
                        .set("free", free(3));
            case SCHEMA_OR_BOOLEAN ->
                random.nextBoolean() || depth > 12
                        ? JSON.booleanNode(random.nextBoolean())
                        : value(type.element(), depth + 6);
            case SCHEMA_OR_LIST -> depth > 12 ? JSON.objectNode() : value(type.element(), depth + 6);
            case SCHEMA_OR_STRINGS ->
                random.nextBoolean() || depth > 12 ? JSON.arrayNode().add(text()) : value(type.element(), depth + 6);
            case JSON -> free(3);
        };
    }

    private int size(int depth) {
        return depth > 8 ? random.nextInt(2) : random.nextInt(3) + (random.nextInt(6) == 0 ? 2 : 0);
    }

    private static JsonNode integer(long value) {
        return value == (int) value ? JSON.numberNode((int) value) : JSON.numberNode(value);
    }

    /** Any JSON but null. */
    JsonNode free(int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> JSON.textNode(text());
            case 1 -> JSON.numberNode(random.nextInt());
            case 2 -> JSON.booleanNode(random.nextBoolean());
            case 3 -> JSON.numberNode(0.25 * (1 + 4 * random.nextInt(100)));
            case 4 -> integer(random.nextLong() | 1L << 40);
            case 5 -> {
                ArrayNode list = JSON.arrayNode();
                for (int i = random.nextInt(3); i > 0; i--) {
                    list.add(free(depth - 1));
                }
                yield list;
            }
            default -> {
                ObjectNode object = JSON.objectNode();
                for (int i = random.nextInt(3); i > 0; i--) {
                    object.set(text(), free(depth - 1));
                }
                yield object;
            }
        };
    }

    String text() {
        if (random.nextInt(3) > 0) {
            return "t" + random.nextInt(100);
        }
        String text = pick(TEXTS);
        return random.nextInt(4) > 0 ? text : text + pick(TEXTS);
    }

    <T> T pick(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    /** What a member may become. */
    interface Equivalence {
        /** Whether one value is as good as another, of the member whose path is given. */
        boolean holds(String path, JsonNode sent, JsonNode kept);
    }

    /** What of one tree another doesn't keep: a path and both values; empty if nothing. What says nothing need not be kept. */
    static String lost(String path, JsonNode sent, JsonNode kept) {
        return lost(path, sent, kept, (at, one, other) -> false);
    }

    /** The same, where what is different may be as good. */
    static String lost(String path, JsonNode sent, JsonNode kept, Equivalence asGood) {
        if (sent.isObject() && kept.isObject()) {
            for (Map.Entry<String, JsonNode> member : sent.properties()) {
                String at = path + "." + member.getKey();
                String lost = lost(at, member.getValue(), kept.path(member.getKey()), asGood);
                if (!lost.isEmpty()) {
                    return lost;
                }
            }
            return "";
        }
        if (sent.isArray() && kept.isArray() && sent.size() == kept.size()) {
            for (int i = 0; i < sent.size(); i++) {
                String lost = lost(path + "[" + i + "]", sent.get(i), kept.get(i), asGood);
                if (!lost.isEmpty()) {
                    return lost;
                }
            }
            return "";
        }
        boolean silent = kept.isMissingNode() || kept.isNull();
        if (sent.equals(kept) || silent && saysNothing(sent) || asGood.holds(path, sent, kept)) {
            return "";
        }
        return path + ": " + sent + " became " + kept;
    }

    private static boolean saysNothing(JsonNode value) {
        if (value.isContainerNode()) {
            for (JsonNode member : value) {
                if (!saysNothing(member)) {
                    return false;
                }
            }
            return value.isArray() ? value.isEmpty() : true;
        }
        return value.isMissingNode()
                || value.isNull()
                || value.isTextual() && value.textValue().isEmpty()
                || value.isNumber() && value.doubleValue() == 0
                || value.isBoolean() && !value.booleanValue();
    }
}
