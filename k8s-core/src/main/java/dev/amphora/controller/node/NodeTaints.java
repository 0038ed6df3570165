package dev.amphora.controller.node;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which taints a node's conditions mean. Every method gives the node's taints as they should be. */
final class NodeTaints {
    static final String NOT_READY = "node.kubernetes.io/not-ready";
    static final String UNREACHABLE = "node.kubernetes.io/unreachable";
    private static final String UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
    private static final Map<String, String> PRESSURES = Map.of(
            "MemoryPressure", "node.kubernetes.io/memory-pressure",
            "DiskPressure", "node.kubernetes.io/disk-pressure",
            "NetworkUnavailable", "node.kubernetes.io/network-unavailable",
            "PIDPressure", "node.kubernetes.io/pid-pressure");

    private NodeTaints() {}

    static List<Taint> of(Node node) {
        return node.getSpec() == null || node.getSpec().getTaints() == null
                ? List.of()
                : node.getSpec().getTaints();
    }

    static boolean has(Node node, String key, String effect) {
        return of(node).stream().anyMatch(taint -> key.equals(taint.getKey()) && effect.equals(taint.getEffect()));
    }

    /** With the NoSchedule taints that mirror conditions and the cordon. */
    static List<Taint> mirrored(Node node, Instant now) {
        List<String> wanted = new ArrayList<>();
        if (node.getStatus() != null && node.getStatus().getConditions() != null) {
            for (NodeCondition condition : node.getStatus().getConditions()) {
                String key = key(condition);
                if (key != null) {
                    wanted.add(key);
                }
            }
        }
        if (node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable())) {
            wanted.add(UNSCHEDULABLE);
        }
        List<Taint> taints = new ArrayList<>();
        for (Taint taint : of(node)) {
            boolean ours = "NoSchedule".equals(taint.getEffect()) && isManaged(taint.getKey());
            if (!ours || wanted.remove(taint.getKey())) {
                taints.add(taint);
            }
        }
        wanted.forEach(key -> taints.add(taint(key, "NoSchedule", now)));
        return taints;
    }

    private static boolean isManaged(String key) {
        return key.equals(NOT_READY)
                || key.equals(UNREACHABLE)
                || key.equals(UNSCHEDULABLE)
                || PRESSURES.containsValue(key);
    }

    private static @Nullable String key(NodeCondition condition) {
        if ("Ready".equals(condition.getType())) {
            return switch (condition.getStatus()) {
                case "False" -> NOT_READY;
                case "Unknown" -> UNREACHABLE;
                default -> null;
            };
        }
        return "True".equals(condition.getStatus()) ? PRESSURES.get(condition.getType()) : null;
    }

    /** With the NoExecute taint of its readiness, in place of the other one. */
    static List<Taint> evicting(Node node, Instant now) {
        String key = NodeHealth.ready(node).equals("False") ? NOT_READY : UNREACHABLE;
        List<Taint> taints = new ArrayList<>(calmed(node));
        Taint present = of(node).stream()
                .filter(taint -> key.equals(taint.getKey()) && "NoExecute".equals(taint.getEffect()))
                .findFirst()
                .orElse(null);
        taints.add(present == null ? taint(key, "NoExecute", now) : present);
        return taints;
    }

    /** Without the NoExecute taints of readiness. */
    static List<Taint> calmed(Node node) {
        if (of(node).isEmpty()) {
            return List.of();
        }
        return of(node).stream()
                .filter(taint -> !"NoExecute".equals(taint.getEffect())
                        || !(NOT_READY.equals(taint.getKey()) || UNREACHABLE.equals(taint.getKey())))
                .toList();
    }

    private static Taint taint(String key, String effect, Instant now) {
        return new TaintBuilder()
                .withKey(key)
                .withEffect(effect)
                .withTimeAdded(Pods.stamp(now))
                .build();
    }
}
