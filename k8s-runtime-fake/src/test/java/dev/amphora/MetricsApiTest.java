package dev.amphora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What nodes and pods use, as the cluster itself tells. */
class MetricsApiTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String API = "/apis/metrics.k8s.io/v1beta1";

    private static Cluster cluster;
    private static KubernetesClient client;

    @BeforeAll
    static void start() {
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .node(
                        "worker-1",
                        new FakeRuntime()
                                .behave("web", ContainerBehavior.runs().uses("250m", "64Mi"))
                                .behave("side", ContainerBehavior.runs().uses("50m", "16Mi")))
                .metrics(Duration.ofMillis(100))
                .start();
        client = cluster.client();
        for (String name : new String[] {"one", "two"}) {
            client.resource(new PodBuilder()
                            .withNewMetadata()
                            .withName(name)
                            .withNamespace("default")
                            .addToLabels("app", name)
                            .endMetadata()
                            .withNewSpec()
                            .addNewContainer()
                            .withName("web")
                            .withImage("web")
                            .endContainer()
                            .addNewContainer()
                            .withName("side")
                            .withImage("side")
                            .endContainer()
                            .endSpec()
                            .build())
                    .create();
        }
        cluster.await("two pods", PATIENCE, () -> get("/pods").path("items").size() == 2);
    }

    @AfterAll
    static void end() {
        cluster.close();
    }

    private static JsonNode get(String path) {
        return Json.read(client.raw(API + path).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void podsUseWhatTheirContainersUse() {
        JsonNode pod = get("/namespaces/default/pods/one");

        assertThat(pod.path("kind").asText()).isEqualTo("PodMetrics");
        assertThat(pod.at("/containers/0/name").asText()).isEqualTo("side");
        assertThat(pod.at("/containers/1/usage/cpu").asText()).isEqualTo("250000000n");
        assertThat(pod.at("/containers/1/usage/memory").asText()).isEqualTo("65536Ki");
        assertThat(get("/namespaces/default/pods?labelSelector=app%3Dtwo").path("items"))
                .hasSize(1);
        assertThat(get("/namespaces/other/pods").path("items")).isEmpty();
    }

    @Test
    void nodesUseWhatTheirPodsUse() {
        cluster.await(
                "both pods to count",
                PATIENCE,
                () -> get("/nodes/worker-1").at("/usage/cpu").asText().equals("600000000n"));
        assertThat(get("/nodes").at("/items/0/usage/memory").asText()).isEqualTo("163840Ki");
    }

    @Test
    void whatIsNotThereIsNotFound() {
        assertThatThrownBy(() -> client.raw(API + "/namespaces/default/pods/three", "GET", null))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("pods.metrics.k8s.io \"three\" not found");
    }

    @Test
    void discoveryTellsOfIt() {
        assertThat(client.raw("/apis/metrics.k8s.io")).contains("v1beta1");
        assertThat(client.raw("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"))
                .contains("all checks passed");
    }
}
