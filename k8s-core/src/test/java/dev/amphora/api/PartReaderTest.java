package dev.amphora.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PartReaderTest {
    private static final int ROUNDS = Integer.getInteger("amphora.parts.rounds", 5_000);

    private static final String POD =
            """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","namespace":"default","uid":"0-1","generation":1,\
            "labels":{"app.kubernetes.io/name":"web","tier":"front"},"annotations":{"a":"<b> \\"q\\" \\u00e9 é \\n","c":""},\
            "managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":\
            "FieldsV1","fieldsV1":{"f:spec":{"f:containers":{"k:{\\"name\\":\\"c\\"}":{".":{},"f:image":{}}}}}}]},\
            "spec":{"volumes":[{"name":"v","emptyDir":{}},{"name":"w","secret":{"secretName":"s","defaultMode":420}}],\
            "containers":[{"name":"c","image":"registry.example/web:1.2","resources":{"requests":{"cpu":"100m"}}}],\
            "tolerations":[],"priority":-10,"nodeName":"%s","big":12345678901,"huge":123456789012345678901234567890,"real":1.50,\
            "exponent":1e3,"zero":0,"yes":true,"no":false,"nothing":null},\
            "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastProbeTime":null}]}}""";

    private static final String PLAIN =
            POD.replace("\"huge\":123456789012345678901234567890,\"real\":1.50,\"exponent\":1e3,", "");

    private static final byte[] PIECES = bytes("{}[],:\"\\ \n01-9.eEtfna\u0001é");

    private final Random random = new Random(7);

    @Test
    void readsWhatTheGeneralWayReads() {
        int plain = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String document = round % 4 == 0 ? POD : PLAIN;
            byte[] text = bytes(document.formatted("pod-" + round % 50, "node-" + round % 7));
            for (int change = random.nextInt(4); change > 0; change--) {
                text = changed(text);
            }
            ObjectNode read = PartReader.read(text);
            JsonNode wanted = general(text);
            if (read != null) {
                plain++;
                assertThat(read).as(new String(text, StandardCharsets.UTF_8)).isEqualTo(wanted);
                assertThat(Json.write(read)).isEqualTo(Json.write(wanted));
                assertThat(Json.write(read, read)).isEqualTo(Json.write(wanted));
            }
        }
        assertThat(plain).as("documents that were read without the general way").isGreaterThan(ROUNDS / 4);
    }

    @Test
    void readsPlainDocumentsWithoutTheGeneralWay() {
        for (String document : List.of(
                "{}",
                "{\"a\":[],\"b\":{},\"c\":[{},[1,-2,0]],\"d\":2147483648,\"e\":-2147483648}",
                "{\"a\":1,\"b\":2,\"a\":3}",
                "{\"text\":\"\\u0041\\\"\\\\ é\"}")) {
            assertThat(PartReader.read(bytes(document))).as(document).isEqualTo(general(bytes(document)));
        }
    }

    @Test
    void sharesWhatIsTheSameButNotWhatIsAnObjectsOwn() {
        ObjectNode one = Json.readShared(bytes(PLAIN.formatted("one", "here")));
        ObjectNode other = Json.readShared(bytes(PLAIN.formatted("other", "there")));

        assertThat(one.get("status")).isSameAs(other.get("status"));
        assertThat(one.get("spec")).isNotSameAs(other.get("spec"));
        assertThat(one.at("/spec/containers")).isSameAs(other.at("/spec/containers"));
        assertThat(one.at("/metadata/managedFields")).isSameAs(other.at("/metadata/managedFields"));
        assertThat(one.at("/metadata/name").textValue()).isEqualTo("one");
        assertThat(other.at("/metadata/name").textValue()).isEqualTo("other");

        ObjectNode again = Json.readShared(bytes(PLAIN.formatted("one", "here")));
        assertThat(again).isNotSameAs(one);
        assertThat(again.get("metadata")).as("takes the resource version").isNotSameAs(one.get("metadata"));
    }

    @Test
    void remembersTextsOnlyOfWhatIsWrittenAsItStood() {
        for (String part : List.of(
                "{'name':'a value','other':'another <value>'}",
                "{'name':'a value','other':'another \\u0061'}",
                "{'name':'a value','na\\u006de':'another value'}",
                "{'name':'a value','name':'another value','more':[1,2,3]}",
                "{'name':'a value','other':['é','a longer text, too']}")) {
            byte[] document = bytes(
                    ("{'outer':{'inner':" + part + ",'list':[{'in':'a list','of':" + part + "}]}}").replace('\'', '"'));
            ObjectNode first = Json.readShared(document);
            ObjectNode second = Json.readShared(document);
            byte[] wanted = Json.write(Json.read(document));
            assertThat(Json.write(first, first)).as(part).isEqualTo(wanted);
            assertThat(Json.write(second, second)).as(part).isEqualTo(wanted);
        }
    }

    private static @Nullable JsonNode general(byte[] text) {
        try {
            return Json.read(text);
        } catch (UncheckedIOException e) {
            return null;
        }
    }

    private byte[] changed(byte[] text) {
        int from = random.nextInt(text.length);
        int to = Math.min(text.length, from + random.nextInt(40));
        return switch (random.nextInt(5)) {
            case 0 -> spliced(text, from, from, PIECES[random.nextInt(PIECES.length)]);
            case 1 -> spliced(text, from, from + 1, PIECES[random.nextInt(PIECES.length)]);
            case 2 -> spliced(text, from, to);
            case 3 -> spliced(text, random.nextInt(text.length), 0, Arrays.copyOfRange(text, from, to));
            default -> Arrays.copyOf(text, to);
        };
    }

    /** A text with something else in place of a part of it. */
    private static byte[] spliced(byte[] text, int from, int to, byte... between) {
        int end = Math.max(from, to);
        byte[] changed = Arrays.copyOf(text, text.length - (end - from) + between.length);
        System.arraycopy(between, 0, changed, from, between.length);
        System.arraycopy(text, end, changed, from + between.length, text.length - end);
        return changed;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
