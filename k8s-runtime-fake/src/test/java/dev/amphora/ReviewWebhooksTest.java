package dev.amphora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.LocalServer;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Servers elsewhere that say whose a token is and what somebody may do. */
class ReviewWebhooksTest {
    private final SimulatedKernel kernel = new SimulatedKernel(3);
    private final List<JsonNode> asked = new ArrayList<>();
    private boolean broken;
    private final Cluster cluster = Cluster.builder()
            .kernel(kernel)
            .store(new MemoryStore())
            .noControllers()
            .localServers(new LocalServers().host("guard.example", this::answer))
            .api(ApiOptions.defaults()
                    .withAuthorizationModes(List.of("Node", "RBAC", "Webhook"))
                    .withSecurity(
                            SecurityOptions.defaults().withWebhooks(kubeconfig("/tokens"), kubeconfig("/access"))))
            .start();

    private static String kubeconfig(String path) {
        return """
                apiVersion: v1
                kind: Config
                current-context: c
                contexts: [{name: c, context: {cluster: guard, user: nobody}}]
                clusters: [{name: guard, cluster: {server: "https://guard.example%s"}}]
                """
                .formatted(path);
    }

    private LocalServer.Reply answer(LocalServer.Request request) {
        if (broken) {
            return LocalServer.Reply.json(500, "{}");
        }
        JsonNode review = Json.read(request.body());
        asked.add(review);
        ObjectNode answer = review.deepCopy();
        ObjectNode status = answer.putObject("status");
        if (request.path().equals("/tokens")) {
            boolean known = review.at("/spec/token").asText().equals("abc");
            status.put("authenticated", known);
            if (known) {
                status.putObject("user")
                        .put("username", "zoe")
                        .putArray("groups")
                        .add("ops");
            }
        } else {
            JsonNode wanted = review.at("/spec/resourceAttributes");
            status.put("allowed", wanted.path("resource").asText().equals("configmaps"));
            status.put("denied", wanted.path("resource").asText().equals("secrets"));
            status.put("reason", "says the guard");
        }
        return LocalServer.Reply.json(200, answer.toString());
    }

    @AfterEach
    void close() {
        cluster.close();
        kernel.close();
    }

    @Test
    void areAskedAboutTokensThatNobodyElseKnows() {
        User zoe = cluster.apiServer().authenticate(Credentials.token("abc")).orElseThrow();

        assertThat(zoe.name()).isEqualTo("zoe");
        assertThat(zoe.groups()).containsExactly("ops", "system:authenticated");
        assertThat(cluster.apiServer().authenticate(Credentials.token("xyz"))).isEmpty();
        assertThat(asked.get(0).at("/spec/audiences/0").asText()).startsWith("https://");
        int before = asked.size();
        cluster.apiServer().authenticate(Credentials.token("abc"));
        assertThat(asked).hasSize(before);
        kernel.advance(Duration.ofMinutes(3));
        broken = true;
        assertThat(cluster.apiServer().authenticate(Credentials.token("abc"))).isEmpty();
    }

    @Test
    void areAskedWhatRolesDoNotAllow() {
        Client client = cluster.api(User.of("zoe", "ops"), "test");

        assertThat(client.list(ResourceType.of(ConfigMap.class), "default", ListOptions.all()))
                .isNotNull();
        assertThatThrownBy(() -> client.list(ResourceType.of(Secret.class), "default", ListOptions.all()))
                .hasMessageContaining("says the guard");
        JsonNode spec = asked.get(asked.size() - 1).path("spec");
        assertThat(spec.path("user").asText()).isEqualTo("zoe");
        assertThat(spec.path("resourceAttributes"))
                .hasToString(
                        "{\"namespace\":\"default\",\"verb\":\"list\",\"version\":\"v1\",\"resource\":\"secrets\"}");
        broken = true;
        assertThat(client.list(ResourceType.of(ConfigMap.class), "default", ListOptions.all()))
                .isNotNull();
        kernel.advance(Duration.ofMinutes(6));
        assertThatThrownBy(() -> client.list(ResourceType.of(ConfigMap.class), "default", ListOptions.all()))
                .hasMessageContaining("forbidden");
    }
}
