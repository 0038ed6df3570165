package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Numbers the combinations of values that nodes have for some labels. Belongs to the scheduler's actor. */
final class Domains {
    private static final int MAX_KEPT = 16;
    /** With more combinations than one in so many nodes it isn't worth it. */
    private static final int MIN_NODES_PER_DOMAIN = 4;

    private final Map<List<String>, Table> tables = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<String>, Table> eldest) {
            return size() > MAX_KEPT;
        }
    };

    /**
     * Which combination each node has.
     *
     * @param version of the nodes' labels
     * @param numbers by the nodes' indices
     * @param count how many combinations there are
     */
    record Table(long version, int[] numbers, int count) {}

    /** The combinations of some labels; null if there are too many. */
    @Nullable Table of(List<String> keys, List<NodeInfo> nodes, long version) {
        Table known = tables.get(keys);
        if (known == null || known.version != version || known.numbers.length != nodes.size()) {
            Map<List<String>, Integer> numbers = new HashMap<>();
            int[] byNode = new int[nodes.size()];
            for (int i = 0; i < byNode.length; i++) {
                Map<String, String> labels = nodes.get(i).labels();
                List<String> values = new ArrayList<>(keys.size());
                for (String key : keys) {
                    values.add(labels.get(key));
                }
                byNode[i] = numbers.computeIfAbsent(values, each -> numbers.size());
            }
            known = new Table(version, byNode, numbers.size());
            tables.put(List.copyOf(keys), known);
        }
        return known.count * MIN_NODES_PER_DOMAIN > nodes.size() ? null : known;
    }
}
