package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whole structures as the reference's messages show them: by the names of its inner fields, with those that aren't set as null or
 * empty.
 */
final class GoValues {
    private static final ImmutableMap<String, String> SECURITY_CONTEXT = ImmutableMap.<String, String>builder()
            .put("Capabilities", "capabilities")
            .put("Privileged", "privileged")
            .put("SELinuxOptions", "seLinuxOptions")
            .put("WindowsOptions", "windowsOptions")
            .put("RunAsUser", "runAsUser")
            .put("RunAsGroup", "runAsGroup")
            .put("RunAsNonRoot", "runAsNonRoot")
            .put("ReadOnlyRootFilesystem", "readOnlyRootFilesystem")
            .put("AllowPrivilegeEscalation", "allowPrivilegeEscalation")
            .put("ProcMount", "procMount")
            .put("SeccompProfile", "seccompProfile")
            .put("AppArmorProfile", "appArmorProfile")
            .buildOrThrow();
    private static final ImmutableMap<String, ImmutableMap<String, String>> PARTS = ImmutableMap.of(
            "Capabilities", ImmutableMap.of("Add", "add", "Drop", "drop"),
            "WindowsOptions",
                    ImmutableMap.of(
                            "GMSACredentialSpecName", "gmsaCredentialSpecName",
                            "GMSACredentialSpec", "gmsaCredentialSpec",
                            "RunAsUserName", "runAsUserName",
                            "HostProcess", "hostProcess"),
            "SeccompProfile", ImmutableMap.of("Type", "type", "LocalhostProfile", "localhostProfile"),
            "AppArmorProfile", ImmutableMap.of("Type", "type", "LocalhostProfile", "localhostProfile"));
    private static final ImmutableMap<String, String> SELINUX =
            ImmutableMap.of("User", "user", "Role", "role", "Type", "type", "Level", "level");

    private GoValues() {}

    static JsonNode securityContext(JsonNode context) {
        ObjectNode result = renamed(context, SECURITY_CONTEXT);
        PARTS.forEach((name, fields) -> {
            if (result.path(name).isObject()) {
                result.set(name, renamed(result.path(name), fields));
            }
        });
        if (result.path("SELinuxOptions").isObject()) {
            ObjectNode options = JsonNodeFactory.instance.objectNode();
            SELINUX.forEach((name, field) ->
                    options.put(name, context.path("seLinuxOptions").path(field).asText("")));
            result.set("SELinuxOptions", options);
        }
        return result;
    }

    static JsonNode seccompProfile(JsonNode profile) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("Type", profile.path("type").asText(""));
        result.set("LocalhostProfile", orNull(profile.path("localhostProfile")));
        return result;
    }

    /** A map with its keys in order; null if there is none. */
    static JsonNode sorted(JsonNode map) {
        if (!map.isObject()) {
            return orNull(map);
        }
        TreeMap<String, JsonNode> entries = new TreeMap<>();
        map.properties().forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
        return JsonNodeFactory.instance.objectNode().setAll(entries);
    }

    /** A value whose maps have their keys in order. */
    static JsonNode shown(JsonNode value) {
        return value.has("matchLabels") || value.has("matchExpressions") ? selector(value) : value;
    }

    /** A label selector with its labels in order; null if there is none. */
    static JsonNode selector(JsonNode selector) {
        if (!selector.isObject()) {
            return orNull(selector);
        }
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        if (!selector.path("matchLabels").isEmpty()) {
            result.set("matchLabels", sorted(selector.path("matchLabels")));
        }
        if (!selector.path("matchExpressions").isEmpty()) {
            result.set("matchExpressions", selector.path("matchExpressions"));
        }
        return result;
    }

    static JsonNode roleRef(JsonNode role) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("APIGroup", role.path("apiGroup").asText(""));
        result.put("Kind", role.path("kind").asText(""));
        return result.put("Name", role.path("name").asText(""));
    }

    /** Which nodes a volume can be reached from; null if nothing says. */
    static JsonNode nodeAffinity(JsonNode affinity) {
        if (!affinity.isObject()) {
            return orNull(affinity);
        }
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        JsonNode required = affinity.path("required");
        if (!required.isObject()) {
            result.set("Required", orNull(required));
            return result;
        }
        ArrayNode terms = result.putObject("Required").putArray("NodeSelectorTerms");
        for (JsonNode term : required.path("nodeSelectorTerms")) {
            ObjectNode shown = terms.addObject();
            requirements(shown, "MatchExpressions", term.path("matchExpressions"));
            requirements(shown, "MatchFields", term.path("matchFields"));
        }
        return result;
    }

    private static void requirements(ObjectNode term, String name, JsonNode requirements) {
        if (!requirements.isArray()) {
            term.set(name, orNull(requirements));
            return;
        }
        for (JsonNode requirement : requirements) {
            ObjectNode shown = term.withArray(name).addObject();
            shown.put("Key", requirement.path("key").asText(""));
            shown.put("Operator", requirement.path("operator").asText(""));
            shown.set("Values", orNull(requirement.path("values")));
        }
    }

    static JsonNode resourceClaim(JsonNode claim) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("Name", claim.path("name").asText(""));
        result.set("ResourceClaimName", orNull(claim.path("resourceClaimName")));
        result.set("ResourceClaimTemplateName", orNull(claim.path("resourceClaimTemplateName")));
        return result;
    }

    /** A structure with other names for its fields; those that aren't set are null. */
    static ObjectNode renamed(JsonNode value, Map<String, String> fields) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        fields.forEach((name, field) -> result.set(name, orNull(value.path(field))));
        return result;
    }

    /** Each element of a list, renamed. */
    static ArrayNode eachRenamed(JsonNode list, Map<String, String> fields) {
        ArrayNode result = JsonNodeFactory.instance.arrayNode();
        list.forEach(element -> result.add(renamed(element, fields)));
        return result;
    }

    static JsonNode orNull(JsonNode value) {
        return value.isMissingNode() ? JsonNodeFactory.instance.nullNode() : value;
    }
}
