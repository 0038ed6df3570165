package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.LabelColumn;
import dev.amphora.scheduler.framework.NodeSelection;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Numbers by topology: by a node label's key and value. A number that becomes zero is forgotten. */
final class TopologyCounts {
    private final Map<String, Numbers> byKey = new HashMap<>();

    /** The numbers by the values of one label, and once they are asked for so, by the values' numbers too. */
    private static final class Numbers {
        final Map<String, Long> byValue = new HashMap<>();
        private @Nullable LabelColumn column;
        private long[] inColumn = new long[0];

        long get(String value) {
            return byValue.getOrDefault(value, 0L);
        }

        void add(String value, long delta, boolean keepsZeros) {
            long sum = get(value) + delta;
            if (sum == 0 && !keepsZeros) {
                byValue.remove(value);
            } else {
                byValue.put(value, sum);
            }
            int number = column == null ? LabelColumn.NONE : column.number(value);
            if (number != LabelColumn.NONE) {
                inColumn[number] = sum;
            }
        }

        @SuppressWarnings("ReferenceEquality")
        long[] in(LabelColumn wanted) {
            if (column != wanted) {
                column = wanted;
                inColumn = new long[wanted.count()];
                byValue.forEach((value, sum) -> {
                    int number = wanted.number(value);
                    if (number != LabelColumn.NONE) {
                        inColumn[number] = sum;
                    }
                });
            }
            return inColumn;
        }
    }

    /** Adds to the number of a node's domain; nothing if the node has no such label. */
    void add(Map<String, String> nodeLabels, String key, long delta) {
        String value = nodeLabels.get(key);
        if (value != null) {
            Numbers numbers = byKey.computeIfAbsent(key, name -> new Numbers());
            numbers.add(value, delta, false);
            if (numbers.byValue.isEmpty()) {
                byKey.remove(key);
            }
        }
    }

    /** Adds like {@link #add}, but keeps numbers that become zero. */
    void score(Map<String, String> nodeLabels, String key, long delta) {
        String value = nodeLabels.get(key);
        if (value != null) {
            byKey.computeIfAbsent(key, name -> new Numbers()).add(value, delta, true);
        }
    }

    long get(String key, String value) {
        Numbers numbers = byKey.get(key);
        return numbers == null ? 0 : numbers.get(value);
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
        for (Map.Entry<String, Numbers> entry : byKey.entrySet()) {
            String value = nodeLabels.get(entry.getKey());
            if (value != null && entry.getValue().get(value) > 0) {
                return true;
            }
        }
        return false;
    }

    /** The sum over a node's domains. */
    long sum(Map<String, String> nodeLabels) {
        long sum = 0;
        for (Map.Entry<String, Numbers> entry : byKey.entrySet()) {
            String value = nodeLabels.get(entry.getKey());
            if (value != null) {
                sum += entry.getValue().get(value);
            }
        }
        return sum;
    }

    /** The same sums for many nodes. */
    void sums(NodeSelection nodes, long[] sums) {
        Arrays.fill(sums, 0);
        byKey.forEach((key, numbers) -> {
            LabelColumn column = nodes.column(key);
            long[] inColumn = numbers.in(column);
            for (int n = 0; n < sums.length; n++) {
                int number = column.at(nodes.place(n));
                if (number != LabelColumn.NONE) {
                    sums[n] += inColumn[number];
                }
            }
        });
    }

    TopologyCounts copy() {
        TopologyCounts copy = new TopologyCounts();
        byKey.forEach((key, numbers) ->
                copy.byKey.computeIfAbsent(key, name -> new Numbers()).byValue.putAll(numbers.byValue));
        return copy;
    }
}
