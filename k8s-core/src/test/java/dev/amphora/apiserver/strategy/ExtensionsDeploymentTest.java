package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class ExtensionsDeploymentTest {
    private static final Conversion CONVERSION = new ExtensionsDeployment();

    private static ObjectNode stored(String json) {
        ObjectNode object = Kinds.tree(json);
        CONVERSION.toStorage(object);
        return object;
    }

    @Test
    @DisplayName("EXT-1: selector and labels default to the template's labels")
    void selectorFromTemplate() {
        ObjectNode stored = stored("{'spec':{'template':{'metadata':{'labels':{'a':'b'}}}}}");

        assertThat(stored.at("/spec/selector/matchLabels")).isEqualTo(Kinds.tree("{'a':'b'}"));
        assertThat(stored.at("/metadata/labels")).isEqualTo(Kinds.tree("{'a':'b'}"));
        assertThat(stored.path("apiVersion").asText()).isEqualTo("apps/v1");
    }

    @Test
    @DisplayName("EXT-1: a selector that is given stays")
    void givenSelectorStays() {
        ObjectNode stored =
                stored("{'spec':{'selector':{'matchLabels':{'x':'y'}},'template':{'metadata':{'labels':{'a':'b'}}}}}");

        assertThat(stored.at("/spec/selector/matchLabels")).isEqualTo(Kinds.tree("{'x':'y'}"));
    }

    @Test
    @DisplayName("EXT-2: one replica, rolled out one by one")
    void oneByOne() {
        ObjectNode stored = stored("{'spec':{'template':{}}}");

        assertThat(stored.at("/spec/replicas").asInt()).isEqualTo(1);
        assertThat(stored.at("/spec/strategy"))
                .isEqualTo(Kinds.tree("{'type':'RollingUpdate','rollingUpdate':{'maxUnavailable':1,'maxSurge':1}}"));
    }

    @Test
    @DisplayName("EXT-3: no deadline and no limit to the history")
    void noDeadline() {
        ObjectNode stored = stored("{'spec':{'template':{}}}");

        assertThat(stored.at("/spec/progressDeadlineSeconds").asInt()).isEqualTo(Integer.MAX_VALUE);
        assertThat(stored.at("/spec/revisionHistoryLimit").asInt()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    @DisplayName("EXT-4: a rollback that is asked for is kept in an annotation and comes back from it")
    void rollback() {
        ObjectNode object = stored("{'spec':{'template':{},'rollbackTo':{'revision':3}}}");

        assertThat(object.at("/metadata/annotations")
                        .path(ExtensionsDeployment.ROLLBACK)
                        .asText())
                .isEqualTo("3");
        assertThat(object.path("spec").has("rollbackTo")).isFalse();

        CONVERSION.fromStorage(object);

        assertThat(object.at("/spec/rollbackTo/revision").asInt()).isEqualTo(3);
        assertThat(object.path("metadata").has("annotations")).isFalse();
        assertThat(object.path("apiVersion").asText()).isEqualTo("extensions/v1beta1");
    }
}
