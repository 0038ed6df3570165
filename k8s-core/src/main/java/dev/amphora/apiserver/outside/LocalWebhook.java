package dev.amphora.apiserver.outside;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A webhook as a function from the request of a review to its response, so that it can be tried without a socket. The same object may stand
 * behind an HTTPS server elsewhere.
 */
@FunctionalInterface
@SuppressWarnings("FunctionalInterfaceMethodChanged") // a webhook is a server whose answers are all of one form
public interface LocalWebhook extends LocalServer {
    /**
     * Answers a review.
     *
     * @param request the review's member of that name
     * @return the review's member {@code response}; its uid is filled in
     */
    ObjectNode review(JsonNode request);

    @Override
    default Reply answer(Request request) {
        JsonNode review = Json.read(request.body());
        ObjectNode response = review(review.path("request"));
        response.set("uid", review.path("request").path("uid"));
        ObjectNode answer = Json.object();
        answer.set("apiVersion", review.path("apiVersion"));
        answer.set("kind", review.path("kind"));
        answer.set("response", response);
        return Reply.of(200, "application/json", Json.write(answer));
    }

    /** A response that has nothing against it. */
    static ObjectNode allow() {
        return Json.object().put("allowed", true);
    }

    /** A response that refuses. */
    static ObjectNode deny(String why) {
        ObjectNode response = Json.object().put("allowed", false);
        response.putObject("status").put("message", why);
        return response;
    }

    /**
     * A response that changes the object.
     *
     * @param operations a JSON patch
     */
    static ObjectNode patch(String operations) {
        byte[] bytes = operations.getBytes(StandardCharsets.UTF_8);
        return allow().put("patchType", "JSONPatch")
                .put("patch", Base64.getEncoder().encodeToString(bytes));
    }
}
