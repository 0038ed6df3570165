package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

final class JobStatusTest {
    private static final String COMPLETE =
            "'conditions':[{'type':'SuccessCriteriaMet','status':'True'},{'type':'Complete','status':'True'}]";

    private static List<String> errors(String spec, String before, String after) {
        Strategy strategy = StrategyRegistry.strategy("batch", "jobs");
        ObjectNode old =
                Kinds.created("batch", "jobs", "{'metadata':{'name':'j','uid':'u'},'spec':{%s}}".formatted(spec));
        Strategies.metadata(old).put("resourceVersion", "1");
        ObjectNode object = old.deepCopy();
        old.set("status", Kinds.tree("{%s}".formatted(before)));
        object.set("status", Kinds.tree("{%s}".formatted(after)));
        strategy.prepareForStatusUpdate(object, old);
        return Kinds.texts(strategy.validateStatusUpdate(object, old));
    }

    @Test
    void aJobEndsInOneWayAfterSayingSo() {
        assertThat(errors(
                        "",
                        "'startTime':'2020-01-01T00:00:00Z'",
                        "'startTime':'2020-01-01T00:00:00Z'," + "'completionTime':'2020-01-01T00:00:05Z'," + COMPLETE))
                .isEmpty();
        assertThat(errors("", "", "'conditions':[{'type':'Failed','status':'True'}]"))
                .containsExactly(
                        "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true"
                                + " condition",
                        "status.startTime: Required value: startTime is required for finished job");
        assertThat(errors(
                        "",
                        "'startTime':'2020-01-01T00:00:00Z'",
                        "'startTime':'2020-01-01T00:00:00Z','active':1,"
                                + "'conditions':[{'type':'Complete','status':'True'}]"))
                .containsExactly(
                        "status.completionTime: Required value: completionTime is required for Complete jobs",
                        "status.conditions: Invalid value: cannot set Complete=True condition without the"
                                + " SuccessCriteriaMet=true condition",
                        "status.active: Invalid value: 1: active>0 is invalid for finished job");
    }

    @Test
    void itEndsNoEarlierThanItStarted() {
        assertThat(errors(
                        "",
                        "'startTime':'2020-01-01T00:00:00Z'",
                        "'startTime':'2020-01-01T00:00:00Z'," + "'completionTime':'2019-01-01T00:00:00Z'," + COMPLETE))
                .containsExactly(
                        "status.completionTime: Invalid value: \"2019-01-01T00:00:00Z\": must be equal to or after"
                                + " `startTime`");
    }

    @Test
    void whatHasEndedStaysSo() {
        String done = "'startTime':'2020-01-01T00:00:00Z','completionTime':'2020-01-01T00:00:05Z'," + COMPLETE;

        assertThat(errors("", done, "'startTime':'2020-01-01T00:00:00Z','completionTime':'2020-01-01T00:00:05Z'"))
                .containsExactly(
                        "status.completionTime: Invalid value: \"2020-01-01T00:00:05Z\": cannot set completionTime when"
                                + " there is no Complete=True condition",
                        "status.conditions: Invalid value: cannot disable the terminal Complete=True condition",
                        "status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition");
        assertThat(errors("", done, done.replace(":05Z", ":06Z")))
                .containsExactly("status.completionTime: Invalid value: \"2020-01-01T00:00:06Z\": field is immutable");
    }

    @Test
    void onlyASuspendedJobLosesItsStart() {
        assertThat(errors("", "'startTime':'2020-01-01T00:00:00Z'", ""))
                .containsExactly(
                        "status.startTime: Invalid value: null: field is immutable for unsuspended job once set");
        assertThat(errors("'suspend':true", "'startTime':'2020-01-01T00:00:00Z'", ""))
                .isEmpty();
    }

    @Test
    void countersOnlyRiseUnlessTheJobIsElastic() {
        assertThat(errors("", "'succeeded':2,'failed':1", "'succeeded':1"))
                .containsExactly(
                        "status.failed: Invalid value: 0: cannot decrease the failed counter",
                        "status.succeeded: Invalid value: 1: cannot decrease the succeeded counter");
        assertThat(errors(
                        "'completionMode':'Indexed','completions':2,'parallelism':2", "'succeeded':2", "'succeeded':1"))
                .isEmpty();
    }

    @Test
    void indexesBelongToIndexedJobs() {
        String indexed = "'completionMode':'Indexed','completions':3,'parallelism':1,'backoffLimitPerIndex':1";

        assertThat(errors(indexed, "", "'completedIndexes':'0,7'"))
                .containsExactly(
                        "status.completedIndexes: Invalid value: \"0,7\": error parsing completedIndexes: too large"
                                + " index: \"7\"");
        assertThat(errors(indexed, "", "'completedIndexes':'0-1','failedIndexes':'1'"))
                .containsExactly(
                        "status.failedIndexes: Invalid value: \"1\": failedIndexes and completedIndexes overlap at"
                                + " index: 1");
        assertThat(errors("", "", "'completedIndexes':'0'"))
                .containsExactly(
                        "status.completedIndexes: Invalid value: \"0\": cannot set non-empty completedIndexes when"
                                + " non-indexed completion mode");
    }

    @Test
    void whatWasWrongBeforeMayStay() {
        assertThat(errors(
                        "",
                        "'completedIndexes':'9','ready':1,'active':0",
                        "'completedIndexes':'9','ready':1,'active':0"))
                .isEmpty();
        assertThat(errors("", "", "'ready':1"))
                .containsExactly("status.ready: Invalid value: 1: cannot set more ready pods than active");
    }
}
