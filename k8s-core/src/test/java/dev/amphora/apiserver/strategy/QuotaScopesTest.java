package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Scopes of resource quotas")
final class QuotaScopesTest {

    private static java.util.List<String> errors(String spec) {
        return Kinds.errors("", "resourcequotas", "{'metadata':{'name':'q'},'spec':%s}".formatted(spec));
    }

    @Test
    void complainOfEachLimitedResourceThatTheyCannotBeAppliedTo() {
        String misfit = "spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource";
        assertThat(errors("{'hard':{'cpu':'1','memory':'1','pods':'1'},'scopes':['BestEffort']}"))
                .containsExactly(misfit, misfit);
    }

    @Test
    void sayNothingOfResourcesThatAreNotTheQuotasOwn() {
        assertThat(errors("{'hard':{'requests.example.com/x':'1'},'scopes':['BestEffort']}"))
                .isEmpty();
    }

    @Test
    void ofPodsTakeNoValues() {
        assertThat(errors("{'hard':{'pods':'1'},'scopeSelector':{'matchExpressions':["
                        + "{'scopeName':'Terminating','operator':'DoesNotExist'}]}}"))
                .singleElement()
                .asString()
                .startsWith(
                        "spec.scopeSelector.matchExpressions.operator: Invalid value: \"DoesNotExist\": must be 'Exist'");
    }
}
