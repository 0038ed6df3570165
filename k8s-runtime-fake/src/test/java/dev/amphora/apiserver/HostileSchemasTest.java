package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schemas, rules and objects that are made to hang a server are refused, or done with in a bounded time. */
@Timeout(120)
class HostileSchemasTest {
    private static final String GROUP = "hostile.example.com";

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store).build().start();

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    /** What came of a call: the message of the refusal, or nothing. */
    private String call(String group, String resource, String namespace, String body) {
        ObjectNode tree = (ObjectNode) Json.read(body.getBytes(StandardCharsets.UTF_8));
        try {
            server.handle(new ApiRequest(
                    User.of("admin", User.MASTERS),
                    "test",
                    Verb.CREATE,
                    group,
                    "v1",
                    resource,
                    namespace,
                    "",
                    "",
                    RequestOptions.parse(Map.of()),
                    Body.of(tree, "application/json")));
            return "";
        } catch (StatusException e) {
            assertThat(e.status().getCode()).isBetween(400, 499);
            return String.valueOf(e.getMessage());
        }
    }

    private String define(String spec) {
        return call(
                "apiextensions.k8s.io",
                "customresourcedefinitions",
                "",
                """
                {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                 "metadata": {"name": "traps.hostile.example.com"},
                 "spec": {"group": "hostile.example.com", "scope": "Namespaced", "names": {"plural": "traps", "kind": "Trap"},
                  "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                   {"type": "object", "properties": {"spec": %s}}}}]}}
                """
                        .formatted(spec));
    }

    private String create(String spec) {
        return call(
                GROUP,
                "traps",
                "default",
                "{\"apiVersion\": \"hostile.example.com/v1\", \"kind\": \"Trap\", \"metadata\": {\"name\": \"t\"}, \"spec\": "
                        + spec + "}");
    }

    private static String many(int count, String separator, Function<Integer, String> each) {
        return IntStream.range(0, count).boxed().map(each).collect(Collectors.joining(separator));
    }

    private static String rule(String type, String rule) {
        return "{\"type\": \"object\", \"properties\": {\"v\": %s}, \"x-kubernetes-validations\": [{\"rule\": %s, \"message\": \"no\"}]}"
                .formatted(type, Json.quote(rule));
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"type\":\"object\",\"properties\":{\"a\":', '}}'",
        "'{\"type\":\"array\",\"items\":', '}'",
        "'{\"type\":\"object\",\"additionalProperties\":', '}'",
    })
    void refusesSchemasThatNestTooDeeply(String open, String close) {
        String deep = open.repeat(1_100) + "{\"type\":\"string\"}" + close.repeat(1_100);

        assertThat(define(deep)).contains("exceeded max depth");
    }

    @Test
    void holdsObjectsToWideSchemas() {
        define("{\"type\": \"object\", \"properties\": {%s}}"
                .formatted(many(5_000, ",", i -> "\"p" + i + "\": {\"type\": \"integer\", \"maximum\": 9}")));

        assertThat(create("{\"p4999\": 10}")).contains("spec.p4999");
        assertThat(create("{%s}".formatted(many(5_000, ",", i -> "\"p" + i + "\": 1"))))
                .isEmpty();
    }

    @Test
    void looksUpHugeEnumerations() {
        define("{\"type\": \"array\", \"items\": {\"type\": \"string\", \"enum\": [%s]}}"
                .formatted(many(20_000, ",", i -> "\"e" + i + "\"")));

        assertThat(create("[" + many(50_000, ",", i -> "\"e19999\"") + "]")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"^(([a-z])+.)+[A-Z]([a-z])+$", "^(a|aa)+$", "^(a*)*$", "(.*)(.*)(.*)(.*)(.*)[^a]$"})
    void matchesPatternsInLinearTime(String pattern) {
        define("{\"type\": \"string\", \"pattern\": %s}".formatted(Json.quote(pattern)));

        assertThat(create("\"" + "a".repeat(50_000) + "!!\""))
                .satisfiesAnyOf(message -> assertThat(message).contains("should match"), message -> assertThat(message)
                        .isEmpty());
    }

    @Test
    void refusesPatternsThatTheReferenceRefuses() {
        assertThat(define("{\"type\": \"string\", \"pattern\": \"(?=a)b\"}"))
                .contains(
                        "must be a valid regular expression, but isn't: error parsing regexp: invalid or unsupported Perl"
                                + " syntax: `(?=`");
        assertThat(define("{\"type\": \"string\", \"pattern\": \"((a{1,1000}){1,1000}){1,1000}\"}"))
                .contains("must be a valid regular expression");
        assertThat(define("{\"type\": \"string\", \"pattern\": \"" + "(a|b)*".repeat(20_000) + "\"}"))
                .contains("must be a valid regular expression");
    }

    @Test
    void givesUpSearchesThatWouldTakeTooLong() {
        assertThat(define("{\"type\": \"string\", \"pattern\": \"(x{1000})(x{1000})(x{1000})y\"}"))
                .isEmpty();
        assertThat(create("\"" + "x".repeat(1_000_000) + "\"")).contains("should match");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "self.v.all(a, self.v.all(b, self.v.all(c, self.v.all(d, self.v.all(e, self.v.all(f, a == f))))))",
                "self.v.map(a, self.v.map(b, self.v.map(c, a + b + c))).size() > 0",
            })
    void refusesRulesThatCostTooMuch(String rule) {
        assertThat(define(rule("{\"type\": \"array\", \"maxItems\": 1000, \"items\": {\"type\": \"integer\"}}", rule)))
                .contains("exceeds budget by factor of more than 100x");
    }

    @Test
    void refusesRulesWithoutEnd() {
        String text = "{\"type\": \"string\", \"maxLength\": 9}";

        assertThat(define(rule(text, "(".repeat(5_000) + "true" + ")".repeat(5_000))))
                .isNotEmpty();
        assertThat(define(rule(text, "1 + ".repeat(5_000) + "1 > 0"))).isNotEmpty();
        assertThat(define(rule(text, "true ? false : ".repeat(2_000) + "true"))).isNotEmpty();
        assertThat(define(rule(text, "'" + "a".repeat(200_000) + "' == self.v")))
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lists.range(2000000000).size() > 0",
                "lists.range(100000).map(a, lists.range(100000)).size() > 0",
                "lists.range(5000).map(a, self.v).join('0123456789').replace('', 'aaaaaaaaaaaaaaaa').size() > 0",
            })
    void stopsRulesThatGrowWithoutEnd(String rule) {
        String refused = define(rule("{\"type\": \"string\", \"maxLength\": 1000}", rule));
        if (refused.isEmpty()) {
            refused = create("{\"v\": \"" + "v".repeat(1_000) + "\"}");
        }

        assertThat(refused).containsAnyOf("cost limit exceeded", "exceeds budget");
    }

    @Test
    void boundsTheNumberOfRules() {
        String rules = "{\"type\": \"object\", \"required\": [\"a\"], \"properties\": {\"a\": {\"type\": \"integer\"}},"
                + " \"x-kubernetes-validations\": [%s]}";

        assertThat(define(rules.formatted(many(5_001, ",", i -> "{\"rule\": \"self.a != " + i + "\"}"))))
                .contains("has 5001 x-kubernetes-validations rules, must have at most 5000");
        assertThat(define(rules.formatted(many(200, ",", i -> "{\"rule\": \"self.a != " + i + "\"}"))))
                .isEmpty();
        assertThat(create("{\"a\": 77}")).contains("failed rule: self.a != 77");
    }

    @Test
    void comparesTheElementsOfLongSetsOnce() {
        define("{\"type\": \"array\", \"x-kubernetes-list-type\": \"set\", \"items\": {\"type\": \"string\"}}");

        assertThat(create("[" + many(30_000, ",", i -> "\"" + i + "\"") + ", \"7\"]"))
                .contains("spec[30000]: Duplicate value: \"7\"");
    }

    @Test
    void goesOnServing() {
        define("{\"type\": \"array\", \"items\": ".repeat(1_100) + "{}" + "}".repeat(1_100));

        assertThat(define("{\"type\": \"string\"}")).isEmpty();
        assertThat(create("\"well\"")).isEmpty();
        assertThat(List.copyOf(server.catalogue().resources(GROUP, "v1"))).hasSize(1);
    }
}
