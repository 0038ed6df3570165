package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class DeploymentStrategyTest {
    private static final String TEMPLATE =
            "'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i'}]}}";
    private static final String SELECTOR = "'selector':{'matchLabels':{'a':'b'}}";

    private static String deployment(String spec) {
        return "{'metadata':{'name':'d'},'spec':{%s}}".formatted(spec);
    }

    @Test
    void isCompletedWithTheDefaultsOfAppsV1() {
        JsonNode spec = Kinds.created("apps", "deployments", deployment(SELECTOR + "," + TEMPLATE))
                .path("spec");

        assertThat(spec.path("replicas").asInt()).isEqualTo(1);
        assertThat(spec.path("strategy"))
                .isEqualTo(Kinds.tree(
                        "{'type':'RollingUpdate','rollingUpdate':{'maxUnavailable':'25%','maxSurge':'25%'}}"));
        assertThat(spec.path("revisionHistoryLimit").asInt()).isEqualTo(10);
        assertThat(spec.path("progressDeadlineSeconds").asInt()).isEqualTo(600);
        assertThat(spec.at("/template/spec/restartPolicy").asText()).isEqualTo("Always");
    }

    @Test
    void theSelectorMustBeGivenAndMatchTheTemplate() {
        assertThat(Kinds.errors("apps", "deployments", deployment(TEMPLATE))).contains("spec.selector: Required value");
        assertThat(Kinds.errors("apps", "deployments", deployment("'selector':{'matchLabels':{'a':'c'}}," + TEMPLATE)))
                .singleElement()
                .asString()
                .startsWith("spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match");
    }

    @Test
    void theSelectorNeverChanges() {
        String template = TEMPLATE.replace("{'a':'b'}", "{'a':'b','x':'y'}");

        assertThat(Kinds.updateErrors(
                        "apps",
                        "deployments",
                        deployment("'selector':{'matchLabels':{'a':'b'}}," + template),
                        deployment("'selector':{'matchLabels':{'x':'y'}}," + template)))
                .containsExactly("spec.selector: Invalid value: {\"matchLabels\":{\"x\":\"y\"}}: field is immutable");
    }

    @Test
    void aRolloutMustBeAbleToMove() {
        String strategy = ",'strategy':{'rollingUpdate':{'maxUnavailable':0,'maxSurge':'0%'}}";

        assertThat(Kinds.errors("apps", "deployments", deployment(SELECTOR + "," + TEMPLATE + strategy)))
                .containsExactly("spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when"
                        + " `maxSurge` is 0");
    }

    @Test
    @DisplayName("The generation rises with the desired state and with annotations, not with labels")
    void generation() {
        Strategy strategy = StrategyRegistry.strategy("apps", "deployments");
        ObjectNode old = Kinds.tree("{'metadata':{'generation':1},'spec':{'replicas':1}}");

        assertThat(generationAfter(strategy, old, "{'metadata':{'labels':{'a':'b'}},'spec':{'replicas':1}}"))
                .isEqualTo(1);
        assertThat(generationAfter(strategy, old, "{'metadata':{'annotations':{'a':'b'}},'spec':{'replicas':1}}"))
                .isEqualTo(2);
        assertThat(generationAfter(strategy, old, "{'metadata':{},'spec':{'replicas':2}}"))
                .isEqualTo(2);
    }

    private static long generationAfter(Strategy strategy, ObjectNode old, String changed) {
        ObjectNode object = Kinds.tree(changed);
        strategy.prepareForUpdate(object, old);
        return object.at("/metadata/generation").asLong();
    }
}
