package dev.amphora.apiserver.review;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.AccessRules;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.WebhookProblem;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks another server whether a request may be made: {@code --authorization-webhook-config-file}, the mode {@code Webhook}. A yes counts for
 * five minutes, anything else for half a minute; while the server can't be asked it has no opinion.
 */
public final class AccessReviews implements Authorizer {
    private static final Logger log = LoggerFactory.getLogger(AccessReviews.class);
    private static final Duration ALLOWED = Duration.ofMinutes(5);
    private static final Duration NOT_ALLOWED = Duration.ofSeconds(30);

    private final ReviewServer server;
    private final Answers<AccessRequest, Decision> answers;

    /** An authorizer. */
    public AccessReviews(InstantSource clock, ReviewServer server) {
        this.server = server;
        answers = new Answers<>(clock);
    }

    @Override
    public Decision authorize(AccessRequest request) {
        return answers.get(request).orElseGet(() -> ask(request));
    }

    @Override
    public AccessRules rulesOf(User user, String namespace) {
        return new AccessRules(List.of(), List.of("webhook authorizer does not support user rule resolution"), true);
    }

    private Decision ask(AccessRequest request) {
        try {
            JsonNode status = server.ask(review(request));
            String reason = status.path("reason").asText("");
            Decision decision = status.path("allowed").asBoolean()
                    ? Decision.allow(reason)
                    : new Decision(status.path("denied").asBoolean() ? Verdict.DENY : Verdict.NO_OPINION, reason);
            answers.put(request, decision, decision.allowed() ? ALLOWED : NOT_ALLOWED);
            return decision;
        } catch (WebhookProblem e) {
            log.warn("The webhook has no opinion on a request: {}", e.text());
            return Decision.NO_OPINION;
        }
    }

    private static ObjectNode review(AccessRequest request) {
        ObjectNode review =
                Json.object().put("kind", "SubjectAccessReview").put("apiVersion", "authorization.k8s.io/v1");
        review.putObject("metadata").putNull("creationTimestamp");
        ObjectNode spec = review.putObject("spec");
        if (request.resource().isEmpty()) {
            spec.putObject("nonResourceAttributes").put("path", request.path()).put("verb", request.verb());
        } else {
            ObjectNode attributes = spec.putObject("resourceAttributes");
            put(attributes, "namespace", request.namespace());
            put(attributes, "verb", request.verb());
            put(attributes, "group", request.group());
            put(attributes, "version", request.version());
            put(attributes, "resource", request.resource());
            put(attributes, "subresource", request.subresource());
            put(attributes, "name", request.name());
            new TreeMap<>(request.fields()).forEach((key, value) -> attributes
                    .withObject("/fieldSelector")
                    .withArray("/requirements")
                    .addObject()
                    .put("key", key)
                    .put("operator", "In")
                    .putArray("values")
                    .add(value));
        }
        User user = request.user();
        spec.put("user", user.name());
        user.groups().forEach(spec.putArray("groups")::add);
        if (!user.extra().isEmpty()) {
            ObjectNode extra = spec.putObject("extra");
            new TreeMap<>(user.extra()).forEach((key, values) -> values.forEach(extra.putArray(key)::add));
        }
        put(spec, "uid", user.uid());
        review.putObject("status").put("allowed", false);
        return review;
    }

    private static void put(ObjectNode object, String member, String value) {
        if (!value.isEmpty()) {
            object.put(member, value);
        }
    }
}
