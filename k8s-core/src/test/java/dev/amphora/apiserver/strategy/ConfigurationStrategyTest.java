package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("ConfigMaps, Secrets and Namespaces")
final class ConfigurationStrategyTest {

    @Test
    void keysAreFileNames() {
        assertThat(Kinds.errors("", "configmaps", "{'metadata':{'name':'c'},'data':{'a/b':'x'}}"))
                .singleElement()
                .asString()
                .startsWith("data[a/b]: Invalid value: \"a/b\": a valid config key must consist of");
    }

    @Test
    void oneKeyCannotBeTextAndBinary() {
        assertThat(Kinds.errors(
                        "", "configmaps", "{'metadata':{'name':'c'},'data':{'a':'x'},'binaryData':{'a':'eA=='}}"))
                .isNotEmpty();
    }

    @Test
    void whatIsImmutableStaysSo() {
        assertThat(Kinds.updateErrors(
                        "",
                        "configmaps",
                        "{'metadata':{'name':'c'},'immutable':true,'data':{'a':'x'}}",
                        "{'metadata':{'name':'c'},'immutable':true,'data':{'a':'y'}}"))
                .containsExactly("data: Forbidden: field is immutable when `immutable` is set");
    }

    @Test
    void aSecretIsOpaqueAndKeepsItsType() {
        assertThat(Kinds.created("", "secrets", "{'metadata':{'name':'s'}}")
                        .path("type")
                        .asText())
                .isEqualTo("Opaque");
        assertThat(Kinds.updateErrors(
                        "",
                        "secrets",
                        "{'metadata':{'name':'s'},'type':'Opaque'}",
                        "{'metadata':{'name':'s'},'type':'other'}"))
                .containsExactly("type: Invalid value: \"other\": field is immutable");
    }

    @Test
    void aNamespaceIsNamedByALabelAndFinalizedByTheCluster() {
        assertThat(Kinds.errors("", "namespaces", "{'metadata':{'name':'a.b'}}"))
                .containsExactly("metadata.name: Invalid value: \"a.b\": must not contain dots");
        assertThat(Kinds.created("", "namespaces", "{'metadata':{'name':'a'}}")
                        .at("/spec/finalizers/0")
                        .asText())
                .isEqualTo("kubernetes");
    }
}
