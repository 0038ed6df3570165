package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

class YamlWriterTest {
    @Test
    void writesSortedBlocksWithListsUnderTheirKeys() {
        assertThat(yaml("{\"kind\":\"X\",\"a\":[{\"c\":1,\"b\":[]},\"s\",[1,2]],\"e\":{},\"n\":null,\"t\":true}"))
                .isEqualTo(
                        """
                        a:
                        - b: []
                          c: 1
                        - s
                        - - 1
                          - 2
                        e: {}
                        kind: X
                        "n": null
                        t: true
                        """);
    }

    @Test
    void quotesWhatWouldBeReadAsSomethingElse() {
        assertThat(
                        yaml(
                                "{\"a\":\"true\",\"b\":\"12\",\"c\":\"2030-01-01T00:00:00Z\",\"d\":\"x: y\",\"e\":\"\",\"f\":\"- a\",\"g\":\"-a\",\"h\":\"it's\",\"i\":\"'q\",\"j\":\"1e3\"}"))
                .isEqualTo(
                        """
                        a: "true"
                        b: "12"
                        c: "2030-01-01T00:00:00Z"
                        d: 'x: y'
                        e: ""
                        f: '- a'
                        g: -a
                        h: it's
                        i: '''q'
                        j: "1e3"
                        """);
    }

    @Test
    void severalLinesBecomeALiteralBlock() {
        assertThat(yaml("{\"a\":\"one\\ntwo\\n\",\"b\":\"one\\n\\ntwo\"}"))
                .isEqualTo(
                        """
                        a: |
                          one
                          two
                        b: |-
                          one

                          two
                        """);
    }

    @Test
    void longTextsGoOnInTheNextLine() {
        assertThat(
                        yaml(
                                "{\"message\":\"only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch\"}"))
                .isEqualTo(
                        """
                        message: 'only the following media types are accepted: application/json;stream=watch,
                          application/vnd.kubernetes.protobuf;stream=watch'
                        """);
    }

    @Test
    void keysComeInTheirNaturalOrder() {
        assertThat(
                        yaml("{\"a10\":1,\"a9\":1,\"ab\":1,\"a-b\":1,\"B\":1,\"a\":1,\"10\":1,\"9\":1,\"a.b/c\":1,\"a010\":1}")
                                .lines())
                .containsExactly(
                        "\"9\": 1",
                        "\"10\": 1",
                        "B: 1",
                        "a: 1",
                        "a-b: 1",
                        "a.b/c: 1",
                        "a9: 1",
                        "a10: 1",
                        "a010: 1",
                        "ab: 1");
    }

    @Test
    void longKeysAreMarked() {
        String key = "k".repeat(129);
        assertThat(yaml("{\"%s\":{\"a\":[1]},\"%s\":1}".formatted(key, key.substring(1))))
                .isEqualTo("%s: 1\n? %s\n: a:\n  - 1\n".formatted(key.substring(1), key));
    }

    @Test
    void whatCannotBeShownIsEscaped() {
        assertThat(yaml("{\"a\":\"\\ud83d\\ude00\\t\\u0007\\u00a0\\\\\",\"b\":\"\\n a\\n\\n\",\"c\":\"a \\nb\"}"))
                .isEqualTo(
                        """
                        a: "\\U0001F600\\t\\a\u00a0\\\\"
                        b: |2+

                           a

                        c: "a \\nb"
                        """);
    }

    @Property(tries = 500)
    void anyTextIsReadBackAsItWas(@ForAll("texts") String text) {
        JsonNode tree = Json.object()
                .put("key", text)
                .set("list", Json.mapper().createArrayNode().add(text));

        assertThat(Json.mapper()
                        .<JsonNode>valueToTree(new Yaml().load(new ByteArrayInputStream(YamlWriter.write(tree)))))
                .isEqualTo(tree);
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings()
                .withChars(" \n:#-?'\"\\[]{}&*!|>%@`,.0123456789aeEfnoyTZ~<=\tä\u0085\u00a0\u2028\r\u0000")
                .ofMaxLength(120);
    }

    private static String yaml(String json) {
        return new String(YamlWriter.write(Json.read(json.getBytes(StandardCharsets.UTF_8))), StandardCharsets.UTF_8);
    }
}
