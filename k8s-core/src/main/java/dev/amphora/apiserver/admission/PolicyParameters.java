package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Refuses admission policies, and bindings of them, that would read for their writer what he may not read himself: an expression can tell
 * what is in a parameter. Not a plugin of the reference, which looks at this where it validates; it cannot be switched off.
 */
public final class PolicyParameters implements AdmissionPlugin {
    private static final String GROUP = "admissionregistration.k8s.io";
    private static final String ANY = "*";
    /** The policies that bindings refer to. */
    private static final Map<String, String> POLICIES = ImmutableMap.of(
            "validatingadmissionpolicybindings", "validatingadmissionpolicies",
            "mutatingadmissionpolicybindings", "mutatingadmissionpolicies");

    private final ObjectReader objects;
    private final Supplier<SchemaCatalogue> catalogue;
    private final Authorizer authorizer;

    /**
     * A guard of policies.
     *
     * @param catalogue the kinds that are served now
     * @param authorizer says who may read
     */
    public PolicyParameters(ObjectReader objects, Supplier<SchemaCatalogue> catalogue, Authorizer authorizer) {
        this.objects = objects;
        this.catalogue = catalogue;
        this.authorizer = authorizer;
    }

    /** What parameters are of: a kind that may not be served, or that nobody can make out. */
    private record Parameters(String group, String version, String resource, String obstacle) {}

    @Override
    public String name() {
        return "";
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode object = request.object();
        boolean writes = request.operation() == Operation.CREATE || request.operation() == Operation.UPDATE;
        if (object == null
                || !writes
                || !request.group().equals(GROUP)
                || !request.subresource().isEmpty()
                || request.user().in(User.MASTERS)) {
            return;
        }
        String policies = POLICIES.get(request.resource());
        if (policies != null) {
            binding(request, object, policies);
        } else if (POLICIES.containsValue(request.resource())) {
            policy(request, object);
        }
    }

    private void policy(AdmissionRequest request, ObjectNode policy) {
        JsonNode kind = policy.path("spec").path("paramKind");
        if (!kind.isObject() || kind.equals(old(request).path("paramKind"))) {
            return;
        }
        Parameters parameters = parameters(kind);
        boolean allowed = authorizer
                .authorize(new AccessRequest(
                        request.user(),
                        "get",
                        parameters.group,
                        parameters.version,
                        parameters.resource,
                        "",
                        ANY,
                        ANY,
                        ""))
                .allowed();
        if (!allowed) {
            refuse(
                    request,
                    "spec.paramKind",
                    "user %s must have \"get\" permission on all objects of the referenced paramKind (kind=%s, apiVersion=%s)"
                            .formatted(
                                    shown(request.user()),
                                    kind.path("kind").asText(),
                                    kind.path("apiVersion").asText()));
        }
    }

    private void binding(AdmissionRequest request, ObjectNode binding, String policies) {
        JsonNode spec = binding.path("spec");
        JsonNode reference = spec.path("paramRef");
        JsonNode old = old(request);
        boolean same = reference.equals(old.path("paramRef"))
                && spec.path("policyName").equals(old.path("policyName"));
        if (!reference.isObject() || same) {
            return;
        }
        String policyName = spec.path("policyName").asText();
        Optional<ObjectNode> policy = objects.get(GROUP, policies, "", policyName);
        JsonNode kind = policy.<JsonNode>map(found -> found.path("spec").path("paramKind"))
                .filter(JsonNode::isObject)
                .orElse(null);
        Parameters parameters = kind == null ? new Parameters(ANY, ANY, ANY, "") : parameters(kind);
        String name = reference.path("name").asText();
        String verb = name.isEmpty() ? "list" : "get";
        boolean allowed = authorizer
                .authorize(new AccessRequest(
                        request.user(),
                        verb,
                        parameters.group,
                        parameters.version,
                        parameters.resource,
                        "",
                        reference.path("namespace").asText(),
                        name,
                        ""))
                .allowed();
        if (allowed) {
            return;
        }
        String who = shown(request.user());
        String obstacle = policy.isEmpty() ? "get policy " + policyName : parameters.obstacle;
        refuse(
                request,
                "spec.paramRef",
                obstacle.isEmpty()
                        ? "user %s does not have \"%s\" permission on the object referenced by paramRef"
                                .formatted(who, verb)
                        : "unable to %s to determine minimum required permissions and user %s does not have \"%s\" permission for all groups, versions and resources"
                                .formatted(obstacle, who, verb));
    }

    private static JsonNode old(AdmissionRequest request) {
        ObjectNode old = request.old();
        return old == null ? MissingNode.getInstance() : old.path("spec");
    }

    /** Which rights reading a kind takes: as few as can be made out. */
    private Parameters parameters(JsonNode kind) {
        String apiVersion = kind.path("apiVersion").asText();
        String wanted = kind.path("kind").asText();
        String shown = "&ParamKind{APIVersion:%s,Kind:%s,}".formatted(apiVersion, wanted);
        int slash = apiVersion.indexOf('/');
        if (slash != apiVersion.lastIndexOf('/')) {
            return new Parameters(ANY, ANY, ANY, "parse paramKind " + shown);
        }
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        String version = apiVersion.substring(slash + 1);
        @Nullable ResourceInfo served = catalogue.get().resources(group, version).stream()
                .filter(info -> info.kind().equals(wanted))
                .findFirst()
                .orElse(null);
        return served == null
                ? new Parameters(group, version, ANY, "resolve paramKind " + shown)
                : new Parameters(group, version, served.plural(), "");
    }

    private static void refuse(AdmissionRequest request, String field, String why) {
        throw StatusException.invalid(GROUP, request.kind(), request.name(), List.of(FieldError.forbidden(field, why)));
    }

    /** A user as the reference prints one. */
    private static String shown(User user) {
        StringBuilder extra = new StringBuilder("map[");
        user.extra().forEach((key, values) -> extra.append(extra.length() > 4 ? " " : "")
                .append(key)
                .append(":[")
                .append(String.join(" ", values))
                .append(']'));
        return "&{%s %s [%s] %s]}".formatted(user.name(), user.uid(), String.join(" ", user.groups()), extra);
    }
}
