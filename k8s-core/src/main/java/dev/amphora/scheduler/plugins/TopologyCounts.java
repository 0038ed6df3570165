package dev.amphora.scheduler.plugins;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Numbers by topology: by a node label's key and value. A number that becomes zero is forgotten. */
final class TopologyCounts {
    private final Map<String, Map<String, Long>> byKey = new HashMap<>();

    /** Adds to the number of a node's domain; nothing if the node has no such label. */
    void add(Map<String, String> nodeLabels, String key, long delta) {
        String value = nodeLabels.get(key);
        if (value == null) {
            return;
        }
        Map<String, Long> byValue = byKey.computeIfAbsent(key, name -> new HashMap<>());
        byValue.merge(value, delta, TopologyCounts::sum);
        if (byValue.isEmpty()) {
            byKey.remove(key);
        }
    }

    /** Adds like {@link #add}, but keeps numbers that become zero. */
    void score(Map<String, String> nodeLabels, String key, long delta) {
        String value = nodeLabels.get(key);
        if (value != null) {
            byKey.computeIfAbsent(key, name -> new HashMap<>()).merge(value, delta, Long::sum);
        }
    }

    private static @Nullable Long sum(long a, long b) {
        return a + b == 0 ? null : a + b;
    }

    long get(String key, String value) {
        Map<String, Long> byValue = byKey.get(key);
        return byValue == null ? 0 : byValue.getOrDefault(value, 0L);
    }

    /** The labels by whose values there are numbers. */
    Set<String> keys() {
        return byKey.keySet();
    }

    boolean isEmpty() {
        return byKey.isEmpty();
    }

    /** Whether any of a node's domains has a number above zero. */
    boolean anyPositive(Map<String, String> nodeLabels) {
        for (Map.Entry<String, Map<String, Long>> entry : byKey.entrySet()) {
            String value = nodeLabels.get(entry.getKey());
            if (value != null && entry.getValue().getOrDefault(value, 0L) > 0) {
                return true;
            }
        }
        return false;
    }

    /** The sum over a node's domains. */
    long sum(Map<String, String> nodeLabels) {
        long sum = 0;
        for (Map.Entry<String, Map<String, Long>> entry : byKey.entrySet()) {
            String value = nodeLabels.get(entry.getKey());
            if (value != null) {
                sum += entry.getValue().getOrDefault(value, 0L);
            }
        }
        return sum;
    }

    TopologyCounts copy() {
        TopologyCounts copy = new TopologyCounts();
        byKey.forEach((key, byValue) -> copy.byKey.put(key, new HashMap<>(byValue)));
        return copy;
    }
}
