package dev.amphora.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DescriptionsTest {
    private final SchemaCatalogue catalogue = SchemaCatalogue.builtIn();

    @Test
    void everyDefinitionAndFieldIsDescribed() {
        JsonNode definitions =
                Json.read(new OpenApiDocuments(catalogue).v2().json()).path("definitions");

        assertThat(definitions.size()).isGreaterThan(550);
        for (Map.Entry<String, JsonNode> definition : definitions.properties()) {
            assertThat(definition.getValue().path("description").asText())
                    .as(definition.getKey())
                    .isNotBlank();
            for (Map.Entry<String, JsonNode> field :
                    definition.getValue().path("properties").properties()) {
                assertThat(field.getValue().path("description").asText())
                        .as("%s of %s", field.getKey(), definition.getKey())
                        .isNotBlank();
            }
        }
    }

    @Test
    void theModelOfTheOfficialClientIsReadButNotLoaded() {
        ModelClasses.Texts texts =
                ModelClasses.of("io.k8s.api.discovery.v1.EndpointPort").orElseThrow();

        assertThat(texts.type()).contains("EndpointPort");
        assertThat(texts.fields()).containsKeys("appprotocol", "name", "port", "protocol");
        assertThat(ModelClasses.of("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
                        .orElseThrow()
                        .fields())
                .containsKeys(ModelClasses.key("x-kubernetes-list-map-keys"), "default");
        assertThat(ModelClasses.of("com.example.v1.Widget")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dryRun | Dry run: a list; each element is a string.",
                "force | Force: true or false.",
                "fieldManager | Field manager: a string."
            })
    void whatTheModelLacksIsDescribedByNameAndType(String field, String text) {
        assertThat(described("PatchOptions")
                        .path("properties")
                        .path(field)
                        .path("description")
                        .asText())
                .isEqualTo(text);
    }

    @Test
    void aDefinitionThatTheModelLacksNamesItsFields() {
        assertThat(described("PatchOptions").path("description").asText())
                .startsWith("The type PatchOptions of meta/v1: ")
                .contains("dryRun", "force");
        assertThat(described("Time").path("description").asText())
                .isEqualTo("The type Time of meta/v1: a string (date-time).");
        assertThat(Descriptions.words("podCIDRs")).isEqualTo("Pod CIDRs");
        assertThat(Descriptions.words("hostIP")).isEqualTo("Host IP");
    }

    private JsonNode described(String kind) {
        String name = OpenApiPaths.META + kind;
        String schema = catalogue.definitions().schemaText(name);
        return Json.read(Descriptions.describe(name, String.valueOf(schema)).getBytes(StandardCharsets.UTF_8));
    }

    // ---- custom resources -------------------------------------------------------------------------------------------

    private static ResourceInfo resource(String kind) {
        return new ResourceInfo(
                "my-shop.example.com",
                "v1",
                kind,
                Ascii.toLowerCase(kind) + "s",
                "",
                true,
                List.of("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"),
                List.of(),
                List.of(),
                List.of(new ResourceInfo.Subresource("scale", "autoscaling", "v1", "Scale", List.of("get", "update"))),
                Optional.empty());
    }

    private SchemaCatalogue with(SchemaCatalogue start, String kind, String schema) {
        JsonNode tree = Json.read(schema.getBytes(StandardCharsets.UTF_8));
        return start.with(resource(kind), start.reader().read("", tree));
    }

    @Test
    void aCustomKindKeepsItsOwnWordsAndSaysWhatEveryObjectHas() {
        SchemaCatalogue shop = with(
                catalogue,
                "Widget",
                """
                {"type": "object", "description": "A toy.", "properties": {"spec": {"type": "object", "properties": {
                  "size": {"type": "integer", "description": "How large."},
                  "port": {"x-kubernetes-int-or-string": true},
                  "template": {"type": "object", "x-kubernetes-embedded-resource": true}}}}}
                """);
        JsonNode document = document(shop);
        JsonNode widget = document.at("/components/schemas/com.example.my-shop.v1.Widget");

        assertThat(widget.path("description").asText()).isEqualTo("A toy.");
        assertThat(widget.at("/properties/kind/description").asText()).isNotBlank();
        assertThat(widget.at("/properties/metadata/description").asText()).isNotBlank();
        assertThat(widget.at("/properties/spec").has("description")).isFalse();
        JsonNode spec = widget.at("/properties/spec/properties");
        assertThat(spec.at("/size/description").asText()).isEqualTo("How large.");
        assertThat(spec.at("/port/anyOf").findValuesAsText("type")).containsExactly("integer", "string");
        assertThat(spec.at("/template/properties").properties())
                .extracting(Map.Entry::getKey)
                .containsExactly("apiVersion", "kind", "metadata");
        assertThat(spec.at("/template/required").toString()).isEqualTo("[\"kind\",\"apiVersion\"]");
    }

    @Test
    void aCustomKindTakesNoStrategicMergePatch() {
        JsonNode document = document(with(catalogue, "Widget", "{\"type\": \"object\"}"));
        String path = "/apis/my-shop.example.com/v1/namespaces/{namespace}/widgets/{name}";
        JsonNode patch = document.path("paths").path(path).path("patch");

        assertThat(patch.at("/requestBody/content").properties())
                .extracting(Map.Entry::getKey)
                .containsExactly(
                        "application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json");
        assertThat(patch.path("operationId").asText()).isEqualTo("patchMyShopExampleComV1NamespacedWidget");
        assertThat(document.path("paths")
                        .path(path + "/scale")
                        .path("get")
                        .path("x-kubernetes-group-version-kind")
                        .path("kind")
                        .asText())
                .isEqualTo("Widget");
        assertThat(document.path("paths").properties())
                .extracting(Map.Entry::getKey)
                .noneMatch(each -> each.contains("/watch/"));
    }

    private static JsonNode document(SchemaCatalogue shop) {
        return Json.read(new OpenApiDocuments(shop)
                .document("apis/my-shop.example.com/v1")
                .orElseThrow()
                .json());
    }

    @Test
    void aHashChangesWithTheGroupAndNoOther() {
        OpenApiDocuments one = new OpenApiDocuments(with(catalogue, "Widget", "{\"type\": \"object\"}"));
        ObjectNode before = one.index();
        byte[] apps = one.document("apis/apps/v1").orElseThrow().json();
        String whole = one.v2Hash(false);
        OpenApiDocuments two = one.of(with(
                with(catalogue, "Widget", "{\"type\": \"object\"}"),
                "Widget",
                "{\"type\": \"object\", \"properties\": {\"spec\": {\"type\": \"object\"}}}"));
        ObjectNode after = two.index();

        String own = "apis/my-shop.example.com/v1";
        assertThat(after.path("paths").path(own))
                .isNotEqualTo(before.path("paths").path(own));
        assertThat(two.v2Hash(false)).isNotEqualTo(whole);
        ((ObjectNode) before.path("paths")).remove(own);
        ((ObjectNode) after.path("paths")).remove(own);
        assertThat(after).isEqualTo(before);
        assertThat(two.document("apis/apps/v1").orElseThrow().json()).isSameAs(apps);
        assertThat(one.of(catalogue).hash(own)).isEmpty();
        assertThat(new OpenApiDocuments(catalogue).hash("v2")).isEmpty();
    }
}
