package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Admission webhooks and policies")
final class AdmissionRegistrationTest {
    private static final String GROUP = "admissionregistration.k8s.io";
    private static final String WEBHOOK =
            "{'metadata':{'name':'w'},'webhooks':[{'name':'a.b.c','clientConfig':{'url':'%s'},'sideEffects':'None',"
                    + "'admissionReviewVersions':['v1']}]}";

    @Test
    void aWebhookFailsClosedAfterTenSeconds() {
        JsonNode webhook = Kinds.created(GROUP, "mutatingwebhookconfigurations", WEBHOOK.formatted("https://a.b/c"))
                .at("/webhooks/0");

        assertThat(webhook.path("failurePolicy").asText()).isEqualTo("Fail");
        assertThat(webhook.path("timeoutSeconds").asInt()).isEqualTo(10);
        assertThat(webhook.path("reinvocationPolicy").asText()).isEqualTo("Never");
        assertThat(webhook.path("namespaceSelector")).isEqualTo(Kinds.tree("{}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "https://a.b/c?x=y    | \"x=y\": query parameters are not permitted in the URL",
                "https://a.b/c#f      | \"f\": fragments are not permitted in the URL",
                "https://u:p@a.b/c    | \"u:p\": user information is not permitted in the URL",
                "http://a.b           | \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
            })
    void aWebhooksUrlIsAHostAndAPath(String url, String error) {
        assertThat(Kinds.errors(GROUP, "validatingwebhookconfigurations", WEBHOOK.formatted(url)))
                .containsExactly("webhooks[0].clientConfig.url: Invalid value: " + error);
    }

    @Test
    void aPolicyMustDoSomethingToSomething() {
        assertThat(Kinds.errors(GROUP, "validatingadmissionpolicies", "{'metadata':{'name':'p'}}"))
                .containsExactly(
                        "spec.matchConstraints: Required value",
                        "spec.validations: Required value: validations or auditAnnotations must contain at least one item",
                        "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item");
    }

    @Test
    void aBindingDoesNotDenyAndWarnAtOnce() {
        assertThat(Kinds.errors(
                        GROUP,
                        "validatingadmissionpolicybindings",
                        "{'metadata':{'name':'b'},'spec':{'policyName':'p','validationActions':['Deny','Warn']}}"))
                .singleElement()
                .asString()
                .contains("must not contain both Deny and Warn");
    }
}
