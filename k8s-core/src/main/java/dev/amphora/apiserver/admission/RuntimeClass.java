package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives pods what their runtime class costs and where it can run, and refuses pods that say otherwise. */
final class RuntimeClass implements AdmissionPlugin {
    private final ObjectReader objects;

    RuntimeClass(ObjectReader objects) {
        this.objects = objects;
    }

    @Override
    public String name() {
        return "RuntimeClass";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || !isNewPod(request)) {
            return;
        }
        ObjectNode found = classOf(request, pod);
        if (found != null) {
            ObjectNode spec = pod.withObject("/spec");
            overhead(request, spec, found.path("overhead").path("podFixed"));
            schedule(request, spec, found.path("scheduling"));
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || !isNewPod(request)) {
            return;
        }
        ObjectNode found = classOf(request, pod);
        JsonNode overhead = pod.path("spec").path("overhead");
        if (found == null || !found.path("overhead").isObject()) {
            if (overhead.isObject()) {
                throw refuse(
                        request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
            }
        } else if (!Json.same(overhead, found.path("overhead").path("podFixed"))) {
            throw mismatch(request);
        }
    }

    private static boolean isNewPod(AdmissionRequest request) {
        return request.operation() == Operation.CREATE && request.isFor("", "pods");
    }

    private @Nullable ObjectNode classOf(AdmissionRequest request, ObjectNode pod) {
        JsonNode name = pod.path("spec").path("runtimeClassName");
        if (!name.isTextual()) {
            return null;
        }
        if (name.asText().isEmpty()) {
            throw StatusException.internalError("resource name may not be empty");
        }
        return objects.get("node.k8s.io", "runtimeclasses", "", name.asText())
                .orElseThrow(() -> refuse(
                        request, "pod rejected: RuntimeClass %s not found".formatted(Json.quote(name.asText()))));
    }

    private static void overhead(AdmissionRequest request, ObjectNode spec, JsonNode fixed) {
        if (!fixed.isObject()) {
            return;
        }
        if (spec.path("overhead").isObject() && !Json.same(spec.path("overhead"), fixed)) {
            throw mismatch(request);
        }
        spec.set("overhead", fixed.deepCopy());
    }

    private static void schedule(AdmissionRequest request, ObjectNode spec, JsonNode scheduling) {
        for (Map.Entry<String, JsonNode> label : scheduling.path("nodeSelector").properties()) {
            ObjectNode selector = spec.withObject("/nodeSelector");
            String wanted = label.getValue().asText();
            String given = selector.path(label.getKey()).asText(wanted);
            if (!given.equals(wanted)) {
                throw refuse(
                        request,
                        "conflict: runtimeClass.scheduling.nodeSelector[%s] = %s; pod.spec.nodeSelector[%s] = %s"
                                .formatted(label.getKey(), wanted, label.getKey(), given));
            }
            selector.put(label.getKey(), wanted);
        }
        if (!scheduling.path("tolerations").isEmpty()) {
            List<JsonNode> all = new ArrayList<>();
            spec.path("tolerations").forEach(all::add);
            scheduling.path("tolerations").forEach(each -> all.add(each.deepCopy()));
            merge(all, spec.putArray("tolerations"));
        }
    }

    /** Tolerations without those that another one includes. */
    private static void merge(List<JsonNode> all, ArrayNode merged) {
        for (int i = 0; i < all.size(); i++) {
            JsonNode one = all.get(i);
            boolean included = false;
            for (JsonNode kept : merged) {
                included |= includes(kept, one);
            }
            for (JsonNode later : all.subList(i + 1, all.size())) {
                included |= !Json.same(one, later) && includes(later, one);
            }
            if (!included) {
                merged.add(one);
            }
        }
    }

    private static boolean includes(JsonNode wide, JsonNode one) {
        if (Json.same(wide, one)) {
            return true;
        }
        String key = wide.path("key").asText("");
        String operator = wide.path("operator").asText("");
        String effect = wide.path("effect").asText("");
        if (!key.equals(one.path("key").asText("")) && !(key.isEmpty() && operator.equals("Exists"))
                || !effect.isEmpty() && !effect.equals(one.path("effect").asText(""))) {
            return false;
        }
        JsonNode seconds = wide.path("tolerationSeconds");
        if (effect.equals("NoExecute")
                && seconds.isNumber()
                && (!one.path("tolerationSeconds").isNumber()
                        || one.path("tolerationSeconds").asLong() > seconds.asLong())) {
            return false;
        }
        return switch (operator) {
            case "", "Equal" ->
                one.path("operator").asText("").equals("Equal")
                        && one.path("value")
                                .asText("")
                                .equals(wide.path("value").asText(""));
            default -> operator.equals("Exists");
        };
    }

    private static StatusException mismatch(AdmissionRequest request) {
        return refuse(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }

    private static StatusException refuse(AdmissionRequest request, String why) {
        return StatusException.forbidden("", "pods", request.name(), why);
    }
}
