package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.LabelMatcher;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ObjIntConsumer;

/**
 * How many pods with the same labels are on each node, those left out that are being deleted. There are far fewer such groups than pods: whoever counts by
 * labels asks a selector about each group, not about each pod. Belongs to the scheduler's actor.
 */
final class PodGroups {
    private final Map<String, Map<Map<String, String>, Map<String, Integer>>> counts = new HashMap<>();

    /** A pod has come to a node. */
    void add(PodInfo pod, String node) {
        if (!pod.isTerminating()) {
            counts.computeIfAbsent(pod.namespace(), namespace -> new HashMap<>())
                    .computeIfAbsent(pod.labels(), labels -> new HashMap<>())
                    .merge(node, 1, Integer::sum);
        }
    }

    /** A pod has left a node, as it was when it was added. */
    void remove(PodInfo pod, String node) {
        if (!pod.isTerminating()) {
            counts.computeIfPresent(pod.namespace(), (namespace, groups) -> {
                groups.computeIfPresent(pod.labels(), (labels, nodes) -> {
                    nodes.computeIfPresent(node, (name, count) -> count == 1 ? null : count - 1);
                    return nodes.isEmpty() ? null : nodes;
                });
                return groups.isEmpty() ? null : groups;
            });
        }
    }

    /** Tells the nodes that have pods of a namespace with such labels, and how many; a node may be named more than once. */
    void count(String namespace, LabelMatcher labels, ObjIntConsumer<String> each) {
        counts.getOrDefault(namespace, Map.of()).forEach((group, nodes) -> {
            if (labels.matches(group)) {
                nodes.forEach(each::accept);
            }
        });
    }
}
