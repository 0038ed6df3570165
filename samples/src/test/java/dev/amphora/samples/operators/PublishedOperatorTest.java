package dev.amphora.samples.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The definitions that Flink's operator publishes are accepted as they are, and hold its objects to their schemas. */
class PublishedOperatorTest {
    private static final String VERSION = "flink.apache.org/v1beta1";
    private static final String JOB =
            """
            apiVersion: flink.apache.org/v1beta1
            kind: FlinkDeployment
            metadata:
              name: %s
              namespace: default
            spec:
              image: example.dev/flink:1.20
              flinkVersion: v1_20
              flinkConfiguration:
                taskmanager.numberOfTaskSlots: "2"
              serviceAccount: flink
              podTemplate:
                apiVersion: v1
                kind: Pod
                metadata:
                  name: pod-template
                spec:
                  containers:
                  - name: flink-main-container
                    ports:
                    - containerPort: 9249
                      name: metrics
                    volumeMounts:
                    - mountPath: /opt/flink/log
                      name: logs
                  volumes:
                  - name: logs
                    emptyDir: {}
              jobManager:
                resource:
                  memory: "2048m"
                  cpu: 1
              taskManager:
                replicas: 3
                resource:
                  memory: "2048m"
                  cpu: 0.5
              job:
                jarURI: local:///opt/flink/examples/streaming/StateMachineExample.jar
                parallelism: 2
                upgradeMode: %s
            """;

    @SuppressWarnings("NullAway.Init")
    private static Cluster cluster;

    @SuppressWarnings("NullAway.Init")
    private static KubernetesClient client;

    @BeforeAll
    static void start() throws IOException {
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .noScheduler()
                .noControllers()
                .start();
        client = cluster.client();
        for (String plural : List.of("flinkdeployments", "flinksessionjobs", "flinkstatesnapshots")) {
            String name = "/META-INF/fabric8/" + plural + ".flink.apache.org-v1.yml";
            try (InputStream definition = PublishedOperatorTest.class.getResourceAsStream(name)) {
                client.load(Objects.requireNonNull(definition)).create();
            }
        }
    }

    @AfterAll
    static void end() {
        cluster.close();
    }

    private static GenericKubernetesResource create(String yaml) {
        return (GenericKubernetesResource)
                client.load(OperatorWorld.stream(yaml)).create().get(0);
    }

    private static List<String> wrong(String yaml) {
        try {
            create(yaml);
        } catch (KubernetesClientException e) {
            assertThat(e.getCode()).isEqualTo(422);
            return e.getStatus().getDetails().getCauses().stream()
                    .map(StatusCause::getField)
                    .toList();
        }
        return List.of();
    }

    @Test
    void acceptsWhatTheOperatorsDocumentationShows() {
        GenericKubernetesResource job = create(JOB.formatted("accepted", "savepoint"));
        assertThat(job.<String>get("spec", "podTemplate", "spec", "volumes", 0, "name"))
                .isEqualTo("logs");
        create(
                """
                apiVersion: flink.apache.org/v1beta1
                kind: FlinkSessionJob
                metadata: {name: session-job, namespace: default}
                spec:
                  deploymentName: accepted
                  job: {jarURI: "https://example.dev/job.jar", parallelism: 4, upgradeMode: stateless}
                """);
        create(
                """
                apiVersion: flink.apache.org/v1beta1
                kind: FlinkStateSnapshot
                metadata: {name: snapshot, namespace: default}
                spec:
                  backoffLimit: 1
                  jobReference: {kind: FlinkDeployment, name: accepted}
                  savepoint: {alreadyExists: false, disposeOnDelete: true, formatType: CANONICAL}
                """);
        assertThat(client.genericKubernetesResources(VERSION, "FlinkStateSnapshot")
                        .inNamespace("default")
                        .list()
                        .getItems())
                .hasSize(1);
    }

    @Test
    void refusesWhatTheSchemasForbidByItsPath() {
        assertThat(wrong(JOB.formatted("wrong-mode", "carefully"))).containsExactly("spec.job.upgradeMode");
        assertThat(wrong(JOB.formatted("wrong-port", "savepoint").replace("9249", "\"nine\"")))
                .contains("spec.podTemplate.spec.containers[0].ports[0].containerPort");
        assertThat(wrong(JOB.formatted("wrong-cpu", "savepoint").replace("cpu: 0.5", "cpu: half")))
                .containsExactly("spec.taskManager.resource.cpu");
        assertThat(wrong(JOB.formatted("wrong-version", "savepoint").replace("v1_20", "v0_9")))
                .containsExactly("spec.flinkVersion");
    }

    @Test
    void scalesByTheReplicasThatTheDefinitionNames() {
        create(JOB.formatted("scaled", "stateless"));
        String scale = "/apis/" + VERSION + "/namespaces/default/flinkdeployments/scaled/scale";
        ObjectNode found = (ObjectNode) Json.read(client.raw(scale).getBytes(StandardCharsets.UTF_8));
        assertThat(found.at("/spec/replicas").asInt()).isEqualTo(3);
        found.withObject("/spec").put("replicas", 5);
        client.raw(scale, "PUT", found.toString());
        assertThat(client.genericKubernetesResources(VERSION, "FlinkDeployment")
                        .inNamespace("default")
                        .withName("scaled")
                        .get()
                        .<Integer>get("spec", "taskManager", "replicas"))
                .isEqualTo(5);
    }

    @Test
    void setsTheStatusApart() {
        GenericKubernetesResource job = create(JOB.formatted("reported", "stateless"));
        job.setAdditionalProperty("status", Map.of("lifecycleState", "STABLE", "unheardOf", 1));
        GenericKubernetesResource told = client.resource(job).updateStatus();
        assertThat(told.<Map<String, Object>>get("status")).isEqualTo(Map.of("lifecycleState", "STABLE"));
        told.setAdditionalProperty("status", Map.of("lifecycleState", "SPLENDID"));
        assertThatThrownBy(() -> client.resource(told).updateStatus())
                .hasMessageContaining("status.lifecycleState: Unsupported value: \"SPLENDID\"");
    }
}
