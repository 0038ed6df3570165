package dev.amphora.apiserver.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who may give away what, by the rules that they hold. */
class EscalationTest {
    private static final List<PolicyRule> READER =
            rules("[{'verbs':['get','list'],'apiGroups':[''],'resources':['pods']}]");

    @Test
    void nothingIsMissingOfWhatIsHeld() {
        assertThat(Escalation.missing(READER, READER)).isEmpty();
        assertThat(Escalation.missing(rules("[{'verbs':['*'],'apiGroups':['*'],'resources':['*']}]"), READER))
                .isEmpty();
    }

    @Test
    void rightsOnNamedObjectsAreNoRightsOnAll() {
        List<PolicyRule> named =
                rules("[{'verbs':['get','list'],'apiGroups':[''],'resources':['pods'],'resourceNames':['a']}]");

        assertThat(Escalation.missing(READER, named)).isEmpty();
        assertThat(Escalation.missing(named, READER)).hasSize(2);
    }

    @Test
    void starsInTheMiddleAreNoStars() {
        List<PolicyRule> scales = rules("[{'verbs':['get'],'apiGroups':['apps'],'resources':['*/scale']}]");

        assertThat(Escalation.missing(
                        scales, rules("[{'verbs':['get'],'apiGroups':['apps'],'resources':['deployments/scale']}]")))
                .isEmpty();
        assertThat(Escalation.missing(
                        scales, rules("[{'verbs':['get'],'apiGroups':['apps'],'resources':['deployments/status']}]")))
                .hasSize(1);
    }

    @Test
    void pathsAreCoveredByTheirBeginning() {
        List<PolicyRule> logs = rules("[{'verbs':['get'],'nonResourceURLs':['/logs/*']}]");

        assertThat(Escalation.missing(logs, rules("[{'verbs':['get'],'nonResourceURLs':['/logs/a']}]")))
                .isEmpty();
        assertThat(Escalation.missing(logs, rules("[{'verbs':['get'],'nonResourceURLs':['/metrics']}]")))
                .hasSize(1);
    }

    @Test
    void theRefusalNamesWhatIsMissingOncePerResource() {
        List<PolicyRule> wanted = rules(
                "[{'verbs':['get','list'],'apiGroups':['','apps'],'resources':['secrets']},{'verbs':['get'],'nonResourceURLs':['/x']}]");

        assertThat(Escalation.refusal(User.of("alice", "dev"), Escalation.missing(READER, wanted), List.of()))
                .isEqualTo(
                        """
                        user "alice" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:
                        {APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}
                        {APIGroups:["apps"], Resources:["secrets"], Verbs:["get" "list"]}
                        {NonResourceURLs:["/x"], Verbs:["get"]}""");
    }

    private static List<PolicyRule> rules(String json) {
        JsonNode tree = Json.read(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        return PolicyRule.all(tree);
    }
}
