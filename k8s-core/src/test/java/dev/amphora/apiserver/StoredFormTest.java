package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes of the store become those that go out. */
class StoredFormTest {

    @Property(tries = 500)
    void puttingTheRevisionInIsAsGoodAsWritingTheObject(
            @ForAll String name,
            @ForAll String namespace,
            @ForAll boolean namespaced,
            @ForAll boolean generated,
            @ForAll String label) {
        ObjectNode object = Json.object().put("apiVersion", "v1").put("kind", "ConfigMap");
        object.putObject("data").put("uid", "\"uid\":\"x\"");
        ObjectNode metadata = object.putObject("metadata");
        metadata.putObject("labels").put("uid", label);
        metadata.put("uid", "b5b1f1b2-0000-4000-8000-000000000000").put("name", name);
        if (namespaced) {
            metadata.put("namespace", namespace);
        }
        if (generated) {
            metadata.put("generateName", name);
        }

        byte[] out = StoredForm.withRevision(StoredForm.of(object), 42);

        metadata.put("resourceVersion", "42");
        assertThat(new String(out, StandardCharsets.UTF_8))
                .isEqualTo(new String(Json.write(MemberOrder.of(object)), StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"kind\":\"A\"}",
                "{\"kind\":\"A\",\"apiVersion\":\"v1\",\"spec\":{\"uid\":\"x\"},\"metadata\":{\"uid\":\"y\"}}",
                "{\"kind\":\"A\",\"apiVersion\":\"v1\",\"metadata\":{\"labels\":{},\"uid\":\"y\"}}",
                "{\"kind\":\"A\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"uid\":\"y"
            })
    void otherOrdersAreLeftToBeSorted(String stored) {
        assertThat(StoredForm.withRevision(stored.getBytes(StandardCharsets.UTF_8), 1))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"kind\":\"A\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"1\",\"b\":\"2\"}},\"spec\":{}}",
                "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"a\"}}",
                "{\"kind\":\"A\",\"apiVersion\":\"v1\",\"spec\":{},\"metadata\":{\"name\":\"a\"}}",
                "{\"kind\":\"A\",\"apiVersion\":\"v1\",\"metadata\":{\"uid\":\"u\",\"name\":\"a\"}}",
                "{\"kind\":\"A\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"labels\":{\"b\":\"1\",\"a\":\"2\"}}}",
                "{\"kind\":\"A\",\"metadata\":{\"name\":\"a\",\"x\":1,\"uid\":\"u\"},\"spec\":{}}",
                "{\"kind\":\"A\",\"apiVersion\":\"v1\"}"
            })
    void whatIsInOrderIsNotSortedAgain(String json) {
        ObjectNode object = (ObjectNode) Json.read(json.getBytes(StandardCharsets.UTF_8));
        assertThat(MemberOrder.toRead(object).toString())
                .isEqualTo(MemberOrder.of(object).toString());
    }

    @Test
    void anObjectThatNobodyHoldsComesBackTheSame() {
        ObjectNode tree = Json.object().put("kind", "ConfigMap").put("apiVersion", "v1");
        tree.putObject("metadata")
                .put("name", "a")
                .put("uid", "u")
                .putObject("labels")
                .put("on", "yes");
        byte[] stored = StoredForm.of(tree);
        VersionedObject cold = VersionedObject.stored("/a", stored, 7);

        ((ObjectNode) tree.get("metadata")).put("resourceVersion", "7");
        VersionedObject warm = VersionedObject.stored("/a", stored, 7, tree, null);

        assertThat(cold.tree()).isEqualTo(warm.tree()).isEqualTo(tree);
        assertThat(cold.bytes()).isEqualTo(warm.bytes());
        assertThat(cold.labels()).isEqualTo(warm.labels());
        assertThat(cold.uid()).isEqualTo("u");
    }
}
