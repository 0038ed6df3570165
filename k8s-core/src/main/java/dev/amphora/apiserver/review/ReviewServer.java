package dev.amphora.apiserver.review;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.outside.WebhookProblem;
import dev.amphora.apiserver.outside.WebhookServer;
import dev.amphora.apiserver.outside.WebhookServers;
import java.time.Duration;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** A server that answers reviews, as a kubeconfig names it. */
public final class ReviewServer {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final WebhookServers servers;
    private final WebhookServer server;

    private ReviewServer(WebhookServers servers, WebhookServer server) {
        this.servers = servers;
        this.server = server;
    }

    /**
     * The server of a kubeconfig's current context.
     *
     * @param kubeconfig with an address by HTTPS and, as data, the authority of its certificate
     * @throws IllegalArgumentException if it says otherwise, or wants credentials to be shown
     */
    public static ReviewServer of(WebhookServers servers, String kubeconfig) {
        JsonNode tree = read(kubeconfig);
        JsonNode context = named(
                        tree.path("contexts"), tree.path("current-context").asText(""))
                .path("context");
        JsonNode cluster =
                named(tree.path("clusters"), context.path("cluster").asText("")).path("cluster");
        JsonNode user =
                named(tree.path("users"), context.path("user").asText("")).path("user");
        String url = cluster.path("server").asText("");
        if (!url.startsWith("https://")) {
            throw wrong("its server is reached by https");
        }
        if (!user.isEmpty()) {
            throw wrong("credentials for it are not supported");
        }
        if (cluster.has("certificate-authority")) {
            throw wrong("the authority is given as certificate-authority-data");
        }
        ObjectNode config = Json.object().put("url", url);
        config.put("caBundle", cluster.path("certificate-authority-data").asText(""));
        return new ReviewServer(servers, WebhookServer.of(config));
    }

    private static JsonNode read(String text) {
        try {
            return Json.mapper().valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(text));
        } catch (YAMLException e) {
            throw wrong("it is YAML: " + e.getMessage());
        }
    }

    private static JsonNode named(JsonNode list, String name) {
        for (JsonNode each : list) {
            if (name.isEmpty() || each.path("name").asText("").equals(name)) {
                return each;
            }
        }
        return Json.object().path(name);
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("the kubeconfig of a webhook is wrong: " + what);
    }

    /** The status of a review that the server has answered. */
    JsonNode ask(ObjectNode review) throws WebhookProblem {
        return servers.post(server, review, PATIENCE).await().path("status");
    }
}
