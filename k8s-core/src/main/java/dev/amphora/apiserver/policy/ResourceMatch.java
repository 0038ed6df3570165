package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Selector;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which requests something is for: {@code matchConstraints} of policies, {@code matchResources} of bindings. Immutable. */
public final class ResourceMatch {
    private final JsonNode source;
    private final Selector namespaces;
    private final Selector labels;
    private final boolean everyNamespace;
    private final boolean everyObject;

    /**
     * Reads it.
     *
     * @param source as {@code matchConstraints} are written; without rules it is for every resource
     */
    public ResourceMatch(JsonNode source) {
        this.source = source;
        everyNamespace = source.path("namespaceSelector").isEmpty();
        everyObject = source.path("objectSelector").isEmpty();
        namespaces = everyNamespace ? Selector.everything() : Selector.of(source.path("namespaceSelector"));
        labels = everyObject ? Selector.everything() : Selector.of(source.path("objectSelector"));
    }

    /**
     * Whether a request is meant.
     *
     * @return the resource as which it is meant, which is another version if only that is named; empty if it is not meant
     */
    public Optional<ResourceInfo> find(AdmissionRequest request, ResourceInfo asked, Policies policies) {
        Optional<ResourceInfo> found = source.path("resourceRules").isEmpty()
                ? Optional.of(asked)
                : rules(source.path("resourceRules"), request, asked, policies.catalogue());
        if (found.isEmpty()
                || rules(source.path("excludeResourceRules"), request, asked, policies.catalogue())
                        .isPresent()) {
            return Optional.empty();
        }
        return isInNamespace(request, policies.objects()) && hasLabels(request) ? found : Optional.empty();
    }

    private boolean isInNamespace(AdmissionRequest request, ObjectReader objects) {
        if (everyNamespace) {
            return true;
        }
        if (request.isFor("", "namespaces")) {
            ObjectNode namespace = request.operation() == Operation.DELETE ? request.old() : request.object();
            return namespace == null || namespaces.matches(labelsOf(namespace));
        }
        return request.namespace().isEmpty()
                || objects.get("", "namespaces", "", request.namespace())
                        .filter(namespace -> namespaces.matches(labelsOf(namespace)))
                        .isPresent();
    }

    private boolean hasLabels(AdmissionRequest request) {
        return everyObject || hasLabels(request.object()) || hasLabels(request.old());
    }

    private boolean hasLabels(@Nullable ObjectNode object) {
        return object != null && labels.matches(labelsOf(object));
    }

    private static JsonNode labelsOf(ObjectNode object) {
        return object.path("metadata").path("labels");
    }

    private Optional<ResourceInfo> rules(
            JsonNode rules, AdmissionRequest request, ResourceInfo asked, SchemaCatalogue catalogue) {
        if (anyRule(rules, request, asked)) {
            return Optional.of(asked);
        }
        if (rules.isEmpty() || !source.path("matchPolicy").asText("Equivalent").equals("Equivalent")) {
            return Optional.empty();
        }
        return catalogue.resources().stream()
                .filter(each -> !each.apiVersion().equals(asked.apiVersion()) && isSame(each, asked, request))
                .filter(each -> anyRule(rules, request, each))
                .findFirst();
    }

    /** Whether two resources are one in different versions. Some are in two groups. */
    private static boolean isSame(ResourceInfo one, ResourceInfo other, AdmissionRequest request) {
        boolean sameGroup = one.group().equals(other.group()) || one.group().equals(request.group());
        return one.plural().equals(other.plural())
                && (sameGroup || one.plural().equals("events") && isEvents(one.group()) && isEvents(other.group()));
    }

    private static boolean isEvents(String group) {
        return group.isEmpty() || group.equals("events.k8s.io");
    }

    private static boolean anyRule(JsonNode rules, AdmissionRequest request, ResourceInfo resource) {
        for (JsonNode rule : rules) {
            if (has(rule.path("operations"), request.operation().name())
                    && has(rule.path("apiGroups"), resource.group())
                    && has(rule.path("apiVersions"), resource.version())
                    && isInScope(rule.path("scope").asText("*"), request)
                    && hasResource(rule.path("resources"), request)
                    && hasName(rule.path("resourceNames"), request.name())) {
                return true;
            }
        }
        return false;
    }

    private static boolean has(JsonNode list, String text) {
        for (JsonNode each : list) {
            if (each.asText().equals("*") || each.asText().equals(text)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isInScope(String scope, AdmissionRequest request) {
        boolean cluster = request.namespace().isEmpty()
                || request.group().isEmpty() && request.resource().equals("namespaces");
        return switch (scope) {
            case "Namespaced" -> !cluster;
            case "Cluster" -> cluster;
            default -> true;
        };
    }

    private static boolean hasResource(JsonNode resources, AdmissionRequest request) {
        for (JsonNode each : resources) {
            String text = each.asText();
            int slash = text.indexOf('/');
            String name = slash < 0 ? text : text.substring(0, slash);
            String sub = slash < 0 ? "" : text.substring(slash + 1);
            if ((name.equals("*") || name.equals(request.resource()))
                    && (sub.equals("*") || sub.equals(request.subresource()))) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasName(JsonNode names, String name) {
        for (JsonNode each : names) {
            if (each.asText().equals(name)) {
                return true;
            }
        }
        return names.isEmpty();
    }
}
