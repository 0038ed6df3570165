package dev.amphora.apiserver.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AuditPolicyTest {
    private static final String POLICY =
            """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [RequestReceived]
            rules:
            - level: None
              users: ["system:kube-proxy"]
              verbs: [watch]
            - level: None
              nonResourceURLs: ["/healthz*", "/version"]
            - level: RequestResponse
              resources: [{group: "", resources: ["pods", "*/scale"]}]
              namespaces: [prod]
              omitManagedFields: true
            - level: Request
              resources: [{group: "", resources: ["secrets"], resourceNames: ["one"]}, {group: apps}]
            - level: Metadata
              userGroups: ["system:authenticated"]
              omitStages: [ResponseStarted]
            """;

    private final AuditPolicy policy = AuditPolicy.parse(POLICY);

    @Test
    void theFirstRuleThatFitsDecides() {
        assertThat(level("system:kube-proxy", "watch", "", "services", "", "")).isEqualTo(AuditLevel.NONE);
        assertThat(level("x", "get", "", "pods", "prod", "")).isEqualTo(AuditLevel.REQUEST_RESPONSE);
        assertThat(level("x", "get", "", "pods", "test", "")).isEqualTo(AuditLevel.METADATA);
        assertThat(level("x", "get", "", "secrets", "test", "one")).isEqualTo(AuditLevel.REQUEST);
        assertThat(level("x", "get", "", "secrets", "test", "two")).isEqualTo(AuditLevel.METADATA);
        assertThat(level("x", "get", "apps", "deployments", "test", "")).isEqualTo(AuditLevel.REQUEST);
    }

    @Test
    void pathsMayEndInAStar() {
        assertThat(policy.of(AccessRequest.ofPath(User.of("x"), "get", "/healthz/ping"))
                        .level())
                .isEqualTo(AuditLevel.NONE);
        assertThat(policy.of(AccessRequest.ofPath(User.of("x"), "get", "/metrics"))
                        .level())
                .isEqualTo(AuditLevel.METADATA);
    }

    @Test
    void whatNoRuleFitsIsNotToldOf() {
        assertThat(policy.of(AccessRequest.ofPath(User.anonymous(), "get", "/metrics"))
                        .isNothing())
                .isTrue();
    }

    @Test
    void stagesAreOmittedByThePolicyAndByTheRule() {
        AuditPolicy.Verdict verdict = policy.of(AccessRequest.ofPath(User.of("x"), "get", "/metrics"));

        assertThat(verdict.omitted())
                .containsExactlyInAnyOrder(AuditStage.REQUEST_RECEIVED, AuditStage.RESPONSE_STARTED);
        assertThat(verdict.omitsManagedFields()).isFalse();
    }

    @Test
    void saysWhatIsWrong() {
        assertThatThrownBy(() -> AuditPolicy.parse("kind: Pod"))
                .hasMessage("an audit policy has kind Policy and apiVersion audit.k8s.io/v1");
        assertThatThrownBy(
                        () -> AuditPolicy.parse("{kind: Policy, apiVersion: audit.k8s.io/v1, rules: [{level: All}]}"))
                .hasMessage("rules[0]: there is no level All");
        assertThatThrownBy(() -> AuditPolicy.parse("{kind: Policy, apiVersion: audit.k8s.io/v1}"))
                .hasMessage("an audit policy has rules");
        assertThatThrownBy(() -> AuditPolicy.parse("a: [")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRequestLogHasALineForEachRequest() {
        List<String> lines = new ArrayList<>();
        ObjectNode status = Json.object().put("code", 200);
        Instant received = Instant.parse("2026-01-31T09:00:00.123456Z");

        new RequestLog(lines::add)
                .take(new AuditEvent(
                        AuditLevel.METADATA,
                        "id",
                        AuditStage.RESPONSE_COMPLETE,
                        "/api/v1/pods?limit=5\n",
                        new AccessRequest(User.of("alice"), "list", "", "v1", "pods", "", "", "", ""),
                        null,
                        "GET",
                        List.of("192.0.2.1"),
                        "test",
                        status,
                        null,
                        null,
                        received,
                        received.plusNanos(3_200_000),
                        Map.of()));

        assertThat(lines).containsExactly("2026-01-31T09:00:00.123Z alice list /api/v1/pods?limit=5? 200 3.2ms");
    }

    private AuditLevel level(String user, String verb, String group, String resource, String namespace, String name) {
        return policy.of(new AccessRequest(User.of(user), verb, group, "v1", resource, "", namespace, name, ""))
                .level();
    }
}
