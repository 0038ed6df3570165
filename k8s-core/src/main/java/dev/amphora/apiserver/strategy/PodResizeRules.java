package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.List;

/** What a resize may change of a pod: how much processor and memory its containers, or all of them together, ask for and may use. */
final class PodResizeRules {
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final String ONLY = "only cpu and memory resources are mutable";
    private static final List<String> AMOUNTS = List.of("requests", "limits");

    private PodResizeRules() {}

    /** What is wrong with a resize of a pod that is otherwise checked already. */
    static List<FieldError> check(Fields pod, ObjectNode old) {
        JsonNode before = old.path("spec");
        if (old.path("metadata").path("annotations").has(MIRROR)) {
            return List.of(FieldError.forbidden("", "static pods cannot be resized"));
        }
        if (before.path("os").path("name").asText().equals("windows")) {
            return List.of(FieldError.forbidden("", "windows pods cannot be resized"));
        }
        Fields spec = pod.at("spec");
        String quality = old.path("status").path("qosClass").asText(PodResources.qualityOfService(before));
        if (!quality.equals(PodResources.qualityOfService(spec.value()))) {
            spec.invalid(pod.at("status", "qosClass").text(), "Pod QOS Class may not change as a result of resizing");
        }
        if (!isSupported(old.path("status"))) {
            spec.forbidden("Pod running on node without support for resize");
        }
        if (isGiven(before.path("resources")) || isGiven(spec.at("resources").value())) {
            wholePod(spec, before.path("resources"));
        }
        if (!old.path("status").path("nodeAllocatableResourceClaimStatuses").isEmpty()) {
            spec.forbidden("pods with node allocatable resource claims cannot be resized");
        }
        if (sameContainers(spec, before)) {
            containers(spec, before);
        }
        return pod.errors();
    }

    /** Whether the node of a running pod tells what its containers have. */
    private static boolean isSupported(JsonNode status) {
        for (JsonNode container : status.path("containerStatuses")) {
            if (container.path("state").has("running")) {
                return container.has("resources");
            }
        }
        return true;
    }

    private static boolean isGiven(JsonNode resources) {
        return resources.path("requests").size() + resources.path("limits").size() > 0;
    }

    private static void wholePod(Fields spec, JsonNode before) {
        Fields resources = spec.at("resources");
        if (before.isObject() && !resources.given()) {
            resources.forbidden("pod-level resources cannot be removed");
            return;
        }
        if (before.isObject()) {
            kept(resources, before, "pod-level resource ");
        }
        boolean nothingElse = !before.isObject()
                && without(resources.value()).isEmpty()
                && resources.at("claims").isEmpty();
        if (!nothingElse && !sameOthers(resources.value(), before)) {
            spec.forbidden(ONLY + " at pod-level");
        }
    }

    private static boolean sameContainers(Fields spec, JsonNode before) {
        int errors = spec.errors().size();
        for (String list : List.of("containers", "initContainers")) {
            Fields now = spec.at(list);
            if (now.size() != before.path(list).size()) {
                now.forbidden(list + " may not be added or removed on resize");
                continue;
            }
            for (int i = 0; i < now.size(); i++) {
                if (!now.at(i)
                        .at("name")
                        .text()
                        .equals(nth(before, list, i).path("name").asText())) {
                    now.at(i).at("name").forbidden(list + " may not be renamed or reordered on resize");
                }
            }
        }
        return spec.errors().size() == errors;
    }

    private static void containers(Fields spec, JsonNode before) {
        for (String list : List.of("initContainers", "containers")) {
            for (int i = 0; i < spec.at(list).size(); i++) {
                kept(spec.at(list).at(i).at("resources"), nth(before, list, i).path("resources"), "resource ");
            }
        }
        for (int i = 0; i < spec.at("containers").size(); i++) {
            if (!sameButAmounts(spec.at("containers").at(i).value(), nth(before, "containers", i))) {
                spec.forbidden(ONLY);
            }
        }
        for (int i = 0; i < spec.at("initContainers").size(); i++) {
            initial(spec.at("initContainers").at(i), nth(before, "initContainers", i));
        }
    }

    private static void initial(Fields container, JsonNode before) {
        if (!sameButAmounts(container.value(), before)) {
            container.forbidden("only cpu and memory resources for init or sidecar containers are mutable");
        }
        boolean restarts = false;
        for (Fields policy : container.at("resizePolicy").elements()) {
            restarts |= policy.at("restartPolicy").is("RestartContainer");
        }
        if (restarts && !container.at("restartPolicy").is("Always") && !Strategies.same(container.value(), before)) {
            container.forbidden(
                    "non-sidecar init containers with a resize policy of RestartContainer cannot be resized");
        }
    }

    /** What had an amount must keep one. */
    private static void kept(Fields resources, JsonNode before, String word) {
        for (String each : AMOUNTS) {
            JsonNode now = resources.at(each).value();
            boolean removed = false;
            for (String name : resources.with(before.path(each)).keys()) {
                removed |= !now.has(name);
            }
            if (removed) {
                resources.at(each).forbidden(word + each + " cannot be removed");
            }
        }
    }

    private static boolean sameButAmounts(JsonNode now, JsonNode before) {
        ObjectNode one = now.deepCopy();
        ObjectNode other = before.deepCopy();
        one.remove("resources");
        other.remove("resources");
        return Strategies.same(one, other) && sameOthers(now.path("resources"), before.path("resources"));
    }

    /** Whether resources are the same apart from processor and memory. */
    private static boolean sameOthers(JsonNode now, JsonNode before) {
        return Strategies.same(without(now), without(before));
    }

    private static ObjectNode without(JsonNode resources) {
        ObjectNode others = JsonNodeFactory.instance.objectNode();
        for (String each : AMOUNTS) {
            if (resources.path(each) instanceof ObjectNode amounts) {
                ObjectNode rest = amounts.deepCopy();
                rest.remove(List.of("cpu", "memory"));
                if (!rest.isEmpty()) {
                    others.set(each, rest);
                }
            }
        }
        return others;
    }

    private static JsonNode nth(JsonNode spec, String list, int index) {
        JsonNode found = spec.path(list).path(index);
        return found.isObject() ? found : MissingNode.getInstance();
    }
}
