package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.outside.WebhookProblem;
import dev.amphora.apiserver.outside.WebhookServer;
import dev.amphora.apiserver.outside.WebhookServers;
import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.util.List;

/**
 * Has the objects of a custom resource converted by whoever its definition names. The caller waits for the answer, at most 30 seconds.
 * The converter may change what it likes but for metadata: of that, labels and annotations alone.
 */
final class ConversionWebhook {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String GROUP = "apiextensions.k8s.io/";
    private static final List<String> REVIEWS = List.of("v1", "v1beta1");

    private final Kernel kernel;
    private final WebhookServers servers;
    private final WebhookServer server;
    private final String review;

    /** Bundles the conversion of a definition, which has the strategy {@code Webhook}. */
    ConversionWebhook(Kernel kernel, WebhookServers servers, JsonNode conversion) {
        this.kernel = kernel;
        this.servers = servers;
        server = WebhookServer.of(conversion.path("webhook").path("clientConfig"));
        String wanted = "v1";
        for (JsonNode version : conversion.path("webhook").path("conversionReviewVersions")) {
            if (REVIEWS.contains(version.asText())) {
                wanted = version.asText();
                break;
            }
        }
        review = GROUP + wanted;
    }

    /** Has an object converted to another version, in place. */
    void convert(ObjectNode object, String version) {
        String from = object.path("apiVersion").asText();
        if (from.equals(version)) {
            return;
        }
        String who = "conversion webhook for %s, Kind=%s "
                .formatted(from, object.path("kind").asText());
        JsonNode resourceVersion = object.path("metadata").get("resourceVersion");
        ObjectNode sent = object.deepCopy();
        Metadata.of(sent).remove("resourceVersion");
        String uid = kernel.newUid();
        JsonNode converted = answer(who, uid, review(uid, version, sent));
        check(who, sent, converted, version);
        ObjectNode metadata = Metadata.of(object).deepCopy();
        for (String field : List.of("labels", "annotations")) {
            JsonNode value = converted.path("metadata").get(field);
            if (value == null || value.isNull()) {
                metadata.remove(field);
            } else {
                metadata.set(field, value);
            }
        }
        object.removeAll();
        object.setAll((ObjectNode) converted.deepCopy());
        object.set("metadata", metadata);
        if (resourceVersion != null) {
            metadata.set("resourceVersion", resourceVersion);
        }
    }

    private ObjectNode review(String uid, String version, ObjectNode object) {
        ObjectNode tree = Json.object().put("kind", "ConversionReview").put("apiVersion", review);
        ObjectNode request = tree.putObject("request").put("uid", uid).put("desiredAPIVersion", version);
        request.putArray("objects").add(object);
        if (review.endsWith("beta1")) {
            ObjectNode response = tree.putObject("response").put("uid", "");
            response.putNull("convertedObjects");
            response.putObject("result").putObject("metadata");
        }
        return tree;
    }

    private JsonNode answer(String who, String uid, ObjectNode tree) {
        JsonNode answer;
        try {
            answer = servers.post(server, tree, PATIENCE).await();
        } catch (WebhookProblem e) {
            throw failed(who, e.text());
        }
        String version = answer.path("apiVersion").asText();
        String kind = answer.path("kind").asText();
        if (!kind.equals("ConversionReview")) {
            throw failed(
                    who,
                    "converting (%s.%s) to (%s.ConversionReview): unknown conversion"
                            .formatted(
                                    version.substring(version.indexOf('/') + 1),
                                    kind,
                                    review.substring(GROUP.length())));
        }
        JsonNode response = answer.path("response");
        if (!response.isObject()) {
            throw failed(who, "no response provided");
        }
        if (!response.path("uid").asText("").equals(uid)) {
            throw failed(
                    who,
                    "expected response.uid=%s, got %s"
                            .formatted(
                                    FieldError.quoted(uid),
                                    FieldError.quoted(response.path("uid").asText(""))));
        }
        JsonNode result = response.path("result");
        if (!result.path("status").asText("").equals("Success")) {
            String message = result.path("message").asText("");
            throw failed(who, message.isEmpty() ? "response.result.status was not Success" : message);
        }
        JsonNode objects = response.path("convertedObjects");
        if (objects.size() != 1) {
            throw error(who + "returned %d objects, expected 1".formatted(objects.size()));
        }
        return objects.get(0);
    }

    private static void check(String who, ObjectNode sent, JsonNode converted, String version) {
        String received = converted.path("apiVersion").asText();
        if (!received.equals(version)) {
            throw error(who
                    + "returned invalid object at index 0: invalid groupVersion (expected %s, received %s)"
                            .formatted(version, received));
        }
        String kind = converted.path("kind").asText();
        if (!kind.equals(sent.path("kind").asText())) {
            throw error(who
                    + "returned invalid object at index 0: invalid kind (expected %s, received %s)"
                            .formatted(sent.path("kind").asText(), kind));
        }
        for (List<String> field :
                List.of(List.of("name", "name"), List.of("namespace", "namespace"), List.of("uid", "UID"))) {
            String before = sent.path("metadata").path(field.get(0)).asText("");
            String after = converted.path("metadata").path(field.get(0)).asText("");
            if (!before.equals(after)) {
                throw error(who
                        + "returned invalid object: must have the same %s: %s != %s"
                                .formatted(field.get(1), before, after));
            }
        }
    }

    private static StatusException failed(String who, String why) {
        return error(who + "failed: " + why);
    }

    private static StatusException error(String message) {
        return StatusException.of(500, "", message, null);
    }
}
