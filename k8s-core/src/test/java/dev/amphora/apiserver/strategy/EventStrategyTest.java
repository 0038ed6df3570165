package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Events")
final class EventStrategyTest {
    private static final Strategy LEGACY = StrategyRegistry.strategy("", "events");
    private static final Strategy NEW = LEGACY.servedAs("events.k8s.io/v1");
    private static final String COMPLETE =
            "{'metadata':{'name':'e','namespace':'n'},'eventTime':'2024-01-01T00:00:00.000000Z','reportingComponent':'a.b/c',"
                    + "'reportingInstance':'i','action':'A','reason':'R','type':'Normal','involvedObject':{'namespace':'%s'}%s}";

    private static List<String> errors(Strategy strategy, String json) {
        return Kinds.texts(strategy.validate(Kinds.tree(json)));
    }

    @Test
    void ofTheNewerApiNeedATimeAndAType() {
        assertThat(errors(NEW, "{'metadata':{'name':'e','namespace':'n'},'involvedObject':{'namespace':'n'}}"))
                .containsExactly("eventTime: Required value", "type: Invalid value: \"\": has invalid value: ");
        assertThat(errors(LEGACY, "{'metadata':{'name':'e','namespace':'n'},'involvedObject':{'namespace':'n'}}"))
                .isEmpty();
    }

    @Test
    void ofTheNewerApiLeaveTheOlderFieldsUnset() {
        assertThat(errors(NEW, COMPLETE.formatted("n", ",'count':2,'source':{'component':'x'}")))
                .containsExactly(
                        "count: Invalid value: \"\": needs to be unset",
                        "source: Invalid value: \"\": needs to be unset");
    }

    @Test
    void withATimeMayBeAboutAnotherNamespace() {
        assertThat(errors(NEW, COMPLETE.formatted("other", ""))).isEmpty();
        assertThat(errors(LEGACY, COMPLETE.formatted("other", ""))).isEmpty();
        assertThat(errors(LEGACY, "{'metadata':{'name':'e','namespace':'n'},'involvedObject':{'namespace':'other'}}"))
                .containsExactly("involvedObject.namespace: Invalid value: \"other\": does not match event.namespace");
    }

    @Test
    void ofTheNewerApiDoNotChangeButForTheirSeries() {
        ObjectNode old = Kinds.tree(COMPLETE.formatted("n", ""));
        Strategies.metadata(old).put("resourceVersion", "1");
        ObjectNode object = old.deepCopy();
        object.put("action", "B");
        object.putObject("series").put("count", 1);

        assertThat(Kinds.texts(NEW.validateUpdate(object, old)))
                .containsExactly(
                        "series.count: Invalid value: \"\": should be at least 2",
                        "series.lastObservedTime: Required value",
                        "action: Invalid value: \"B\": field is immutable");
    }
}
