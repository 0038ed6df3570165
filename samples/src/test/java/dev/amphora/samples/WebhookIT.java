package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import dev.amphora.Cluster;
import dev.amphora.apiserver.outside.LocalWebhook;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.samples.conformance.LoopbackHttps;
import dev.amphora.samples.examples.PinnedImages;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/** A webhook behind an HTTPS server: the one that the examples try without. */
class WebhookIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final LocalWebhook webhook = new PinnedImages();

    @Test
    void isCalledOverHttpsByThoseWhoTrustItsServer() {
        try (ThreadedKernel kernel = new ThreadedKernel();
                LoopbackHttps server = LoopbackHttps.start(kernel, this::answer);
                Cluster cluster =
                        Cluster.builder().store(new MemoryStore()).noScheduler().start()) {
            cluster.await(
                    "a service account",
                    Duration.ofSeconds(60),
                    () -> cluster.client()
                                    .serviceAccounts()
                                    .inNamespace("default")
                                    .withName("default")
                                    .get()
                            != null);
            configure(cluster, server, server.authorityPem());

            assertThatThrownBy(
                            () -> cluster.client().resource(pod("a", "web:1")).create())
                    .hasMessageContaining(
                            "admission webhook \"pinned-images.example.com\" denied the request: c runs an image that may change");
            Pod made = cluster.client()
                    .resource(pod("a", "web@sha256:" + "0".repeat(64)))
                    .create();
            assertThat(made.getMetadata().getUid()).isNotEmpty();

            try (LoopbackHttps other = LoopbackHttps.start(kernel, this::answer)) {
                configure(cluster, server, other.authorityPem());
                assertThatThrownBy(() ->
                                cluster.client().resource(pod("b", "web:1")).create())
                        .hasMessageContaining("x509: certificate signed by unknown authority");
            }
        }
    }

    private static void configure(Cluster cluster, LoopbackHttps server, String authorityPem) {
        String bundle = Base64.getEncoder().encodeToString(authorityPem.getBytes(StandardCharsets.UTF_8));
        String manifest =
                """
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingWebhookConfiguration
                metadata: {name: pinned-images}
                webhooks:
                - name: pinned-images.example.com
                  clientConfig: {url: "https://127.0.0.1:%d/review", caBundle: %s}
                  rules:
                  - {operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}
                  sideEffects: None
                  admissionReviewVersions: [v1]
                """
                        .formatted(server.port(), bundle);
        cluster.client()
                .load(new ByteArrayInputStream(manifest.getBytes(StandardCharsets.UTF_8)))
                .forceConflicts()
                .serverSideApply();
    }

    private void answer(HttpExchange exchange) throws IOException {
        JsonNode review = JSON.readTree(exchange.getRequestBody().readAllBytes());
        ObjectNode answer = JSON.createObjectNode();
        answer.set("apiVersion", review.path("apiVersion"));
        answer.set("kind", review.path("kind"));
        answer.set(
                "response",
                webhook.review(review.path("request"))
                        .set("uid", review.path("request").path("uid")));
        byte[] bytes = JSON.writeValueAsBytes(answer);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static Pod pod(String name, String image) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage(image)
                .endContainer()
                .endSpec()
                .build();
    }
}
