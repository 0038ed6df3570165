package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.audit.AuditEvent;
import dev.amphora.apiserver.audit.AuditLevel;
import dev.amphora.apiserver.audit.AuditLog;
import dev.amphora.apiserver.audit.AuditPolicy;
import dev.amphora.apiserver.audit.AuditStage;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of requests. */
class AuditTest {
    private final Kernel kernel = new ThreadedKernel();
    private final TestServer server = new TestServer(kernel);
    private final List<AuditEvent> events = new CopyOnWriteArrayList<>();

    @AfterEach
    void end() {
        server.close();
        kernel.close();
    }

    @Test
    void tellsOfArrivalAndEnd() {
        try (KubernetesClient client = client(AuditPolicy.everything(AuditLevel.METADATA), "alice", User.MASTERS)) {
            client.configMaps().inNamespace("default").withName("none").get();
        }

        assertThat(events)
                .extracting(AuditEvent::stage)
                .containsExactly(AuditStage.REQUEST_RECEIVED, AuditStage.RESPONSE_COMPLETE);
        JsonNode last = events.get(1).toTree();
        assertThat(last.path("verb").asText()).isEqualTo("get");
        assertThat(last.path("user").path("username").asText()).isEqualTo("alice");
        assertThat(last.path("objectRef").path("name").asText()).isEqualTo("none");
        assertThat(last.path("responseStatus").path("code").asInt()).isEqualTo(404);
        assertThat(last.path("responseStatus").path("reason").asText()).isEqualTo("NotFound");
        assertThat(last.path("annotations")
                        .path("authorization.k8s.io/decision")
                        .asText())
                .isEqualTo("allow");
        assertThat(last.has("requestObject")).isFalse();
        assertThat(events.get(0).auditId()).isEqualTo(events.get(1).auditId());
    }

    @Test
    void tellsOfObjectsIfThePolicySaysSo() {
        AuditPolicy policy = AuditPolicy.everything(AuditLevel.REQUEST_RESPONSE, AuditStage.REQUEST_RECEIVED);
        try (KubernetesClient client = client(policy, "alice", User.MASTERS)) {
            client.resource(new ConfigMapBuilder()
                            .withNewMetadata()
                            .withNamespace("default")
                            .withName("a")
                            .endMetadata()
                            .addToData("k", "v")
                            .build())
                    .create();
        }

        JsonNode event = events.get(0).toTree();
        assertThat(event.path("requestObject").path("data").path("k").asText()).isEqualTo("v");
        assertThat(event.path("responseObject").path("metadata").path("uid").asText())
                .isNotEmpty();
    }

    @Test
    void tellsWhatPoliciesNote() {
        String policies =
                """
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingAdmissionPolicy
                metadata: {name: small}
                spec:
                  matchConstraints:
                    resourceRules:
                    - {apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"]}
                  validations:
                  - {expression: "true"}
                  - {expression: "!has(object.data)", message: "has data"}
                  auditAnnotations:
                  - {key: size, valueExpression: "'holds ' + string(size(object.data))"}
                  - {key: nothing, valueExpression: "''"}
                ---
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingAdmissionPolicyBinding
                metadata: {name: everywhere}
                spec: {policyName: small, validationActions: [Audit, Warn]}
                """;
        AuditPolicy policy = AuditPolicy.everything(AuditLevel.METADATA, AuditStage.REQUEST_RECEIVED);
        try (KubernetesClient client = client(policy, "alice", User.MASTERS)) {
            client.load(new ByteArrayInputStream(policies.getBytes(StandardCharsets.UTF_8)))
                    .resources()
                    .forEach(each -> each.create());
            client.resource(new ConfigMapBuilder()
                            .withNewMetadata()
                            .withNamespace("default")
                            .withName("noted")
                            .endMetadata()
                            .addToData("k", "v")
                            .build())
                    .create();
        }

        JsonNode annotations = events.get(events.size() - 1).toTree().path("annotations");
        assertThat(annotations.path("small/size").asText()).isEqualTo("holds 1");
        assertThat(annotations.has("small/nothing")).isFalse();
        assertThat(annotations
                        .path("validation.policy.admission.k8s.io/validation_failure")
                        .asText())
                .isEqualTo("[{\"message\":\"has data\",\"policy\":\"small\",\"binding\":\"everywhere\","
                        + "\"expressionIndex\":1,\"validationActions\":[\"Audit\",\"Warn\"]}]");
    }

    @Test
    void tellsWhoWasForbiddenWhat() {
        AuditPolicy policy = AuditPolicy.everything(AuditLevel.METADATA, AuditStage.REQUEST_RECEIVED);
        try (KubernetesClient client = client(policy, "bob", "dev")) {
            assertThatThrownBy(() -> client.pods().inNamespace("default").list())
                    .isInstanceOf(KubernetesClientException.class);
        }

        AuditEvent event = events.get(0);
        assertThat(event.code()).isEqualTo(403);
        assertThat(event.annotations()).containsEntry("authorization.k8s.io/decision", "forbid");
    }

    @Test
    void aFileHasALineForEachEvent(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("audit.log");
        try (AuditLog log = AuditLog.to(file, kernel)) {
            RestApi api = RestApi.builder(kernel, server.apiServer)
                    .audit(AuditPolicy.everything(AuditLevel.METADATA), log)
                    .build();
            try (KubernetesClient client = InProcess.client(kernel, api)) {
                client.namespaces().list();
            }
        }

        List<String> stages = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            stages.add(Json.read(line.getBytes(StandardCharsets.UTF_8))
                    .path("stage")
                    .asText());
        }
        assertThat(stages).containsExactly("RequestReceived", "ResponseComplete");
    }

    private KubernetesClient client(AuditPolicy policy, String user, String group) {
        return InProcess.client(
                kernel,
                RestApi.builder(kernel, server.apiServer)
                        .inProcessUser(User.of(user, group))
                        .audit(policy, events::add)
                        .build());
    }
}
