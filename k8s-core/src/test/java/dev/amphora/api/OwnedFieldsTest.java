package dev.amphora.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OwnedFieldsTest {
    private static final String METADATA =
            """
            "metadata":{"name":"a","managedFields":[{"manager":"m","operation":"Update","fieldsType":"FieldsV1",
            "fieldsV1":{"f:spec":{"f:containers":{"k:{\\"name\\":\\"é<x>\\"}":{".":{},"f:image":{}}}}}}]}
            """;

    @Test
    void areReadWhenSomebodyLooks() {
        FieldsV1 fields = entry(config()).getFieldsV1();
        assertThat(fields.getAdditionalProperties())
                .isEqualTo(Map.of(
                        "f:spec",
                        Map.of(
                                "f:containers",
                                Map.of("k:{\"name\":\"é<x>\"}", Map.of(".", Map.of(), "f:image", Map.of())))));
        assertThat(fields).isEqualTo(entry(config()).getFieldsV1());
    }

    @Test
    void areWrittenAsTheyWereReadWhetherOrNotSomebodyHasLooked() {
        JsonNode tree = tree("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\"," + METADATA + "}");
        ConfigMap unread = Json.fromTree(tree, ConfigMap.class);
        assertThat(Json.toTree(unread)).isEqualTo(tree);
        assertThat(entry(unread).getFieldsV1().getAdditionalProperties()).hasSize(1);
        assertThat(Json.toTree(unread)).isEqualTo(tree);
    }

    @Test
    void mayBeChanged() {
        ConfigMap changed = config();
        entry(changed).getFieldsV1().setAdditionalProperty("f:data", Map.of());
        assertThat(Json.toTree(changed).findPath("fieldsV1").has("f:data")).isTrue();
        assertThat(entry(config()).getFieldsV1()).isNotEqualTo(entry(changed).getFieldsV1());
    }

    @Test
    void ofPodsAreTheSame() {
        JsonNode tree = tree("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"," + METADATA + ",\"spec\":{},\"status\":{}}");
        Pod shared = Json.sharedFromTree(tree, Pod.class);
        assertThat(shared).isEqualTo(Json.fromTree(tree, Pod.class));
        assertThat(Json.toTree(shared).path("metadata")).isEqualTo(tree.path("metadata"));
    }

    @Test
    void areLeftOutWhereOnlyTheStatusIsWritten() {
        Pod pod = Json.fromTree(
                tree("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"," + METADATA
                        + ",\"spec\":{\"nodeName\":\"n\"},\"status\":{\"phase\":\"Running\"}}"),
                Pod.class);
        JsonNode written = Json.toStatusTree(pod);
        assertThat(written.has("spec")).isFalse();
        assertThat(written.path("metadata").has("managedFields")).isFalse();
        assertThat(written.path("metadata").path("name").asText()).isEqualTo("a");
        assertThat(written.path("status").path("phase").asText()).isEqualTo("Running");
    }

    private static ConfigMap config() {
        return Json.fromTree(tree("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\"," + METADATA + "}"), ConfigMap.class);
    }

    private static JsonNode tree(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    private static ManagedFieldsEntry entry(ConfigMap map) {
        return map.getMetadata().getManagedFields().get(0);
    }
}
