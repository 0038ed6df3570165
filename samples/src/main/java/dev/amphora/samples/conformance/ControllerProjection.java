package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What recordings of controllers show of objects. */
final class ControllerProjection {
    static final String ROOT_CA = "kube-root-ca.crt";

    private static final String CHANGE_TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time";
    private static final List<String> KUBELET_CONDITIONS = List.of("PodScheduled", "Initialized", "ContainersReady");
    private static final Set<String> USUAL_POD_SPEC = Set.of(
            "dnsPolicy",
            "schedulerName",
            "terminationGracePeriodSeconds",
            "securityContext",
            "serviceAccount",
            "serviceAccountName",
            "enableServiceLinks",
            "preemptionPolicy",
            "priority",
            "volumes");
    private static final Set<String> WITH_GENERATION = Set.of(
            "Deployment",
            "ReplicaSet",
            "ReplicationController",
            "StatefulSet",
            "DaemonSet",
            "Job",
            "CronJob",
            "PodDisruptionBudget");
    private static final Map<String, List<String>> SHOWN_OF_SPEC = Map.of(
            "Deployment", List.of("replicas", "paused"),
            "ReplicaSet", List.of("replicas"),
            "ReplicationController", List.of("replicas"),
            "StatefulSet", List.of("replicas"),
            "DaemonSet", List.of(),
            "Job", List.of("parallelism", "completions", "suspend"),
            "CronJob", List.of("suspend"),
            "CertificateSigningRequest", List.of("signerName", "usages", "username", "expirationSeconds"));
    private static final List<String> SHOWN_OF_NODES = List.of("unschedulable", "podCIDR", "podCIDRs");

    private final Map<String, Set<String>> shown;

    /** @param shown the kinds, with the members that the recording shows of any object of the kind */
    ControllerProjection(Map<String, Set<String>> shown) {
        this.shown = shown;
    }

    Set<String> kinds() {
        return shown.keySet();
    }

    private boolean shows(String kind, String member) {
        return shown.getOrDefault(kind, Set.of()).contains(member);
    }

    /** Whether the certificates that every namespace is given are shown. */
    boolean showsRootCa() {
        return shows("ConfigMap", "name=" + ROOT_CA);
    }

    /** What is shown of an object; null if it isn't one of the scenario's. */
    @Nullable ObjectNode of(ObjectNode object) {
        String kind = object.path("kind").asText();
        JsonNode metadata = object.path("metadata");
        String name = metadata.path("name").asText();
        String namespace = metadata.path("namespace").asText();
        if (!(namespace.isEmpty() ? name : namespace).startsWith(ControllerBed.NAMESPACE)) {
            return null;
        }
        if (name.equals(ROOT_CA) && !showsRootCa()) {
            return null;
        }
        ObjectNode out = Trees.object().put("kind", kind).put("name", name);
        if (!namespace.isEmpty() && !namespace.equals(ControllerBed.NAMESPACE)) {
            out.put("namespace", namespace.replace(ControllerBed.NAMESPACE, "${ns}"));
        }
        ObjectNode labels =
                metadata.path("labels").isObject() ? metadata.path("labels").deepCopy() : Trees.object();
        labels.remove("kubernetes.io/metadata.name");
        out.set("labels", labels);
        ObjectNode annotations = metadata.path("annotations").isObject()
                ? metadata.path("annotations").deepCopy()
                : Trees.object();
        annotations.remove(CHANGE_TRIGGER);
        out.set("annotations", annotations);
        out.set("owners", metadata.path("ownerReferences").deepCopy());
        out.set("finalizers", metadata.path("finalizers").deepCopy());
        if (metadata.hasNonNull("deletionTimestamp")) {
            out.put("deleting", true);
        }
        if (WITH_GENERATION.contains(kind)) {
            out.set("generation", metadata.path("generation"));
        }
        body(kind, object, out);
        return out;
    }

    private void body(String kind, ObjectNode object, ObjectNode out) {
        JsonNode spec = object.path("spec");
        switch (kind) {
            case "Pod" -> {
                out.set("spec", podSpec(spec));
                out.set("status", podStatus(object.path("status")));
            }
            case "Node" -> {
                ObjectNode some = Trees.pick(spec, SHOWN_OF_NODES);
                some.set(
                        "taints",
                        sorted(
                                spec.path("taints"),
                                taint -> taint.path("key").asText() + " "
                                        + taint.path("effect").asText()));
                out.set("spec", some);
                if (shows(kind, "status.conditions")) {
                    out.set("status", Trees.pick(object.path("status"), List.of("conditions")));
                }
            }
            case "ConfigMap" -> {
                if (shows(kind, "dataKeys") && out.path("name").asText().equals(ROOT_CA)) {
                    ArrayNode keys = out.putArray("dataKeys");
                    object.path("data").fieldNames().forEachRemaining(keys::add);
                } else {
                    out.set("data", object.path("data"));
                }
            }
            case "ControllerRevision" -> {
                out.set("revision", object.path("revision"));
                if (shows(kind, "data")) {
                    out.set("data", object.path("data"));
                }
            }
            case "EndpointSlice" -> {
                out.setAll(Trees.pick(object, List.of("addressType", "ports", "endpoints")));
            }
            case "Endpoints" -> out.set("subsets", object.path("subsets"));
            case "ServiceAccount" -> {}
            default -> {
                List<String> some = SHOWN_OF_SPEC.get(kind);
                boolean template = kind.equals("Job") && shows(kind, "spec.template");
                out.set("spec", some == null || template ? spec : Trees.pick(spec, some));
                out.setAll(Trees.pick(object, List.of("status", "rules", "aggregationRule")));
            }
        }
    }

    private ObjectNode podSpec(JsonNode spec) {
        if (!shows("Pod", "spec.containers")) {
            return Trees.pick(spec, List.of("nodeName"));
        }
        ObjectNode out = spec.deepCopy();
        out.remove(USUAL_POD_SPEC);
        ArrayNode containers = out.putArray("containers");
        for (JsonNode container : spec.path("containers")) {
            ObjectNode some = Trees.pick(container, List.of("name", "env", "volumeMounts"));
            if (some.get("volumeMounts") instanceof ArrayNode mounts) {
                ArrayNode others = some.putArray("volumeMounts");
                for (JsonNode mount : mounts) {
                    if (!mount.path("mountPath").asText().startsWith("/var/run/secrets/")) {
                        others.add(mount);
                    }
                }
            }
            containers.add(some);
        }
        ArrayNode volumes = Trees.array();
        for (JsonNode volume : spec.path("volumes")) {
            if (!volume.path("name").asText().startsWith("kube-api-access")) {
                volumes.add(volume);
            }
        }
        out.set("volumes", volumes);
        return out;
    }

    private static ObjectNode podStatus(JsonNode status) {
        ObjectNode out = Trees.pick(status, List.of("phase", "reason", "message"));
        ArrayNode conditions = out.putArray("conditions");
        for (JsonNode condition : status.path("conditions")) {
            String type = condition.path("type").asText();
            if (type.equals("Ready")) {
                if (condition.path("status").asText().equals("True")) {
                    out.put("ready", true);
                }
                if (!condition.path("reason").asText().isEmpty()) {
                    conditions.add(condition);
                }
            } else if (!KUBELET_CONDITIONS.contains(type)) {
                conditions.add(condition);
            }
        }
        return out;
    }

    private static ArrayNode sorted(JsonNode list, Function<JsonNode, String> by) {
        List<JsonNode> items = new ArrayList<>();
        list.forEach(items::add);
        items.sort(Comparator.comparing(by));
        ArrayNode out = Trees.array();
        items.forEach(out::add);
        return out;
    }

    /** A form in which equal objects are equal: nothing empty, lists sorted whose order means nothing. */
    JsonNode normal(JsonNode tree) {
        return normal("", tree);
    }

    private JsonNode normal(String name, JsonNode tree) {
        if (tree.isObject()) {
            Map<String, JsonNode> members = new TreeMap<>();
            for (Map.Entry<String, JsonNode> member : Trees.members(tree)) {
                JsonNode value = normal(member.getKey(), member.getValue());
                if (!value.isNull() && !value.isMissingNode() && !(value.isContainerNode() && value.isEmpty())) {
                    members.put(member.getKey(), value);
                }
            }
            ObjectNode out = Trees.object();
            members.forEach(out::set);
            return out;
        }
        if (!tree.isArray()) {
            return tree;
        }
        ArrayNode out = Trees.array();
        tree.forEach(each -> out.add(normal("", each)));
        return switch (name) {
            case "conditions" -> sorted(out, condition -> condition.path("type").asText());
            case "ports" -> sorted(out, JsonNode::toString);
            case "endpoints" ->
                sorted(out, endpoint -> endpoint.path("addresses").toString());
            default -> out;
        };
    }
}
