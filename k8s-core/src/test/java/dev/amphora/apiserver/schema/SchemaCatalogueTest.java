package dev.amphora.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SchemaCatalogueTest {
    private final SchemaCatalogue catalogue = SchemaCatalogue.builtIn();

    @Test
    void knowsTheNamesOfEveryResource() {
        ResourceInfo deployments =
                catalogue.resource("apps", "v1", "deployments").orElseThrow();

        assertThat(deployments.kind()).isEqualTo("Deployment");
        assertThat(deployments.shortNames()).containsExactly("deploy");
        assertThat(deployments.categories()).containsExactly("all");
        assertThat(deployments.namespaced()).isTrue();
        assertThat(deployments.apiVersion()).isEqualTo("apps/v1");
        assertThat(deployments.qualifiedName()).isEqualTo("deployments.apps");
        assertThat(deployments.subresource("scale").orElseThrow().apiVersion()).isEqualTo("autoscaling/v1");
        assertThat(catalogue.resourceOfKind("", "v1", "Pod").orElseThrow().plural())
                .isEqualTo("pods");
        assertThat(catalogue.resource("apps", "v1", "pods")).isEmpty();
    }

    @Test
    void listsGroupsInDiscoveryOrderWithTheLegacyOneLast() {
        assertThat(catalogue.groups().get(0)).isEqualTo(new GroupInfo("", List.of("v1")));
        assertThat(catalogue.groups()).contains(new GroupInfo("autoscaling", List.of("v2", "v1")));
        assertThat(catalogue.groups().get(catalogue.groups().size() - 1))
                .isEqualTo(new GroupInfo("extensions", List.of("v1beta1")));
    }

    @Test
    void readsEveryDefinitionWithAllItsTypes() {
        for (String name : catalogue.definitions().names()) {
            TypeSchema type = catalogue.definition(name).orElseThrow();
            for (FieldSchema field : type.fields().values()) {
                assertThat(field.type().kind()).as("%s.%s", name, field).isNotNull();
                if (field.type().kind() == TypeSchema.Kind.LIST || field.type().kind() == TypeSchema.Kind.MAP) {
                    assertThat(field.type().element().kind()).isNotNull();
                }
            }
        }
    }

    @Test
    void hasASchemaForEveryKindThatIsServed() {
        for (ResourceInfo resource : catalogue.resources()) {
            assertThat(catalogue.type(resource).field("metadata"))
                    .as(resource.toString())
                    .isPresent();
            if (resource.supports("list")) {
                assertThat(catalogue.findType(resource.group(), resource.version(), resource.listKind()))
                        .as(resource.listKind())
                        .isPresent();
            }
            for (ResourceInfo.Subresource s : resource.subresources()) {
                assertThat(catalogue.findType(s.group(), s.version(), s.kind()))
                        .as(s.toString())
                        .isPresent();
            }
        }
    }

    @Test
    void tellsHowListsMerge() {
        TypeSchema podSpec = catalogue.definition("io.k8s.api.core.v1.PodSpec").orElseThrow();
        FieldSchema containers = podSpec.field("containers").orElseThrow();

        assertThat(containers.patchMergeKey()).contains("name");
        assertThat(containers.patchStrategies()).containsExactly("merge");
        assertThat(containers.type().listType()).isEqualTo(TypeSchema.ListType.MAP);
        assertThat(containers.type().listMapKeys()).containsExactly("name");
        assertThat(containers.type().element().name()).isEqualTo("io.k8s.api.core.v1.Container");
        assertThat(podSpec.field("volumes").orElseThrow().patchStrategies()).containsExactly("merge", "retainKeys");
        assertThat(podSpec.field("nodeSelector").orElseThrow().type().atomic()).isTrue();
        assertThat(podSpec.field("tolerations").orElseThrow().type().listType()).isEqualTo(TypeSchema.ListType.ATOMIC);
    }

    @Test
    void knowsFieldNumbersOfEmbeddedMessages() {
        TypeSchema volume = catalogue.definition("io.k8s.api.core.v1.Volume").orElseThrow();

        assertThat(volume.field("name").orElseThrow().protoPath().asList()).containsExactly(1);
        assertThat(volume.field("emptyDir").orElseThrow().protoPath().asList()).containsExactly(2, 2);
        assertThat(catalogue
                        .type("", "v1", "Pod")
                        .field("kind")
                        .orElseThrow()
                        .protoPath()
                        .isEmpty())
                .isTrue();
    }

    @Test
    void convertsOldDeploymentsBecauseItKnowsThem() {
        TypeSchema spec = catalogue
                .type("extensions", "v1beta1", "Deployment")
                .field("spec")
                .orElseThrow()
                .type();

        assertThat(spec.field("rollbackTo")).isPresent();
        assertThat(spec.field("template").orElseThrow().type().name()).isEqualTo("io.k8s.api.core.v1.PodTemplateSpec");
    }

    @Test
    void acceptsDeleteOptionsUnderAnyGroup() {
        assertThat(catalogue.type("apps", "v1", "DeleteOptions").shortName()).isEqualTo("DeleteOptions");
        assertThatThrownBy(() -> catalogue.type("apps", "v1", "Widget"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no kind Widget in apps/v1");
    }

    @Test
    void takesCustomResources() {
        TypeSchema type = catalogue
                .reader()
                .read("", JsonNodeFactory.instance.objectNode().put("type", "object"));
        ResourceInfo widgets = widgets("v1");

        SchemaCatalogue extended =
                catalogue.with(widgets, type).with(widgets("v1beta1"), type).with(widgets("v2"), type);

        assertThat(extended.resource("example.com", "v1", "widgets")).contains(widgets);
        assertThat(extended.type(widgets)).isSameAs(type);
        assertThat(extended.groups()).endsWith(new GroupInfo("example.com", List.of("v2", "v1", "v1beta1")));
        assertThat(extended.without("example.com", "v1", "widgets").resource("example.com", "v1", "widgets"))
                .isEmpty();
        assertThat(catalogue.resource("example.com", "v1", "widgets")).isEmpty();
    }

    private static ResourceInfo widgets(String version) {
        return new ResourceInfo(
                "example.com",
                version,
                "Widget",
                "widgets",
                "widget",
                true,
                List.of("get", "list"),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty());
    }
}
