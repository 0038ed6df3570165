package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.AccessRules;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.TokenValidator;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.strategy.ReviewRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Questions that are posted like objects and answered at once: who is this token, may this user do that. */
final class Reviews {
    private static final Set<String> PLACES = Set.of(
            "tokenreviews.authentication.k8s.io",
            "selfsubjectreviews.authentication.k8s.io",
            "subjectaccessreviews.authorization.k8s.io",
            "selfsubjectaccessreviews.authorization.k8s.io",
            "localsubjectaccessreviews.authorization.k8s.io",
            "selfsubjectrulesreviews.authorization.k8s.io");

    private static final String UNKNOWN = "invalid bearer token";

    private final ApiServer server;
    private final FieldOwnership owners;
    private final Admission admission;

    Reviews(ApiServer server, FieldOwnership owners, Admission admission) {
        this.server = server;
        this.owners = owners;
        this.admission = admission;
    }

    boolean isOne(String place) {
        return PLACES.contains(place);
    }

    ApiResult create(Call call) {
        ResourceInfo info = call.endpoint().info();
        ObjectNode review = Bodies.object(call, info.group(), info.version(), info.kind());
        owners.note(call, review, null, false);
        admission.mutate(call, Operation.CREATE, review, null);
        switch (info.kind()) {
            case "TokenReview" -> token(call, review);
            case "SelfSubjectReview" -> {
                admission.validate(call, Operation.CREATE, review, null);
                self(call, review, owners.now());
            }
            case "SelfSubjectRulesReview" -> {
                admission.validate(call, Operation.CREATE, review, null);
                rules(call, review);
            }
            default -> access(call, review);
        }
        return ApiResult.created(VersionedObject.of(review), call.warnings());
    }

    private void token(Call call, ObjectNode review) {
        String token = review.path("spec").path("token").asText("");
        if (token.isEmpty()) {
            throw StatusException.badRequest("token is required for TokenReview in authentication");
        }
        admission.validate(call, Operation.CREATE, review, null);
        List<String> audiences = new ArrayList<>();
        review.path("spec").path("audiences").forEach(audience -> audiences.add(audience.asText()));
        ObjectNode status = review.putObject("status");
        TokenValidator.Outcome outcome = server.check(token, audiences);
        if (outcome.user() == null) {
            status.putObject("user");
            status.put("error", outcome.problem().isEmpty() ? UNKNOWN : "[" + UNKNOWN + ", " + outcome.problem() + "]");
            return;
        }
        status.put("authenticated", true);
        status.set("user", tree(outcome.user()));
        outcome.audiences().forEach(status.putArray("audiences")::add);
    }

    private static void self(Call call, ObjectNode review, String now) {
        review.remove("metadata");
        review.putObject("metadata").put("creationTimestamp", now);
        review.putObject("status").set("userInfo", tree(call.request().user()));
    }

    private static ObjectNode tree(User user) {
        ObjectNode tree = Json.object().put("username", user.name());
        if (!user.uid().isEmpty()) {
            tree.put("uid", user.uid());
        }
        ArrayNode groups = tree.putArray("groups");
        user.groups().forEach(groups::add);
        if (!user.extra().isEmpty()) {
            ObjectNode extra = tree.putObject("extra");
            new TreeMap<>(user.extra()).forEach((key, values) -> values.forEach(extra.putArray(key)::add));
        }
        return tree;
    }

    private void rules(Call call, ObjectNode review) {
        String namespace = review.path("spec").path("namespace").asText("");
        if (namespace.isEmpty()) {
            throw StatusException.badRequest("no namespace on request");
        }
        AccessRules may = server.rulesOf(call.request().user(), namespace);
        review.putObject("spec");
        ObjectNode status = review.putObject("status");
        ArrayNode resources = status.putArray("resourceRules");
        ArrayNode paths = status.putArray("nonResourceRules");
        for (JsonNode rule : may.rules()) {
            if (!rule.path("resources").isEmpty()) {
                copy(rule, resources.addObject(), "verbs", "apiGroups", "resources", "resourceNames");
            }
            if (!rule.path("nonResourceURLs").isEmpty()) {
                copy(rule, paths.addObject(), "verbs", "nonResourceURLs");
            }
        }
        status.put("incomplete", may.incomplete());
        if (!may.gaps().isEmpty()) {
            status.put("evaluationError", String.join("; ", may.gaps()));
        }
    }

    private static void copy(JsonNode from, ObjectNode to, String... members) {
        for (String member : members) {
            if (from.has(member)) {
                to.set(member, from.get(member).deepCopy());
            }
        }
    }

    private void access(Call call, ObjectNode review) {
        JsonNode spec = review.path("spec");
        JsonNode resource = spec.path("resourceAttributes");
        JsonNode path = spec.path("nonResourceAttributes");
        String kind = call.endpoint().info().kind();
        boolean self = kind.equals("SelfSubjectAccessReview");
        Writes.matchNamespace(call, review);
        List<FieldError> errors = ReviewRules.access(review, kind);
        if (!errors.isEmpty()) {
            throw StatusException.invalid("authorization.k8s.io", "", "", errors);
        }
        admission.validate(call, Operation.CREATE, review, null);
        User user = self ? call.request().user() : user(spec);
        Authorizer.Decision decision = server.authorize(question(user, resource, path));
        ObjectNode status = review.putObject("status");
        status.put("allowed", decision.allowed());
        if (decision.verdict() == Authorizer.Verdict.DENY) {
            status.put("denied", true);
        }
        if (!decision.reason().isEmpty()) {
            status.put("reason", decision.reason());
        }
    }

    private static AccessRequest question(User user, JsonNode resource, JsonNode path) {
        if (path.isObject()) {
            return AccessRequest.ofPath(
                    user, path.path("verb").asText(""), path.path("path").asText(""));
        }
        return new AccessRequest(
                user,
                resource.path("verb").asText(""),
                resource.path("group").asText(""),
                resource.path("version").asText(""),
                resource.path("resource").asText(""),
                resource.path("subresource").asText(""),
                resource.path("namespace").asText(""),
                resource.path("name").asText(""),
                "",
                fields(resource.path("fieldSelector")));
    }

    /** The fields that must have one value, as a list's field selector would say it. */
    private static Map<String, String> fields(JsonNode selector) {
        Map<String, String> fields = new TreeMap<>();
        for (JsonNode requirement : selector.path("requirements")) {
            if (requirement.path("operator").asText("").equals("In")
                    && requirement.path("values").size() == 1) {
                fields.putIfAbsent(
                        requirement.path("key").asText(""),
                        requirement.path("values").path(0).asText());
            }
        }
        String raw = selector.path("rawSelector").asText("");
        if (!raw.isEmpty()) {
            fields.putAll(ApiRequest.exactFields(raw));
        }
        return fields;
    }

    private static User user(JsonNode spec) {
        List<String> groups = new ArrayList<>();
        spec.path("groups").forEach(group -> groups.add(group.asText()));
        Map<String, List<String>> extra = new TreeMap<>();
        spec.path("extra").fields().forEachRemaining(entry -> {
            List<String> values = new ArrayList<>();
            entry.getValue().forEach(value -> values.add(value.asText()));
            extra.put(entry.getKey(), values);
        });
        return new User(spec.path("user").asText(""), spec.path("uid").asText(""), groups, extra);
    }
}
