package dev.amphora.scheduler;

import io.fabric8.kubernetes.api.model.Node;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Node names by zone, listed round robin over the zones, which stand in the order of their first appearance. */
final class NodeTree {
    private final Map<String, Set<String>> zones = new LinkedHashMap<>();

    /** The same names in the same order. */
    NodeTree copy() {
        NodeTree copy = new NodeTree();
        zones.forEach((zone, names) -> copy.zones.put(zone, new LinkedHashSet<>(names)));
        return copy;
    }

    void add(Node node) {
        zones.computeIfAbsent(zone(node), zone -> new LinkedHashSet<>())
                .add(node.getMetadata().getName());
    }

    void remove(Node node) {
        String zone = zone(node);
        Set<String> names = zones.get(zone);
        if (names != null) {
            names.remove(node.getMetadata().getName());
            if (names.isEmpty()) {
                zones.remove(zone);
            }
        }
    }

    /** Takes note of changed labels. */
    void update(Node before, Node after) {
        if (!zone(before).equals(zone(after))) {
            remove(before);
            add(after);
        }
    }

    List<String> list() {
        List<String> all = new ArrayList<>();
        List<Iterator<String>> left = new ArrayList<>();
        zones.values().forEach(names -> left.add(names.iterator()));
        while (!left.isEmpty()) {
            left.removeIf(names -> !names.hasNext());
            left.forEach(names -> all.add(names.next()));
        }
        return all;
    }

    private static String zone(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        if (labels == null) {
            return "";
        }
        String region = label(labels, "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region");
        String zone = label(labels, "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");
        return region.isEmpty() && zone.isEmpty() ? "" : region + ":\0:" + zone;
    }

    private static String label(Map<String, String> labels, String key, String legacyKey) {
        String value = labels.get(legacyKey);
        if (value == null) {
            value = labels.get(key);
        }
        return value == null ? "" : value;
    }
}
