package dev.amphora.apiserver.patch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScaleOwnersTest {
    private static final String OBJECT =
            """
            [{'manager':'alpha','operation':'Apply','apiVersion':'apps/v1','time':'2026-01-01T00:00:00Z','fieldsType':'FieldsV1',
              'fieldsV1':{'f:spec':{'f:replicas':{},'f:paused':{}}}},
             {'manager':'other','operation':'Update','apiVersion':'apps/v1','time':'2026-01-01T00:00:00Z','fieldsType':'FieldsV1',
              'fieldsV1':{'f:spec':{'f:paused':{}}}}]""";

    @Test
    void aScaleHasTheOwnersOfTheNumberOfReplicas() {
        JsonNode scale = owners().ofScale();
        assertThat(scale).hasSize(1);
        assertThat(scale.path(0).path("manager").asText()).isEqualTo("alpha");
        assertThat(scale.path(0).path("apiVersion").asText()).isEqualTo("autoscaling/v1");
        assertThat(scale.path(0).path("fieldsV1").toString()).isEqualTo("{\"f:spec\":{\"f:replicas\":{}}}");
    }

    @Test
    void whoTakesTheNumberThroughAScaleOwnsItInTheObjectWithoutATime() {
        JsonNode scale = json(
                """
                [{'manager':'scaler','operation':'Update','apiVersion':'autoscaling/v1','time':'2026-01-02T00:00:00Z',
                  'fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'f:replicas':{}}},'subresource':'scale'}]""");
        assertThat(owners().ofObject(scale))
                .isEqualTo(
                        json(
                                """
                [{'manager':'alpha','operation':'Apply','apiVersion':'apps/v1','time':'2026-01-01T00:00:00Z','fieldsType':'FieldsV1',
                  'fieldsV1':{'f:spec':{'f:paused':{}}}},
                 {'manager':'scaler','operation':'Update','apiVersion':'apps/v1','fieldsType':'FieldsV1',
                  'fieldsV1':{'f:spec':{'f:replicas':{}}},'subresource':'scale'},
                 {'manager':'other','operation':'Update','apiVersion':'apps/v1','time':'2026-01-01T00:00:00Z','fieldsType':'FieldsV1',
                  'fieldsV1':{'f:spec':{'f:paused':{}}}}]"""));
    }

    @Test
    void whoAppliedKeepsWhatTheScaleLeavesToHim() {
        ScaleOwners owners = owners();
        assertThat(owners.ofObject(owners.ofScale())).isEqualTo(json(OBJECT));
    }

    private static ScaleOwners owners() {
        return new ScaleOwners(json(OBJECT), "apps/v1", List.of("spec", "replicas"));
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
