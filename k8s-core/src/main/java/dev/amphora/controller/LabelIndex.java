package dev.amphora.controller;

import dev.amphora.api.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Index keys that bring selectors and labels together without looking at every object: an object is indexed under its namespace
 * and under each of its labels, a selector asks for one label that all it selects must have.
 */
public final class LabelIndex {
    private LabelIndex() {}

    /** The keys under which an object is found. */
    public static List<String> ofLabels(@Nullable String namespace, @Nullable Map<String, String> labels) {
        List<String> keys = new ArrayList<>();
        keys.add(String.valueOf(namespace));
        if (labels != null) {
            labels.forEach((key, value) -> keys.add(namespace + "/" + key + "=" + value));
        }
        return keys;
    }

    /** The key under which everything is found that a selector may select. */
    public static String ofSelector(@Nullable String namespace, Selector selector) {
        for (Selector.Requirement requirement : selector.requirements()) {
            if (requirement.operator() == Selector.Operator.IN
                    && requirement.values().size() == 1) {
                return namespace + "/" + requirement.key() + "="
                        + requirement.values().get(0);
            }
        }
        return String.valueOf(namespace);
    }
}
