package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Flow schemas and priority levels")
final class FlowControlTest {
    private static final String GROUP = "flowcontrol.apiserver.k8s.io";

    private static String level(String spec) {
        return "{'metadata':{'name':'l'},'spec':{%s}}".formatted(spec);
    }

    @Test
    void aLimitedLevelHasThirtySharesAndLendsNothing() {
        JsonNode limited = Kinds.created(
                        GROUP,
                        "prioritylevelconfigurations",
                        level("'type':'Limited','limited':{'limitResponse':{'type':'Reject'}}"))
                .at("/spec/limited");

        assertThat(limited.path("nominalConcurrencyShares").asInt()).isEqualTo(30);
        assertThat(limited.path("lendablePercent").isInt()).isTrue();
    }

    @Test
    void aHandIsNoLargerThanTheQueues() {
        String queuing =
                "'type':'Limited','limited':{'limitResponse':{'type':'Queue','queuing':{'queues':4,'handSize':5}}}";

        assertThat(Kinds.errors(GROUP, "prioritylevelconfigurations", level(queuing)))
                .containsExactly("spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater"
                        + " than queues (4)");
    }

    @Test
    void onlyOneLevelIsExempt() {
        assertThat(Kinds.errors(GROUP, "prioritylevelconfigurations", level("'type':'Exempt'")))
                .containsExactly(
                        "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'");
    }

    @Test
    void aSubjectHasTheFieldOfItsKind() {
        String schema = level("'priorityLevelConfiguration':{'name':'g'},'rules':[{'subjects':[{'kind':'User',"
                + "'group':{'name':'x'}}],'nonResourceRules':[{'verbs':['get'],'nonResourceURLs':['/healthz']}]}]");

        assertThat(Kinds.created(GROUP, "flowschemas", schema)
                        .at("/spec/matchingPrecedence")
                        .asInt())
                .isEqualTo(1000);
        assertThat(Kinds.errors(GROUP, "flowschemas", schema))
                .containsExactly(
                        "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
                        "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'");
    }
}
