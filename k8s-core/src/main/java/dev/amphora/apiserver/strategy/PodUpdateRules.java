package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What of a pod may change once it exists: images, the deadline, more tolerations; while it is gated, also where it may run. */
final class PodUpdateRules {
    private static final String MUTABLE = "pod updates may not change fields other than `spec.containers[*].image`,"
            + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing"
            + " tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n";
    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

    private PodUpdateRules() {}

    static void update(Fields pod, ObjectNode old, KindStrategy strategy) {
        strategy.metadataUpdate(pod, old);
        strategy.metadata(pod);
        PodRules.pod(pod);
        PodRules.annotationUpdates(pod, old);
        Fields spec = pod.at("spec");
        JsonNode before = old.path("spec");
        for (String list : List.of("containers", "initContainers")) {
            if (spec.at(list).size() != before.path(list).size()) {
                spec.at(list).forbidden("pod updates may not add or remove containers");
                return;
            }
        }
        for (String list : List.of("containers", "initContainers")) {
            for (Fields container : spec.at(list).elements()) {
                Fields image = container.at("image");
                image.requireText();
                if (!image.text().equals(image.text().strip())) {
                    image.invalid("must not have leading or trailing whitespace");
                }
            }
        }
        deadline(spec.at("activeDeadlineSeconds"), before.path("activeDeadlineSeconds"));
        addedTolerations(spec.at("tolerations"), before.path("tolerations"));
        gates(spec.at("schedulingGates"), before.path("schedulingGates"));
        restOfSpec(spec, before);
    }

    private static void deadline(Fields deadline, JsonNode before) {
        if (deadline.given()) {
            if (deadline.number() < 0 || deadline.number() > Integer.MAX_VALUE) {
                deadline.invalid("must be between 0 and %d, inclusive".formatted(Integer.MAX_VALUE));
            } else if (before.isNumber() && before.asLong() < deadline.number()) {
                deadline.invalid("must be less than or equal to previous value");
            }
        } else if (before.isNumber()) {
            deadline.invalid(NullNode.getInstance(), "must not update from a positive integer to nil value");
        }
    }

    private static void addedTolerations(Fields tolerations, JsonNode before) {
        for (JsonNode old : before) {
            boolean kept = false;
            for (JsonNode now : tolerations.value()) {
                kept |= sameButSeconds(old, now);
            }
            if (!kept) {
                tolerations.forbidden("existing toleration can not be modified except its tolerationSeconds");
                return;
            }
        }
        SchedulingRules.tolerations(tolerations);
    }

    private static boolean sameButSeconds(JsonNode one, JsonNode other) {
        ObjectNode first = one.deepCopy();
        ObjectNode second = other.deepCopy();
        first.remove("tolerationSeconds");
        second.remove("tolerationSeconds");
        return Strategies.same(first, second);
    }

    private static void gates(Fields gates, JsonNode before) {
        Set<String> known = new HashSet<>();
        before.forEach(gate -> known.add(gate.path("name").asText()));
        for (Fields gate : gates.elements()) {
            String name = gate.at("name").text();
            if (!known.contains(name)) {
                gate.at("name")
                        .forbidden("only deletion is allowed, but found new scheduling gate '%s'".formatted(name));
            }
        }
    }

    private static void restOfSpec(Fields spec, JsonNode before) {
        ObjectNode munged = spec.value().deepCopy();
        for (String list : List.of("containers", "initContainers")) {
            for (int i = 0; i < before.path(list).size(); i++) {
                Strategies.keep(
                        (ObjectNode) munged.path(list).path(i),
                        before.path(list).path(i),
                        "image");
            }
        }
        Strategies.keep(munged, before, "activeDeadlineSeconds");
        Strategies.keep(munged, before, "schedulingGates");
        Strategies.keep(munged, before, "tolerations");
        if (before.path("terminationGracePeriodSeconds").asLong() < 0
                && munged.path("terminationGracePeriodSeconds").asLong() == 1) {
            Strategies.keep(munged, before, "terminationGracePeriodSeconds");
        }
        if (!before.path("schedulingGates").isEmpty()) {
            gated(spec, before, munged);
        }
        if (!Strategies.same(munged, before)) {
            spec.forbidden(MUTABLE + SpecDiff.of(before, munged, "core.v1.PodSpec"));
        }
    }

    /** A pod that still waits for a gate may be told more narrowly where to run. */
    private static void gated(Fields spec, JsonNode before, ObjectNode munged) {
        Fields selector = spec.at("nodeSelector");
        boolean onlyAdds = true;
        for (String key : spec.with(before.path("nodeSelector")).keys()) {
            onlyAdds &= selector.value()
                    .path(key)
                    .asText("\n")
                    .equals(before.path("nodeSelector").path(key).asText());
        }
        if (!onlyAdds) {
            selector.invalid(
                    selector.given() ? selector.value() : NullNode.getInstance(),
                    "only additions to spec.nodeSelector are allowed (no mutations or deletions)");
        }
        Strategies.keep(munged, before, "nodeSelector");
        JsonNode oldNode = before.path("affinity").path("nodeAffinity");
        Fields node = spec.at("affinity", "nodeAffinity");
        requiredTerms(node.at(REQUIRED), oldNode.path(REQUIRED));
        if (munged.get("affinity") instanceof ObjectNode affinity) {
            Strategies.keep(affinity, before.path("affinity"), "nodeAffinity");
            if (affinity.isEmpty() && !before.has("affinity")) {
                munged.remove("affinity");
            }
        } else if (before.path("affinity").size() == 1
                && before.path("affinity").has("nodeAffinity")) {
            Strategies.keep(munged, before, "affinity");
        }
    }

    private static void requiredTerms(Fields required, JsonNode before) {
        JsonNode oldTerms = before.path("nodeSelectorTerms");
        if (oldTerms.isEmpty()) {
            return;
        }
        Fields terms = required.at("nodeSelectorTerms");
        if (terms.size() != oldTerms.size()) {
            terms.invalid(
                    terms.given() ? terms.value() : NullNode.getInstance(),
                    "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
            return;
        }
        for (int i = 0; i < oldTerms.size(); i++) {
            Fields term = terms.at(i);
            boolean onlyAdds = startsWith(
                            term.at("matchExpressions").value(), oldTerms.get(i).path("matchExpressions"))
                    && startsWith(
                            term.at("matchFields").value(), oldTerms.get(i).path("matchFields"));
            if (!onlyAdds) {
                term.invalid(nodeTerm(term.value()), "only additions are allowed (no mutations or deletions)");
            }
        }
    }

    private static boolean startsWith(JsonNode list, JsonNode prefix) {
        for (int i = 0; i < prefix.size(); i++) {
            if (!Strategies.same(prefix.get(i), list.path(i))) {
                return false;
            }
        }
        return true;
    }

    private static JsonNode nodeTerm(JsonNode term) {
        ImmutableMap<String, String> fields = ImmutableMap.of("Key", "key", "Operator", "operator", "Values", "values");
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        for (String list : List.of("matchExpressions", "matchFields")) {
            ArrayNode requirements = GoValues.eachRenamed(term.path(list), fields);
            String name = list.equals("matchExpressions") ? "MatchExpressions" : "MatchFields";
            result.set(name, term.has(list) ? requirements : NullNode.getInstance());
        }
        return result;
    }
}
