package dev.amphora.apiserver.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What pods may do, by level and version. */
class PodRulesTest {
    private static final String HARDENED =
            "'securityContext':{'allowPrivilegeEscalation':false,'runAsNonRoot':true,'capabilities':{'drop':['ALL']},"
                    + "'seccompProfile':{'type':'RuntimeDefault'}}";

    @Test
    void aLevelThatIsNotNamedAsksForNothing() {
        PodLevel.Policy none = policy(json("{}"));

        assertThat(none.isOpen()).isTrue();
        assertThat(PodRules.violations(json("{}"), json("{'hostPID':true}"), none.enforce()))
                .isEmpty();
    }

    @Test
    void whatIsEnforcedIsWarnedOfUnlessTheNamespaceSaysOtherwise() {
        PodLevel.Policy enforced = policy(
                json(
                        "{'pod-security.kubernetes.io/enforce':'baseline','pod-security.kubernetes.io/enforce-version':'v1.20'}"));
        PodLevel.Policy both = policy(json(
                "{'pod-security.kubernetes.io/enforce':'baseline','pod-security.kubernetes.io/warn':'privileged'}"));

        assertThat(enforced.warn()).hasToString("baseline:v1.20");
        assertThat(both.warn().isPrivileged()).isTrue();
    }

    @Test
    void aWrongLevelIsEnforcedAsTheStrictest() {
        assertThat(policy(json("{'pod-security.kubernetes.io/enforce':'none'}")).enforce())
                .hasToString("restricted:latest");
    }

    @Test
    void whatIsNotSaidIsAsTheServerIsConfigured() {
        JsonNode defaults = json("{'enforce':'restricted','enforce-version':'v1.30','audit':'baseline'}");

        PodLevel.Policy silent = PodLevel.of(json("{}"), defaults);
        PodLevel.Policy open = PodLevel.of(json("{'pod-security.kubernetes.io/enforce':'privileged'}"), defaults);

        assertThat(silent.enforce()).hasToString("restricted:v1.30");
        assertThat(silent.audit()).hasToString("baseline:latest");
        assertThat(silent.warn().isPrivileged()).isTrue();
        assertThat(open.enforce().isPrivileged()).isTrue();
    }

    @Test
    void aHardenedContainerMayRunAnywhere() {
        assertThat(violations("restricted", "latest", "{'containers':[{'name':'c'," + HARDENED + "}]}"))
                .isEmpty();
    }

    @Test
    void rulesCountFromTheirVersionOn() {
        String probe = "{'containers':[{'name':'c','livenessProbe':{'httpGet':{'host':'h'}}," + HARDENED + "}]}";
        String sysctl = "{'securityContext':{'sysctls':[{'name':'net.ipv4.tcp_rmem'}]},'containers':[{'name':'c',"
                + HARDENED + "}]}";

        assertThat(violations("baseline", "v1.33", probe)).isEmpty();
        assertThat(violations("baseline", "v1.34", probe))
                .containsExactly("probe or lifecycle host (container \"c\" uses probe or lifecycle host \"h\")");
        assertThat(violations("baseline", "v1.31", sysctl)).containsExactly("forbidden sysctls (net.ipv4.tcp_rmem)");
        assertThat(violations("baseline", "v1.32", sysctl)).isEmpty();
        assertThat(
                        violations(
                                "restricted",
                                "v1.21",
                                "{'containers':[{'name':'c','securityContext':{"
                                        + "'allowPrivilegeEscalation':false,'runAsNonRoot':true,'seccompProfile':{'type':'Localhost'}}}]}"))
                .isEmpty();
    }

    @Test
    void aStricterRuleReplacesTheWeakerOne() {
        String pod = "{'volumes':[{'name':'v','hostPath':{'path':'/'}}],'containers':[{'name':'c'," + HARDENED + "}]}";

        assertThat(violations("baseline", "latest", pod)).containsExactly("hostPath volumes (volume \"v\")");
        assertThat(violations("restricted", "latest", pod))
                .containsExactly("restricted volume types (volume \"v\" uses restricted volume type \"hostPath\")");
    }

    @Test
    void everyContainerCounts() {
        assertThat(violations(
                        "baseline",
                        "latest",
                        "{'initContainers':[{'name':'i','securityContext':{'privileged':true}}],'containers':[{'name':'c'}],"
                                + "'ephemeralContainers':[{'name':'e','securityContext':{'privileged':true}}]}"))
                .containsExactly("privileged (containers \"i\", \"e\" must not set securityContext.privileged=true)");
    }

    private static List<String> violations(String level, String version, String spec) {
        return PodRules.violations(json("{}"), json(spec), new PodLevel(level, version)).stream()
                .map(PodRule.Violation::toString)
                .toList();
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static PodLevel.Policy policy(JsonNode labels) {
        return PodLevel.of(labels, MissingNode.getInstance());
    }
}
