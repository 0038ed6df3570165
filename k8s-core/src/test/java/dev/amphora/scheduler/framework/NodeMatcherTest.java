package dev.amphora.scheduler.framework;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeMatcherTest {

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // key, operator, value, what is wrong
                "n, Gt, -5, values[0]",
                "n, Gt, +5, values[0]",
                "n, In, with space, values[0]",
                "n, In, '', -",
                "no key, Exists, -, key",
                "-, Exists, -, key",
                "example.com/n, Exists, -, -",
                "Example.com/n, Exists, -, key",
                "a..b/n, Exists, -, key",
                "a-.b/n, Exists, -, key",
                "/n, Exists, -, key",
                "n/, Exists, -, key",
            })
    void whatCanBeNoLabelMakesNoSense(
            @Nullable String key, String operator, @Nullable String value, @Nullable String where) {
        NodeMatcher matcher = NodeMatcher.of(new NodeSelectorTermBuilder()
                .withMatchExpressions(
                        new NodeSelectorRequirement(key, operator, value == null ? List.of() : List.of(value)))
                .build());

        if (where == null) {
            assertThat(matcher.error()).isNull();
        } else {
            assertThat(matcher.error()).startsWith("matchExpressions[0]." + where);
            assertThat(matcher.matches(Map.of("n", "7"), "a")).isFalse();
        }
    }

    @Test
    void allFieldsButTheNameAreEmpty() {
        assertThat(field("metadata.uid", "NotIn", "a").matches(Map.of(), "a")).isTrue();
        assertThat(field("metadata.uid", "NotIn", "").matches(Map.of(), "a")).isFalse();
        assertThat(field("metadata.uid", "In", "").matches(Map.of(), "a")).isTrue();
        assertThat(field("metadata.uid", "In", "a").matches(Map.of(), "a")).isFalse();
    }

    private static NodeMatcher field(String key, String operator, String value) {
        NodeSelectorTerm term = new NodeSelectorTermBuilder()
                .withMatchFields(new NodeSelectorRequirement(key, operator, List.of(value)))
                .build();
        return NodeMatcher.of(term);
    }
}
