package dev.amphora.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DocumentsTest {
    private final SchemaCatalogue catalogue = SchemaCatalogue.builtIn();
    private final DiscoveryDocuments discovery = new DiscoveryDocuments(catalogue);
    private final OpenApiDocuments openApi = new OpenApiDocuments(catalogue);

    @Test
    void aggregatedAndLegacyDiscoveryNameTheSameResources() {
        List<String> aggregated = new ArrayList<>();
        for (JsonNode group : discovery.aggregatedGroups().path("items")) {
            for (JsonNode version : group.path("versions")) {
                for (JsonNode resource : version.path("resources")) {
                    aggregated.add(group.path("metadata").path("name").asText() + "/"
                            + resource.path("resource").asText());
                }
            }
        }
        List<String> legacy = new ArrayList<>();
        for (JsonNode group : discovery.groupList().path("groups")) {
            for (JsonNode version : group.path("versions")) {
                String name = group.path("name").asText();
                ObjectNode list = discovery
                        .resourceList(name, version.path("version").asText())
                        .orElseThrow();
                for (JsonNode resource : list.path("resources")) {
                    if (!resource.path("name").asText().contains("/")) {
                        legacy.add(name + "/" + resource.path("name").asText());
                    }
                }
            }
        }

        assertThat(aggregated).hasSizeGreaterThan(50).isEqualTo(legacy);
    }

    @Test
    void namesTheKindOfASubresourceOnlyWhereItDiffers() {
        ObjectNode core = discovery.resourceList("", "v1").orElseThrow();

        assertThat(find(core, "pods/eviction").toString())
                .isEqualTo(
                        ("{'name':'pods/eviction','singularName':'','namespaced':true,'group':'policy','version':'v1',"
                                        + "'kind':'Eviction','verbs':['create']}")
                                .replace('\'', '"'));
        assertThat(find(core, "pods/status").has("group")).isFalse();
        assertThat(core.has("apiVersion")).isFalse();
        assertThat(discovery.group("nope")).isEmpty();
        assertThat(discovery.resourceList("apps", "v9")).isEmpty();
    }

    private static JsonNode find(JsonNode list, String name) {
        for (JsonNode resource : list.path("resources")) {
            if (resource.path("name").asText().equals(name)) {
                return resource;
            }
        }
        throw new AssertionError(name);
    }

    @Test
    void everyDocumentHoldsWhatItRefersTo() {
        for (String path : openApi.paths()) {
            OpenApiDocuments.Document document = openApi.document(path).orElseThrow();
            JsonNode tree = Json.read(document.json());
            TreeSet<String> referred = new TreeSet<>();
            tree.findValuesAsText("$ref").stream()
                    .filter(r -> r.startsWith("#/"))
                    .forEach(r -> referred.add(r.substring(r.lastIndexOf('/') + 1)));
            TreeSet<String> defined = new TreeSet<>();
            tree.path("components").path("schemas").fieldNames().forEachRemaining(defined::add);

            assertThat(defined).as(path).isEqualTo(referred);
            assertThat(document.hash()).matches("[0-9A-F]{128}");
        }
        assertThat(openApi.document("apis/nope/v1")).isEmpty();
    }

    @Test
    void patchTakesFieldValidationSoThatClientsLeaveItToTheServer() {
        JsonNode apps = Json.read(openApi.document("apis/apps/v1").orElseThrow().json());
        JsonNode patch = apps.path("paths")
                .path("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
                .path("patch");

        assertThat(patch.path("parameters").findValuesAsText("name")).contains("fieldValidation");
        assertThat(patch.path("x-kubernetes-group-version-kind").path("kind").asText())
                .isEqualTo("Deployment");
        assertThat(patch.path("operationId").asText()).isEqualTo("patchAppsV1NamespacedDeployment");
    }

    @Test
    void customResourcesAreDescribedLikeBuiltInOnes() {
        JsonNode schema = Json.read(
                "{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{\"size\":{\"type\":\"integer\"}}}}}"
                        .getBytes(StandardCharsets.UTF_8));
        ResourceInfo widgets = new ResourceInfo(
                "example.com",
                "v1",
                "Widget",
                "widgets",
                "widget",
                true,
                List.of("get", "list", "create", "patch"),
                List.of("wd"),
                List.of(),
                List.of(new ResourceInfo.Subresource("scale", "autoscaling", "v1", "Scale", List.of("get"))),
                Optional.empty());
        SchemaCatalogue extended = catalogue.with(widgets, catalogue.reader().read("", schema));

        JsonNode document = Json.read(new OpenApiDocuments(extended)
                .document("apis/example.com/v1")
                .orElseThrow()
                .json());
        JsonNode definition = document.path("components").path("schemas").path("com.example.v1.Widget");

        assertThat(definition.path("properties").path("spec").path("properties").has("size"))
                .isTrue();
        assertThat(definition.path("properties").has("metadata")).isTrue();
        assertThat(definition
                        .path("x-kubernetes-group-version-kind")
                        .path(0)
                        .path("kind")
                        .asText())
                .isEqualTo("Widget");
        assertThat(document.path("paths").has("/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/scale"))
                .isTrue();
        assertThat(new DiscoveryDocuments(extended).group("example.com")).isPresent();
    }

    @Test
    void versionTwoHoldsEveryGroup() {
        JsonNode document = Json.read(openApi.v2().json());
        TreeSet<String> referred = new TreeSet<>(document.findValuesAsText("$ref"));

        assertThat(document.path("paths").size()).isGreaterThan(400);
        assertThat(document.path("definitions").size()).isGreaterThan(550);
        for (String reference : referred) {
            if (reference.startsWith("#/")) {
                assertThat(document.at(reference.substring(1)).isMissingNode())
                        .as(reference)
                        .isFalse();
            }
        }
        assertThat(openApi.v2Protobuf().json()).startsWith(0x0a, 3, '2', '.', '0');
        assertThat(openApi.v2Protobuf().json().length).isLessThan(openApi.v2().json().length);
    }

    @Test
    void parametersOfOneNameAreSharedByWhatTheyMean() {
        JsonNode paths = Json.read(openApi.v2().json()).path("paths");
        String pod = "/api/v1/namespaces/{namespace}/pods/{name}";

        assertThat(paths.path(pod).path("patch").path("parameters").findValuesAsText("$ref"))
                .contains("#/parameters/body-78PwaGsr", "#/parameters/fieldManager-7c6nTn1T");
        assertThat(paths.path(pod).path("put").path("parameters").findValuesAsText("$ref"))
                .contains("#/parameters/fieldManager-Qy4HdaTW");
        assertThat(paths.path(pod + "/exec").path("parameters").findValuesAsText("$ref"))
                .contains("#/parameters/container-i5dOmRiM");
        assertThat(OpenApiParameters.sharedName("query:container", pod + "/log", ""))
                .isEqualTo("container-1GeXxFDC");
        assertThat(OpenApiParameters.sharedName("query:path", "/api/v1/nodes/{name}/proxy/{path}", ""))
                .isEqualTo("path-rFDtV0x9");
        assertThat(OpenApiParameters.sharedName("query:dryRun", pod, "")).isNull();
    }

    @Test
    void onlyWhatOperationsReachIsDefined() {
        JsonNode definitions = Json.read(openApi.v2().json()).path("definitions");

        assertThat(definitions.has("io.k8s.api.core.v1.NodeProxyOptions")).isFalse();
        assertThat(definitions
                        .path(OpenApiPaths.META + "WatchEvent")
                        .path("x-kubernetes-group-version-kind")
                        .findValuesAsText("group"))
                .contains("imagepolicy.k8s.io");
    }

    @Test
    void theBinaryFormKeepsTheHashOfTheText() {
        OpenApiDocuments.Document json = openApi.document("apis/apps/v1").orElseThrow();
        OpenApiDocuments.Document binary = openApi.protobuf("apis/apps/v1", json);

        assertThat(binary.hash()).isEqualTo(json.hash());
        assertThat(binary.json()).startsWith(0x0a, 5, '3', '.', '0', '.', '0');
        assertThat(DiscoveryProtobuf.encode(discovery.aggregatedGroups())).startsWith('k', '8', 's', 0);
    }

    @Test
    void aVersionThatIsNotServedIsNotShown() {
        SchemaCatalogue without = catalogue.withoutVersion("extensions/v1beta1");

        assertThat(catalogue.resources("extensions", "v1beta1")).isNotEmpty();
        assertThat(new DiscoveryDocuments(without).group("extensions")).isEmpty();
        assertThat(new OpenApiDocuments(without).paths()).doesNotContain("apis/extensions");
    }
}
