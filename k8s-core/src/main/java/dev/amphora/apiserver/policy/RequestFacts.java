package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.cel.AccessCheck;
import dev.amphora.apiserver.cel.AccessQuestion;
import dev.amphora.apiserver.cel.Values;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What policies and webhooks see of a request. Not for concurrent use. */
public final class RequestFacts {
    private final AdmissionRequest request;
    private final Policies policies;
    private final ResourceInfo asked;
    private final Map<String, ObjectNode> seen = new HashMap<>();
    private final Map<String, ObjectNode> before = new HashMap<>();
    private @Nullable Map<String, Object> fixed;

    private RequestFacts(AdmissionRequest request, Policies policies) {
        this.request = request;
        this.policies = policies;
        asked = request.origin().asked();
    }

    /** What is to be seen of a request. */
    public static RequestFacts of(AdmissionRequest request, Policies policies) {
        return new RequestFacts(request, policies);
    }

    /** The resource that was asked for. */
    public ResourceInfo asked() {
        return asked;
    }

    /** The object as it is now has changed. */
    public void changed() {
        fixed = null;
        seen.clear();
    }

    /** The new state of the object as it is in a version; null if there is none. */
    public @Nullable ObjectNode object(ResourceInfo as) {
        ObjectNode object = request.object();
        return object == null
                ? null
                : seen.computeIfAbsent(
                        as.apiVersion(), version -> request.origin().forms().in(object, as));
    }

    /** The old state of the object as it is in a version; null if there is none. */
    public @Nullable ObjectNode old(ResourceInfo as) {
        ObjectNode object = request.old();
        return object == null
                ? null
                : before.computeIfAbsent(
                        as.apiVersion(), version -> request.origin().forms().in(object, as));
    }

    /** Whether expressions may look at the objects as the server works on them, which spares a copy. */
    private boolean isWorkingVersion(ResourceInfo as) {
        return as.version().equals(request.version()) && as.group().equals(request.group());
    }

    /** The names that every expression may use. */
    Map<String, Object> names(ResourceInfo as) {
        Map<String, Object> names = new HashMap<>(fixed());
        boolean working = isWorkingVersion(as);
        names.put("object", Values.of(working ? request.object() : object(as)));
        names.put("oldObject", Values.of(working ? request.old() : old(as)));
        names.put("request", Values.of(described(as)));
        return names;
    }

    private Map<String, Object> fixed() {
        Map<String, Object> known = fixed;
        if (known == null) {
            known = new HashMap<>();
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
        boolean isNamespace = request.group().isEmpty() && request.resource().equals("namespaces");
        if (request.namespace().isEmpty() || isNamespace) {
            return null;
        }
        return policies.objects()
                .get("", "namespaces", "", request.namespace())
                .orElseThrow(() -> StatusException.notFound("", "namespaces", request.namespace()));
    }

    /** The request as reviews describe it, without its objects. */
    public ObjectNode described(ResourceInfo as) {
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
        all.set("options", request.origin().options().get());
        return all;
    }

    private void kind(ObjectNode node, ResourceInfo resource) {
        ResourceInfo.Subresource part =
                resource.subresource(request.subresource()).orElse(null);
        if (part == null) {
            node.put("group", resource.group())
                    .put("version", resource.version())
                    .put("kind", request.kind());
        } else {
            node.put("group", part.group()).put("version", part.version()).put("kind", part.kind());
        }
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
