package dev.amphora.scheduler.framework;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The values that the snapshot's nodes have for a label, numbered from zero in the order of the nodes. Immutable; the same object as long as no
 * node comes, goes or changes its labels.
 */
public final class LabelColumn {
    /** The number of a node without the label, and of a value that no node has. */
    public static final int NONE = -1;

    private final String label;
    private final int[] numbers;
    private final List<String> values = new ArrayList<>();
    private final Map<String, Integer> byValue = new HashMap<>();

    /**
     * A column.
     *
     * @param label the label
     * @param nodes all nodes of the snapshot
     */
    public LabelColumn(String label, List<NodeInfo> nodes) {
        this.label = label;
        numbers = new int[nodes.size()];
        for (int i = 0; i < numbers.length; i++) {
            String value = nodes.get(i).labels().get(label);
            if (value == null) {
                numbers[i] = NONE;
            } else {
                Integer known = byValue.putIfAbsent(value, values.size());
                numbers[i] = known == null ? values.size() : known;
                if (known == null) {
                    values.add(value);
                }
            }
        }
    }

    /** The label. */
    public String label() {
        return label;
    }

    /** The number of the value of the node at a place of the snapshot. */
    public int at(int place) {
        return numbers[place];
    }

    /** The number of a value. */
    public int number(String value) {
        return byValue.getOrDefault(value, NONE);
    }

    /** The value with a number. */
    public String value(int number) {
        return values.get(number);
    }

    /** How many values there are. */
    public int count() {
        return values.size();
    }
}
