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
     * @param numbers by the nodes' places
     * @param combinations by their numbers, values in the order of the keys, null where a node has none
     */
    record Table(long version, int[] numbers, List<List<@Nullable String>> combinations) {
        int count() {
            return combinations.size();
        }

        /** Whether so many nodes share a combination that it pays to ask about one of them only. */
        boolean isCoarse() {
            return count() * MIN_NODES_PER_DOMAIN <= numbers.length;
        }
    }

    /** The combinations of some labels. */
    Table of(List<String> keys, List<NodeInfo> nodes, long version) {
        Table known = tables.get(keys);
        if (known == null || known.version != version || known.numbers.length != nodes.size()) {
            Map<List<@Nullable String>, Integer> numbers = new HashMap<>();
            List<List<@Nullable String>> combinations = new ArrayList<>();
            int[] byNode = new int[nodes.size()];
            for (int i = 0; i < byNode.length; i++) {
                Map<String, String> labels = nodes.get(i).labels();
                List<@Nullable String> values = new ArrayList<>(keys.size());
                for (String key : keys) {
                    values.add(labels.get(key));
                }
                Integer number = numbers.putIfAbsent(values, combinations.size());
                if (number == null) {
                    number = combinations.size();
                    combinations.add(values);
                }
                byNode[i] = number;
            }
            known = new Table(version, byNode, combinations);
            tables.put(List.copyOf(keys), known);
        }
        return known;
    }
}
