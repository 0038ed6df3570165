package dev.amphora.apiserver.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The expressions of a policy are held against the kinds that it names")
class TypeChecksTest {

    @Test
    void aFieldThatAKindDoesNotHaveIsDoubtful() {
        assertThat(warnings("['apps']", "['v1']", "['deployments']", "object.replicas > 1")
                        .toString())
                .isEqualTo(
                        "[{\"fieldRef\":\"spec.validations[0].expression\",\"warning\":\"apps/v1, Kind=Deployment: ERROR:"
                                + " <input>:1:7: undefined field 'replicas'\\n | object.replicas > 1\\n | ......^\\n\"}]");
    }

    @Test
    void eachKindIsToldOf() {
        assertThat(warnings("['apps']", "['v1']", "['replicasets','deployments']", "object.spec.replicas == 'x'")
                        .at("/0/warning")
                        .asText())
                .contains("apps/v1, Kind=Deployment: ERROR: ")
                .contains("apps/v1, Kind=ReplicaSet: ERROR: ")
                .contains("found no matching overload for '_==_' applied to '(int, string)'");
    }

    @Test
    void whatFitsIsNotDoubtful() {
        assertThat(warnings(
                        "['','apps']",
                        "['v1']",
                        "['pods','deployments']",
                        "object.metadata.name != '' && object.spec.size() > 0 || request.operation == 'CREATE'"))
                .hasSize(1);
        assertThat(warnings(
                        "['']",
                        "['v1']",
                        "['pods']",
                        "object.spec.containers.all(c, has(c.resources.limits) && c.ports.all(p, p.containerPort < 1024))"
                                + " && (!has(object.metadata.labels) || 'a' in object.metadata.labels)"))
                .isEmpty();
    }

    @Test
    void nothingIsSaidOfKindsBehindAWildcard() {
        assertThat(warnings("['apps']", "['*']", "['deployments']", "object.replicas > 1"))
                .isEmpty();
        assertThat(warnings("['apps']", "['v1']", "['deployments/scale','*']", "object.replicas > 1"))
                .isEmpty();
    }

    private static JsonNode warnings(String groups, String versions, String resources, String expression) {
        String policy =
                ("{'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':%s,'apiVersions':%s,'resources':%s}]},"
                                + "'validations':[{'expression':''}]}}")
                        .formatted(groups, versions, resources);
        JsonNode tree = Json.read(policy.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        ((ObjectNode) tree.at("/spec/validations/0")).put("expression", expression);
        return TypeChecks.warnings(tree, SchemaCatalogue.builtIn());
    }
}
