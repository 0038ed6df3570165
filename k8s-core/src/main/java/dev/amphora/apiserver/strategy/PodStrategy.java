package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pods. */
final class PodStrategy extends KindStrategy {

    PodStrategy() {
        super(Trait.GENERATION, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        PodDefaults.spec(spec);
        PodDefaults.pod(spec);
        if (object.get("status") instanceof ObjectNode status) {
            firstAddress(status);
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        object.remove("status");
        ObjectNode status = object.putObject("status");
        status.put("phase", "Pending");
        if (!spec.path("schedulingGates").isEmpty()) {
            ObjectNode condition = status.putArray("conditions").addObject();
            condition.put("type", "PodScheduled").put("status", "False").putNull("lastProbeTime");
            condition.set("lastTransitionTime", object.path("metadata").path("creationTimestamp"));
            condition
                    .put("reason", "SchedulingGated")
                    .put("message", "Scheduling is blocked due to non-empty scheduling gates");
        }
        status.put("qosClass", PodResources.qualityOfService(spec));
        if (spec.path("terminationGracePeriodSeconds").asLong() < 0) {
            spec.put("terminationGracePeriodSeconds", 1);
        }
        JsonNode labels = object.path("metadata").path("labels");
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            JsonNode affinity = spec.path("affinity").path(kind);
            for (JsonNode term : affinity.path("requiredDuringSchedulingIgnoredDuringExecution")) {
                narrow(term, labels);
            }
            for (JsonNode weighted : affinity.path("preferredDuringSchedulingIgnoredDuringExecution")) {
                narrow(weighted.path("podAffinityTerm"), labels);
            }
        }
        spec.path("topologySpreadConstraints").forEach(constraint -> narrow(constraint, labels));
        AppArmor.fieldsFromAnnotations(object);
    }

    /** The keys that are to match (or not) the pod's own labels become part of the term's selector. */
    private static void narrow(JsonNode term, JsonNode labels) {
        if (!(term.path("labelSelector") instanceof ObjectNode selector)) {
            return;
        }
        term.path("matchLabelKeys").forEach(key -> require(selector, key.asText(), "In", labels));
        term.path("mismatchLabelKeys").forEach(key -> require(selector, key.asText(), "NotIn", labels));
    }

    private static void require(ObjectNode selector, String key, String operator, JsonNode labels) {
        if (labels.path(key).isTextual()) {
            ObjectNode requirement =
                    Strategies.list(selector, "matchExpressions").addObject();
            requirement.put("key", key).put("operator", operator);
            requirement.putArray("values").add(labels.path(key).asText());
        }
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepStatus(object, old);
        Strategies.bumpGeneration(object, old);
        if (object.path("spec").path("terminationGracePeriodSeconds").asLong() < 0) {
            ((ObjectNode) object.path("spec")).put("terminationGracePeriodSeconds", 1);
        }
    }

    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepAllButStatus(object, old);
        ObjectNode metadata = Strategies.metadata(object);
        Strategies.keep(metadata, old.path("metadata"), "deletionTimestamp");
        Strategies.keep(metadata, old.path("metadata"), "ownerReferences");
        ObjectNode status = Strategies.child(object, "status");
        if (status.path("qosClass").asText("").isEmpty()) {
            Strategies.keep(status, old.path("status"), "qosClass");
        }
    }

    /** The single address and the first of the list are the same; where they differ, the single one holds. */
    private static void firstAddress(ObjectNode status) {
        String address = status.path("podIP").asText("");
        String first = status.path("podIPs").path(0).path("ip").asText("");
        if (address.isEmpty()) {
            if (!first.isEmpty()) {
                status.put("podIP", first);
            }
        } else if (!first.equals(address)) {
            status.putArray("podIPs").addObject().put("ip", address);
        }
    }

    @Override
    public boolean regardsNames() {
        return false;
    }

    /** The claims of ephemeral volumes are named after their pod. */
    @Override
    public boolean regardsNameOf(ObjectNode object) {
        for (JsonNode volume : object.path("spec").path("volumes")) {
            if (volume.has("ephemeral")) {
                return true;
            }
        }
        return false;
    }

    @Override
    void rules(Fields pod) {
        PodRules.create(pod);
    }

    @Override
    void updateRules(Fields pod, ObjectNode old) {
        PodUpdateRules.update(pod, old, this);
    }

    @Override
    void statusUpdateRules(Fields pod, ObjectNode old) {
        PodStatusRules.check(pod, old, this);
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return PodWarnings.pod(object);
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return PodWarnings.podUpdate(object);
    }

    @Override
    public List<String> earlyWarnings(ObjectNode object) {
        return AppArmor.warnings(object);
    }

    @Override
    public long gracePeriodSeconds(ObjectNode object, long requested) {
        String phase = object.path("status").path("phase").asText();
        if (object.path("spec").path("nodeName").asText("").isEmpty()
                || phase.equals("Succeeded")
                || phase.equals("Failed")) {
            return 0;
        }
        return requested >= 0
                ? requested
                : object.path("spec").path("terminationGracePeriodSeconds").asLong(30);
    }

    @Override
    public boolean deletesGracefully() {
        return true;
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        JsonNode spec = object.path("spec");
        JsonNode status = object.path("status");
        return ImmutableMap.<String, String>builder()
                .put("spec.nodeName", spec.path("nodeName").asText(""))
                .put("spec.host", spec.path("nodeName").asText(""))
                .put("spec.restartPolicy", spec.path("restartPolicy").asText(""))
                .put("spec.schedulerName", spec.path("schedulerName").asText(""))
                .put("spec.serviceAccountName", spec.path("serviceAccountName").asText(""))
                .put(
                        "spec.hostNetwork",
                        Boolean.toString(spec.path("hostNetwork").asBoolean()))
                .put("status.phase", status.path("phase").asText(""))
                .put("status.podIP", status.path("podIP").asText(""))
                .put("status.podIPs", "")
                .put(
                        "status.nominatedNodeName",
                        status.path("nominatedNodeName").asText(""))
                .buildOrThrow();
    }

    @Override
    public @Nullable String selectableField(ObjectNode object, String field) {
        return switch (field) {
            case "spec.nodeName" -> object.path("spec").path("nodeName").asText("");
            case "spec.schedulerName" ->
                object.path("spec").path("schedulerName").asText("");
            case "status.phase" -> object.path("status").path("phase").asText("");
            default -> super.selectableField(object, field);
        };
    }

    /** Containers of all three kinds. */
    static List<ObjectNode> containers(JsonNode spec) {
        List<ObjectNode> all = objects(spec.path("containers"));
        all.addAll(objects(spec.path("initContainers")));
        all.addAll(objects(spec.path("ephemeralContainers")));
        return all;
    }
}
