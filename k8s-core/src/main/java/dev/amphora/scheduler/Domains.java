package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.LabelColumn;
import dev.amphora.scheduler.framework.NodeInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Numbers the values that nodes have for labels, and the combinations of several. Belongs to the scheduler's actor. */
final class Domains {
    private static final int MAX_KEPT = 16;
    /** With more combinations than one in so many nodes it isn't worth it. */
    private static final int MIN_NODES_PER_DOMAIN = 4;

    private final Map<String, LabelColumn> columns = kept();
    private final Map<List<String>, Table> tables = kept();
    private List<NodeInfo> nodes = List.of();
    private long version = -1;

    /**
     * Which combination each node has.
     *
     * @param numbers by the nodes' places
     * @param combinations by their numbers, values in the order of the keys, null where a node has none
     */
    record Table(int[] numbers, List<List<@Nullable String>> combinations) {
        int count() {
            return combinations.size();
        }

        /** Whether so many nodes share a combination that it pays to ask about one of them only. */
        boolean isCoarse() {
            return count() * MIN_NODES_PER_DOMAIN <= numbers.length;
        }
    }

    private static <K, V> Map<K, V> kept() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > MAX_KEPT;
            }
        };
    }

    /**
     * Takes these nodes for the snapshot's.
     *
     * @param labels the version of their labels
     */
    void begin(List<NodeInfo> snapshot, long labels) {
        if (version != labels || nodes.size() != snapshot.size()) {
            columns.clear();
            tables.clear();
        }
        version = labels;
        nodes = snapshot;
    }

    /** The values of one label. */
    LabelColumn column(String label) {
        LabelColumn known = columns.get(label);
        if (known == null) {
            known = new LabelColumn(label, nodes);
            columns.put(label, known);
        }
        return known;
    }

    /** The combinations of the values of some labels. */
    Table of(List<String> keys) {
        Table known = tables.get(keys);
        if (known == null) {
            known = combine(keys);
            tables.put(List.copyOf(keys), known);
        }
        return known;
    }

    private Table combine(List<String> keys) {
        int[] numbers = new int[nodes.size()];
        List<List<@Nullable String>> combinations = new ArrayList<>();
        combinations.add(List.of());
        for (String key : keys) {
            LabelColumn column = column(key);
            Map<Long, Integer> pairs = new HashMap<>();
            List<List<@Nullable String>> longer = new ArrayList<>();
            for (int i = 0; i < numbers.length; i++) {
                long pair = (long) numbers[i] * (column.count() + 1) + column.at(i) + 1;
                Integer number = pairs.putIfAbsent(pair, longer.size());
                if (number == null) {
                    number = longer.size();
                    List<@Nullable String> values = new ArrayList<>(combinations.get(numbers[i]));
                    values.add(column.at(i) == LabelColumn.NONE ? null : column.value(column.at(i)));
                    longer.add(values);
                }
                numbers[i] = number;
            }
            combinations = longer;
        }
        return new Table(numbers, combinations);
    }
}
