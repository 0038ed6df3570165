package dev.amphora.controller.autoscaling;

import dev.amphora.api.Selector;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.LabelIndex;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which autoscalers say that they scale which pods, as far as they have been looked at: where two share a pod neither can be followed. Safe
 * for concurrent use.
 */
final class Overlaps {
    private final Map<ObjectKey, Selector> selectors = new HashMap<>();
    private final Map<String, Set<ObjectKey>> byLabel = new HashMap<>();

    /** There is an autoscaler, whose pods aren't known yet unless it was there before. */
    synchronized void add(ObjectKey key) {
        selectors.putIfAbsent(key, Selector.nothing());
    }

    /** An autoscaler that there is has been looked at. */
    synchronized void put(ObjectKey key, Selector selector) {
        if (selectors.containsKey(key)) {
            remove(key);
            selectors.put(key, selector);
            byLabel.computeIfAbsent(LabelIndex.ofSelector(key.namespace(), selector), label -> new LinkedHashSet<>())
                    .add(key);
        }
    }

    /** There is no such autoscaler any more. */
    synchronized void remove(ObjectKey key) {
        Selector selector = selectors.remove(key);
        if (selector != null) {
            byLabel.computeIfPresent(LabelIndex.ofSelector(key.namespace(), selector), (label, keys) -> {
                keys.remove(key);
                return keys.isEmpty() ? null : keys;
            });
        }
    }

    /** All that scale any of some pods, in order. */
    synchronized List<ObjectKey> of(List<Pod> pods) {
        Set<ObjectKey> found = new TreeSet<>();
        for (Pod pod : pods) {
            Map<String, String> labels = pod.getMetadata().getLabels();
            for (String label : LabelIndex.ofLabels(pod.getMetadata().getNamespace(), labels)) {
                for (ObjectKey key : byLabel.getOrDefault(label, Set.of())) {
                    Selector selector = selectors.get(key);
                    if (selector != null && selector.matches(labels)) {
                        found.add(key);
                    }
                }
            }
        }
        return List.copyOf(found);
    }
}
