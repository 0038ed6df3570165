package dev.amphora.apiserver.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Suppliers;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.outside.WebhookProblem;
import dev.amphora.apiserver.outside.WebhookServers;
import dev.amphora.apiserver.policy.Evaluation;
import dev.amphora.apiserver.policy.Policies;
import dev.amphora.apiserver.policy.PolicyProblem;
import dev.amphora.apiserver.policy.RequestFacts;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.Status;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Whom to call about a request, what to send and what the answer means: the same for webhooks that change and for those that refuse. */
final class HookCalls {
    private static final String GROUP = "admission.k8s.io/";
    private static final String KIND = "AdmissionReview";
    private static final int OK = 200;

    private final Kernel kernel;
    private final WebhookServers servers;
    private final Policies policies;
    private final Supplier<HookMeasures> measures;
    private final boolean mutating;

    /**
     * Calls for one half of admission.
     *
     * @param mutating whether webhooks may change objects
     */
    HookCalls(Kernel kernel, WebhookServers servers, Policies policies, boolean mutating) {
        this.kernel = kernel;
        this.mutating = mutating;
        measures = Suppliers.memoize(() -> new HookMeasures(kernel, mutating ? "admit" : "validating"));
        this.servers = servers;
        this.policies = policies;
    }

    /** A call that has begun. */
    record Begun(Hook hook, String uid, Instant at, WebhookServers.Pending pending) {}

    /**
     * As which resource a webhook is to be asked about a request; empty if it is not meant.
     *
     * @throws StatusException if that can't be told, and the webhook must not be passed over
     */
    Optional<ResourceInfo> meant(Hook hook, AdmissionRequest request, RequestFacts facts) {
        Optional<ResourceInfo> as = hook.match().find(request, facts.asked(), policies);
        if (as.isEmpty() || hook.conditions().isEmpty()) {
            return as;
        }
        try {
            return Evaluation.of(facts, as.get()).isMeant(hook.conditions()) ? as : Optional.empty();
        } catch (PolicyProblem e) {
            if (hook.failsClosed()) {
                throw StatusException.forbidden(request.group(), request.resource(), request.name(), e.text());
            }
            return Optional.empty();
        }
    }

    /**
     * Calls a webhook.
     *
     * @param as the resource as which it is asked
     * @throws WebhookProblem if it can't be called
     */
    Begun begin(Hook hook, AdmissionRequest request, RequestFacts facts, ResourceInfo as) throws WebhookProblem {
        if (request.dryRun() && !hook.mayRunDry()) {
            throw StatusException.badRequest(
                    "admission webhook %s does not support dry run".formatted(FieldError.quoted(hook.name())));
        }
        String uid = kernel.newUid();
        ObjectNode review = Json.object().put("kind", KIND).put("apiVersion", GROUP + hook.review());
        ObjectNode described = review.putObject("request").put("uid", uid);
        described.setAll(facts.described(as));
        described.set("object", facts.object(as));
        described.set("oldObject", facts.old(as));
        try {
            return new Begun(hook, uid, kernel.instant(), servers.post(hook.server(), review, hook.patience()));
        } catch (IllegalArgumentException e) {
            throw new WebhookProblem("could not get REST client: " + e.getMessage());
        }
    }

    /**
     * Waits for the answer and takes note of its warnings and annotations.
     *
     * @return the response, which allows the request
     * @throws WebhookProblem if there is no answer, or it makes no sense
     * @throws StatusException if the webhook refuses the request
     */
    JsonNode end(Begun begun, AdmissionRequest request) throws WebhookProblem {
        try {
            JsonNode response = outcome(begun, request);
            measures.get().answered(begun.hook, request, begun.at, kernel.instant(), OK);
            return response;
        } catch (WebhookProblem e) {
            measures.get().failed(begun.hook, request, begun.at, kernel.instant());
            throw e;
        } catch (StatusException e) {
            measures.get()
                    .answered(
                            begun.hook,
                            request,
                            begun.at,
                            kernel.instant(),
                            e.status().getCode());
            throw e;
        }
    }

    private JsonNode outcome(Begun begun, AdmissionRequest request) throws WebhookProblem {
        ObjectNode review;
        try {
            review = begun.pending.await();
            checkKind(review, begun.hook);
        } catch (WebhookProblem e) {
            throw new WebhookProblem("failed to call webhook: " + e.text());
        }
        JsonNode response = review.path("response");
        String problem = problem(begun, review);
        if (problem != null) {
            throw new WebhookProblem("received invalid webhook response: " + problem);
        }
        response.path("auditAnnotations").fields().forEachRemaining(each -> request.origin()
                .annotations()
                .accept(begun.hook.name() + "/" + each.getKey(), each.getValue().asText()));
        for (JsonNode warning : response.path("warnings")) {
            if (isPrintable(warning.asText())) {
                request.warnings().accept(warning.asText());
            }
        }
        if (!response.path("allowed").asBoolean()) {
            throw refusal(begun.hook, response.path("status"));
        }
        return response;
    }

    /** A text that cannot stand in a header is not passed on. */
    private static boolean isPrintable(String text) {
        return !text.isEmpty() && text.codePoints().noneMatch(Character::isISOControl);
    }

    private static void checkKind(ObjectNode review, Hook hook) throws WebhookProblem {
        String apiVersion = review.path("apiVersion").asText("");
        String kind = review.path("kind").asText("");
        if (apiVersion.isEmpty() && kind.isEmpty() || apiVersion.equals(GROUP + hook.review()) && kind.equals(KIND)) {
            return;
        }
        String version = apiVersion.substring(apiVersion.indexOf('/') + 1);
        if (kind.isEmpty()) {
            throw new WebhookProblem("Object 'Kind' is missing in '%s'".formatted(review));
        }
        boolean known = kind.equals(KIND) && (apiVersion.equals(GROUP + "v1") || apiVersion.equals(GROUP + "v1beta1"));
        throw new WebhookProblem(
                known
                        ? "converting (%s.%s) to (%s.%s): unknown conversion"
                                .formatted(version, kind, hook.review(), KIND)
                        : "no kind %s is registered for version %s in scheme \"pkg/runtime/scheme.go:111\""
                                .formatted(FieldError.quoted(kind), FieldError.quoted(apiVersion)));
    }

    /** What is wrong with a review, if anything. */
    private @Nullable String problem(Begun begun, ObjectNode review) {
        JsonNode response = review.path("response");
        if (!response.isObject()) {
            return "webhook response was absent";
        }
        if (begun.hook.review().equals("v1beta1")) {
            return null;
        }
        String uid = response.path("uid").asText("");
        if (!uid.equals(begun.uid)) {
            return "expected response.uid=%s, got %s".formatted(FieldError.quoted(begun.uid), FieldError.quoted(uid));
        }
        if (review.path("kind").asText("").isEmpty()) {
            return "expected webhook response of %s%s, Kind=%s, got /, Kind="
                    .formatted(GROUP, begun.hook.review(), KIND);
        }
        boolean patch = !response.path("patch").asText("").isEmpty();
        boolean type = response.hasNonNull("patchType");
        if (!mutating) {
            return patch
                    ? "validating webhook may not return response.patch"
                    : type ? "validating webhook may not return response.patchType" : null;
        }
        if (patch && !type) {
            return "webhook returned response.patch but not response.patchType";
        }
        if (!patch && type) {
            return "webhook returned response.patchType but not response.patch";
        }
        return type && response.path("patchType").asText().isEmpty()
                ? "webhook returned invalid response.patchType of \"\""
                : null;
    }

    private static StatusException refusal(Hook hook, JsonNode given) {
        Status status;
        try {
            status = given.isObject() ? Json.fromTree(given, Status.class) : new Status();
        } catch (RuntimeException e) {
            status = new Status();
            status.setMessage(given.path("message").asText(""));
        }
        int code = given.path("code").asInt(0);
        status.setCode(code < 400 ? 400 : code);
        status.setStatus("Failure");
        String who = "admission webhook %s denied the request".formatted(FieldError.quoted(hook.name()));
        String message = given.path("message").asText("");
        String reason = given.path("reason").asText("");
        status.setMessage(
                !message.isEmpty()
                        ? who + ": " + message
                        : !reason.isEmpty() ? who + ": " + reason : who + " without explanation");
        return new StatusException(status);
    }

    /** What the caller is told of a webhook that could not be asked. */
    static StatusException failure(Hook hook, WebhookProblem problem) {
        return StatusException.internalError(
                "failed calling webhook %s: %s".formatted(FieldError.quoted(hook.name()), problem.text()));
    }
}
