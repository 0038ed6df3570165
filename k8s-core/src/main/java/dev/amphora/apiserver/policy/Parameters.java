package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Selector;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The objects that parameterise a policy. */
final class Parameters {
    private Parameters() {}

    /**
     * The resource of a policy's parameters; null if it has none.
     *
     * @throws PolicyProblem if there is no such kind
     */
    static @Nullable ResourceInfo resource(Policy policy, Policies policies) {
        JsonNode kind = policy.parameterKind();
        if (!kind.isObject()) {
            return null;
        }
        String apiVersion = kind.path("apiVersion").asText();
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        String version = apiVersion.substring(slash + 1);
        String name = kind.path("kind").asText();
        return policies.catalogue()
                .resourceOfKind(group, version, name)
                .orElseThrow(() -> new PolicyProblem("failed to find resource referenced by paramKind: '%s'"
                        .formatted((group.isEmpty() ? "" : group) + "/" + version + ", Kind=" + name)));
    }

    /**
     * The parameters with which a policy is to be applied, once with each; one absent parameter stands for none.
     *
     * @param resource of the parameters, null if the policy has none
     * @param namespace that of the request
     * @throws PolicyProblem if the binding does not lead to parameters
     */
    static List<Optional<ObjectNode>> of(
            @Nullable ResourceInfo resource, Binding binding, String namespace, Policies policies) {
        JsonNode reference = binding.parameters();
        if (resource == null || !reference.isObject()) {
            return List.of(Optional.empty());
        }
        String wanted = reference.path("namespace").asText("");
        if (!resource.namespaced() && !wanted.isEmpty()) {
            throw new PolicyProblem("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
        }
        String place = resource.namespaced() ? wanted.isEmpty() ? namespace : wanted : "";
        if (resource.namespaced() && place.isEmpty()) {
            throw new PolicyProblem(
                    "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
        }
        List<Optional<ObjectNode>> found = new ArrayList<>();
        String name = reference.path("name").asText("");
        if (!name.isEmpty()) {
            policies.objects()
                    .get(resource.group(), resource.plural(), place, name)
                    .ifPresent(each -> found.add(Optional.of(each)));
        } else if (reference.path("selector").isObject()) {
            Selector selector = Selector.of(reference.path("selector"));
            for (ObjectNode each : policies.objects().list(resource.group(), resource.plural(), place)) {
                if (selector.matches(each.path("metadata").path("labels"))) {
                    found.add(Optional.of(each));
                }
            }
        } else {
            throw new PolicyProblem("one of name or selector must be provided");
        }
        if (found.isEmpty()
                && reference.path("parameterNotFoundAction").asText().equals("Deny")) {
            throw new PolicyProblem("no params found for policy binding with `Deny` parameterNotFoundAction");
        }
        return found;
    }
}
