package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PodWarningsTest {

    private static String pod(String containers, String more) {
        return "{'metadata':{'name':'p'},'spec':{'containers':[%s]%s}}".formatted(containers, more);
    }

    @Test
    void anOrdinaryPodIsNotWarnedOf() {
        assertThat(Kinds.warnings("", "pods", pod("{'name':'c','image':'i','ports':[{'containerPort':80}]}", "")))
                .isEmpty();
    }

    @Test
    void namesThePlacesOfTwinPorts() {
        String ports =
                "'ports':[{'containerPort':80,'name':'a'},{'containerPort':80},{'containerPort':80,'hostPort':80}]";

        assertThat(Kinds.warnings("", "pods", pod("{'name':'c','image':'i',%s}".formatted(ports), "")))
                .containsExactly(
                        "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
                        "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]",
                        "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]");
    }

    @Test
    void aVariableThatExtendsItselfIsFine() {
        String twice = "{'name':'c','image':'i','env':[{'name':'A','value':'1'},{'name':'A','value':'%s'}]}";

        assertThat(Kinds.warnings("", "pods", pod(twice.formatted("$(A):2"), "")))
                .isEmpty();
        assertThat(Kinds.warnings("", "pods", pod(twice.formatted("2"), "")))
                .containsExactly(
                        "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply");
    }

    @Test
    void bytesComeWhole() {
        String half = "{'name':'c','image':'i','resources':{'requests':{'memory':'1500m','cpu':'1500m'}}}";

        assertThat(Kinds.warnings("", "pods", pod(half, "")))
                .containsExactly(
                        "spec.containers[0].resources.requests[memory]: fractional byte value \"1500m\" is invalid, must be an integer");
    }

    @Test
    void outdatedLabelsAndVolumesAreNamedWithTheirSuccessors() {
        String more = ",'nodeSelector':{'beta.kubernetes.io/os':'linux'},'volumes':[{'name':'v','gitRepo':{}}]";

        assertThat(Kinds.warnings("", "pods", pod("{'name':'c','image':'i'}", more)))
                .containsExactly(
                        "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead",
                        "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+");
    }

    @Test
    void aWorkloadIsWarnedOfItsTemplateWhenItsDesiredStateChanges() {
        String workload = "{'metadata':{'name':'d','generation':%d},'spec':{'template':{'spec':{'containers':[],"
                + "'imagePullSecrets':[{}]}}}}";
        Strategy strategy = StrategyRegistry.strategy("apps", "deployments");

        assertThat(strategy.warnings(Kinds.tree(workload.formatted(1))))
                .containsExactly("spec.template.spec.imagePullSecrets[0].name: invalid empty name \"\"");
        assertThat(strategy.updateWarnings(Kinds.tree(workload.formatted(1)), Kinds.tree(workload.formatted(1))))
                .isEmpty();
        assertThat(strategy.updateWarnings(Kinds.tree(workload.formatted(2)), Kinds.tree(workload.formatted(1))))
                .hasSize(1);
    }
}
