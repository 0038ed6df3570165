package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.cel.AccessCheck;
import dev.amphora.apiserver.cel.AccessQuestion;
import dev.amphora.apiserver.cel.Values;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What policies see of a request. Not for concurrent use. */
final class RequestFacts {
    private final AdmissionRequest request;
    private final Policies policies;
    private final ResourceInfo asked;
    private @Nullable Map<String, Object> fixed;

    private RequestFacts(AdmissionRequest request, Policies policies, ResourceInfo asked) {
        this.request = request;
        this.policies = policies;
        this.asked = asked;
    }

    static RequestFacts of(AdmissionRequest request, Policies policies) {
        ResourceInfo asked = policies.catalogue()
                .resource(request.group(), request.version(), request.resource())
                .orElseGet(() -> new ResourceInfo(
                        request.group(),
                        request.version(),
                        request.kind(),
                        request.resource(),
                        "",
                        !request.namespace().isEmpty(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        Optional.empty()));
        return new RequestFacts(request, policies, asked);
    }

    /** The resource that was asked for. */
    ResourceInfo asked() {
        return asked;
    }

    /** The object as it is now has changed. */
    void changed() {
        fixed = null;
    }

    /** The names that every expression may use. */
    Map<String, Object> names(ResourceInfo as) {
        Map<String, Object> names = new HashMap<>(fixed());
        names.put("request", Values.of(described(as)));
        return names;
    }

    private Map<String, Object> fixed() {
        Map<String, Object> known = fixed;
        if (known == null) {
            known = new HashMap<>();
            known.put("object", Values.of(request.object()));
            known.put("oldObject", Values.of(request.old()));
            known.put("namespaceObject", Values.namespace(namespace()));
            AccessCheck check = Evaluation.access(request, policies.authorizer());
            known.put("authorizer", Values.authorizer(check));
            known.put(
                    "authorizer.requestResource",
                    Values.resourceCheck(
                            check,
                            new AccessQuestion(
                                    "",
                                    "",
                                    asked.group(),
                                    asked.plural(),
                                    request.subresource(),
                                    request.namespace(),
                                    request.name(),
                                    "")));
            fixed = known;
        }
        return known;
    }

    private @Nullable ObjectNode namespace() {
        if (request.namespace().isEmpty() || request.isFor("", "namespaces")) {
            return null;
        }
        return policies.objects()
                .get("", "namespaces", "", request.namespace())
                .orElseThrow(() -> StatusException.notFound("", "namespaces", request.namespace()));
    }

    private ObjectNode described(ResourceInfo as) {
        ObjectNode all = Json.object();
        kind(all.putObject("kind"), as);
        resource(all.putObject("resource"), as);
        put(all, "subResource", request.subresource());
        kind(all.putObject("requestKind"), asked);
        resource(all.putObject("requestResource"), asked);
        put(all, "requestSubResource", request.subresource());
        put(all, "name", request.name());
        put(all, "namespace", request.namespace());
        all.put("operation", request.operation().name());
        ObjectNode user = all.putObject("userInfo");
        put(user, "username", request.user().name());
        put(user, "uid", request.user().uid());
        request.user().groups().forEach(user.withArray("groups")::add);
        request.user()
                .extra()
                .forEach(
                        (key, values) -> values.forEach(user.withObject("extra").withArray(key)::add));
        all.put("dryRun", request.dryRun());
        all.putObject("options").put("kind", options(request.operation())).put("apiVersion", "meta.k8s.io/v1");
        return all;
    }

    private static String options(Operation operation) {
        return switch (operation) {
            case CREATE, CONNECT -> "CreateOptions";
            case UPDATE -> "UpdateOptions";
            case DELETE -> "DeleteOptions";
        };
    }

    private void kind(ObjectNode node, ResourceInfo resource) {
        node.put("group", resource.group()).put("version", resource.version()).put("kind", request.kind());
    }

    private static void resource(ObjectNode node, ResourceInfo resource) {
        node.put("group", resource.group()).put("version", resource.version()).put("resource", resource.plural());
    }

    private static void put(ObjectNode node, String name, String value) {
        if (!value.isEmpty()) {
            node.put(name, value);
        }
    }
}
