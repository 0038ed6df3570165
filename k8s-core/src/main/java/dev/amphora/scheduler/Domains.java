package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.DomainChanges;
import dev.amphora.scheduler.framework.LabelColumn;
import dev.amphora.scheduler.framework.NodeInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

    /** Which combination each node has. */
    static final class Table {
        private static final int[] NO_NUMBERS = new int[0];

        private final List<String> keys;
        private final int[] numbers;
        private final List<List<@Nullable String>> combinations;
        private @Nullable Map<DomainChanges.Domain, int[]> byDomain;

        private Table(List<String> keys, int[] numbers, List<List<@Nullable String>> combinations) {
            this.keys = keys;
            this.numbers = numbers;
            this.combinations = combinations;
        }

        /** The number of the combination of the node at a place. */
        int at(int place) {
            return numbers[place];
        }

        /** How many combinations there are. */
        int count() {
            return combinations.size();
        }

        /** Whether so many nodes share a combination that it pays to ask about one of them only. */
        boolean isCoarse() {
            return count() * MIN_NODES_PER_DOMAIN <= numbers.length;
        }

        /** The combinations that a domain's nodes have. */
        int[] numbersOf(DomainChanges.Domain domain) {
            Map<DomainChanges.Domain, int[]> known = byDomain;
            if (known == null) {
                known = new HashMap<>(combinations.size() * 2);
                for (int number = 0; number < combinations.size(); number++) {
                    for (int k = 0; k < keys.size(); k++) {
                        String value = combinations.get(number).get(k);
                        if (value != null) {
                            int[] one = {number};
                            known.merge(new DomainChanges.Domain(keys.get(k), value), one, Table::joined);
                        }
                    }
                }
                byDomain = known;
            }
            return Objects.requireNonNullElse(known.get(domain), NO_NUMBERS);
        }

        private static int[] joined(int[] some, int[] one) {
            int[] all = Arrays.copyOf(some, some.length + 1);
            all[some.length] = one[0];
            return all;
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
            known = combine(List.copyOf(keys));
            tables.put(known.keys, known);
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
        return new Table(keys, numbers, combinations);
    }
}
