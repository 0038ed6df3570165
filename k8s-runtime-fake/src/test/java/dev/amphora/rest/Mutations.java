package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Small damages to trees and bytes. */
final class Mutations {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Texts that some field or other may choke on. */
    private static final List<String> TEXTS = List.of(
            "",
            "-",
            "a b",
            "..",
            "../../etc",
            "%00",
            "%s%n",
            "${x}",
            "{{.x}}",
            "a".repeat(254),
            "a/b/c",
            "/",
            "UPPER",
            "1e999999999",
            "1e-999999999",
            "99999999999999999999999999Gi",
            "0.0000000000000000000001",
            "9223372036854775808",
            "-9223372036854775809",
            "1Ei",
            "-1",
            "0x10",
            "100%",
            "101%",
            "-1%",
            "::1",
            "fe80::1%eth0",
            "256.1.1.1",
            "10.0.0.0/33",
            "2001:db8::/129",
            "10.0.0.1/8",
            "2026-13-45T99:99:99Z",
            "0000-00-00T00:00:00Z",
            "99999-01-01T00:00:00Z",
            "2026-01-02T03:04:05.999999999+14:00",
            "* * * * *",
            "60 24 32 13 8",
            "@every 1ns",
            "TZ=Nowhere/None * * * * *",
            "0 0 31 2 *",
            "https://[::1",
            "http://user:pw@host:99999/?#",
            "(",
            "[a-z",
            "(a+)+$",
            "\\p{Foo}",
            "self.x == 1",
            "self.all(x, x.all(y, y.all(z, z == x)))",
            "'a'.matches('(a*)*b')",
            "{.spec.x}",
            "{.spec['x']}",
            "{range .items[*]}",
            "*",
            "*/*",
            "pods/*",
            "\u0000",
            "\ud83d\ude00",
            "\ud800",
            "null",
            "[]",
            "{}");

    private final Random random;
    private final RandomObjects objects;

    Mutations(Random random, RandomObjects objects) {
        this.random = random;
        this.objects = objects;
    }

    /** A text as one finds it where it doesn't belong. */
    String text() {
        return random.nextBoolean() ? objects.pick(TEXTS) : objects.text();
    }

    /** Damages a tree in a few places. */
    void damage(ObjectNode tree) {
        for (int i = random.nextInt(3); i >= 0; i--) {
            JsonNode holder = somewhere(tree);
            if (holder instanceof ObjectNode object) {
                damageMember(object);
            } else if (holder instanceof ArrayNode array) {
                damageElement(array);
            }
        }
    }

    private JsonNode somewhere(JsonNode tree) {
        JsonNode at = tree;
        for (int depth = 0; depth < 12; depth++) {
            List<JsonNode> inner = new ArrayList<>();
            at.forEach(child -> {
                if (child.isContainerNode()) {
                    inner.add(child);
                }
            });
            if (inner.isEmpty() || random.nextInt(4) == 0) {
                return at;
            }
            at = objects.pick(inner);
        }
        return at;
    }

    private void damageMember(ObjectNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        String name = names.isEmpty() ? text() : objects.pick(names);
        switch (random.nextInt(8)) {
            case 0 -> object.remove(name);
            case 1 -> object.set(text(), any(2));
            case 2 -> object.putNull(name);
            case 3 -> object.put(name, text());
            case 4 -> {
                JsonNode value = object.path(name);
                object.set(
                        name,
                        value.isArray() ? JSON.objectNode() : JSON.arrayNode().add(value.deepCopy()));
            }
            case 5 -> object.set(name, number());
            default -> object.set(name, any(2));
        }
    }

    private void damageElement(ArrayNode array) {
        if (array.isEmpty()) {
            array.add(any(2));
            return;
        }
        int at = random.nextInt(array.size());
        switch (random.nextInt(6)) {
            case 0 -> array.remove(at);
            case 1 -> array.add(array.get(at).deepCopy());
            case 2 -> array.set(at, JSON.nullNode());
            case 3 -> array.set(at, any(2));
            case 4 -> array.insert(0, any(1));
            default -> {
                JsonNode copied = array.get(at);
                for (int i = 0; i < 200; i++) {
                    array.add(copied.deepCopy());
                }
            }
        }
    }

    /** Any JSON, null and extreme numbers among it. */
    JsonNode any(int depth) {
        return switch (random.nextInt(5)) {
            case 0 -> JSON.nullNode();
            case 1 -> number();
            case 2 -> JSON.textNode(text());
            default -> objects.free(depth);
        };
    }

    private JsonNode number() {
        return switch (random.nextInt(8)) {
            case 0 -> JSON.numberNode(0);
            case 1 -> JSON.numberNode(-1);
            case 2 -> JSON.numberNode(Integer.MAX_VALUE);
            case 3 -> JSON.numberNode(Long.MAX_VALUE);
            case 4 -> JSON.numberNode(new BigInteger("9".repeat(40)));
            case 5 -> JSON.numberNode(0.1);
            case 6 -> JSON.numberNode(1e300);
            default -> JSON.numberNode(random.nextInt(100_000));
        };
    }

    /** Damages bytes in a few places, or not. */
    byte[] damage(byte[] bytes) {
        if (random.nextInt(6) > 0) {
            return bytes;
        }
        byte[] result = bytes.clone();
        for (int i = random.nextInt(4); i >= 0 && result.length > 0; i--) {
            int at = random.nextInt(result.length);
            switch (random.nextInt(5)) {
                case 0 -> result[at] = (byte) random.nextInt(256);
                case 1 -> result = Arrays.copyOf(result, at);
                case 2 ->
                    result = joined(
                            Arrays.copyOf(result, at),
                            Arrays.copyOfRange(result, Math.min(at + 1, result.length), result.length));
                case 3 -> {
                    byte[] piece = Arrays.copyOfRange(result, at, Math.min(result.length, at + 1 + random.nextInt(40)));
                    result = joined(result, piece);
                }
                default -> {
                    int end = Math.min(result.length, at + 1 + random.nextInt(40));
                    byte[] twice = joined(Arrays.copyOf(result, end), Arrays.copyOfRange(result, at, result.length));
                    result = twice;
                }
            }
        }
        return result;
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
