package dev.amphora.scheduler.extender;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender.Filtered;
import dev.amphora.scheduler.framework.SchedulerExtender.Victims;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What goes to an extender and comes back, as JSON: the types of {@code k8s.io/kube-scheduler/extender/v1}. Their fields are sent as they are
 * named there, such as {@code NodeNames}, and read in any case, for that is how extenders send them.
 */
final class ExtenderWire {
    private ExtenderWire() {}

    // -- what is sent ------------------------------------------------------------------------------------------------

    /**
     * {@code ExtenderArgs}.
     *
     * @param namesOnly whether the extender knows the nodes
     */
    static ObjectNode args(PodInfo pod, List<NodeInfo> nodes, boolean namesOnly) {
        ObjectNode args = Json.object();
        args.set("Pod", tree(pod));
        if (namesOnly) {
            args.putNull("Nodes");
            ArrayNode names = args.putArray("NodeNames");
            nodes.forEach(node -> names.add(node.name()));
        } else {
            ObjectNode list = args.putObject("Nodes");
            list.putObject("metadata");
            ArrayNode items = list.putArray("items");
            nodes.forEach(node -> items.add(bare(Json.toTree(node.node()))));
            args.putNull("NodeNames");
        }
        return args;
    }

    /** {@code ExtenderPreemptionArgs}. */
    static ObjectNode preemption(PodInfo pod, Map<String, Victims> candidates, boolean namesOnly) {
        ObjectNode args = Json.object();
        args.set("Pod", tree(pod));
        ObjectNode byNode = Json.object();
        new TreeMap<>(candidates).forEach((name, victims) -> {
            ObjectNode each = byNode.putObject(name);
            ArrayNode pods = each.putArray("Pods");
            for (PodInfo victim : victims.pods()) {
                if (namesOnly) {
                    pods.addObject().put("UID", victim.uid());
                } else {
                    pods.add(tree(victim));
                }
            }
            each.put("NumPDBViolations", victims.violations());
        });
        args.set("NodeNameToVictims", namesOnly ? null : byNode);
        args.set("NodeNameToMetaVictims", namesOnly ? byNode : null);
        return args;
    }

    /** {@code ExtenderBindingArgs}. */
    static ObjectNode binding(PodInfo pod, String nodeName) {
        return Json.object()
                .put("PodName", pod.name())
                .put("PodNamespace", pod.namespace())
                .put("PodUID", pod.uid())
                .put("Node", nodeName);
    }

    private static ObjectNode tree(PodInfo pod) {
        return bare(Json.toTree(pod.pod()));
    }

    /** Within these types objects don't say what they are. */
    private static ObjectNode bare(ObjectNode object) {
        object.remove(List.of("apiVersion", "kind"));
        return object;
    }

    // -- what comes back ---------------------------------------------------------------------------------------------

    /**
     * {@code ExtenderFilterResult}.
     *
     * @param namesOnly whether the extender knows the nodes
     * @throws IllegalStateException with the extender's error, or if the answer makes no sense
     */
    static Filtered filtered(JsonNode result, boolean namesOnly) {
        refuse(result);
        JsonNode names = namesOnly ? field(result, "NodeNames") : null;
        List<String> left = new ArrayList<>();
        if (names != null) {
            list(names, "NodeNames").forEach(name -> left.add(name.asText()));
        } else {
            JsonNode nodes = field(result, "Nodes");
            JsonNode items = nodes == null ? null : field(nodes, "items");
            if (items != null) {
                list(items, "Nodes.items")
                        .forEach(node ->
                                left.add(node.path("metadata").path("name").asText()));
            }
        }
        return new Filtered(left, failures(result, "FailedNodes"), failures(result, "FailedAndUnresolvableNodes"));
    }

    private static Map<String, String> failures(JsonNode result, String name) {
        Map<String, String> failures = new TreeMap<>();
        members(field(result, name), name).forEach((node, why) -> failures.put(node, why.asText()));
        return failures;
    }

    /**
     * {@code HostPriorityList}.
     *
     * @throws IllegalStateException if the answer makes no sense
     */
    static Map<String, Long> priorities(JsonNode result) {
        Map<String, Long> priorities = new LinkedHashMap<>();
        if (result.isNull()) {
            return priorities;
        }
        for (JsonNode each : list(result, "HostPriorityList")) {
            JsonNode host = field(each, "Host");
            priorities.merge(host == null ? "" : host.asText(), number(each, "Score"), Long::sum);
        }
        return priorities;
    }

    /**
     * {@code ExtenderPreemptionResult}.
     *
     * @param nodes where the pods are found that it names by uid
     * @throws IllegalStateException if the answer makes no sense, or names a node or pod that isn't there
     */
    static Map<String, Victims> victims(JsonNode result, NodeSnapshot nodes, String extender) {
        Map<String, Victims> byNode = new LinkedHashMap<>();
        members(field(result, "NodeNameToMetaVictims"), "NodeNameToMetaVictims").forEach((name, meta) -> {
            NodeInfo node = nodes.node(name);
            if (node == null) {
                throw new IllegalStateException("nodeinfo not found for node name " + FieldError.quoted(name));
            }
            List<PodInfo> pods = new ArrayList<>();
            JsonNode named = field(meta, "Pods");
            if (named != null) {
                for (JsonNode each : list(named, "Pods")) {
                    JsonNode uid = field(each, "UID");
                    pods.add(pod(node, uid == null ? "" : uid.asText(), extender));
                }
            }
            byNode.put(name, new Victims(pods, number(meta, "NumPDBViolations")));
        });
        return byNode;
    }

    private static PodInfo pod(NodeInfo node, String uid, String extender) {
        for (PodInfo pod : node.pods()) {
            if (pod.uid().equals(uid)) {
                return pod;
            }
        }
        throw new IllegalStateException(
                "extender: %s claims to preempt pod (UID: &{%s}) on node: %s, but the pod is not found on that node"
                        .formatted(extender, uid, node.name()));
    }

    /**
     * Throws if a result is an error.
     *
     * @throws IllegalStateException with the extender's error
     */
    static void refuse(JsonNode result) {
        JsonNode error = field(result, "Error");
        if (error != null && !error.asText().isEmpty()) {
            throw new IllegalStateException(error.asText());
        }
    }

    /** A field, whatever the case of its name; the exact one first. Null if it is absent or null. */
    private static @Nullable JsonNode field(JsonNode object, String name) {
        JsonNode exact = object.get(name);
        if (exact != null) {
            return exact.isNull() ? null : exact;
        }
        for (Iterator<Map.Entry<String, JsonNode>> fields = object.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (field.getKey().equalsIgnoreCase(name)) {
                return field.getValue().isNull() ? null : field.getValue();
            }
        }
        return null;
    }

    private static JsonNode list(JsonNode value, String name) {
        if (!value.isArray()) {
            throw new IllegalStateException("json: " + name + " is not a list");
        }
        return value;
    }

    private static Map<String, JsonNode> members(@Nullable JsonNode value, String name) {
        Map<String, JsonNode> members = new LinkedHashMap<>();
        if (value != null) {
            if (!value.isObject()) {
                throw new IllegalStateException("json: " + name + " is not an object");
            }
            value.fields().forEachRemaining(each -> members.put(each.getKey(), each.getValue()));
        }
        return members;
    }

    private static long number(JsonNode object, String name) {
        JsonNode value = field(object, name);
        if (value == null) {
            return 0;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalStateException("json: " + name + " is not an integer");
        }
        return value.longValue();
    }
}
