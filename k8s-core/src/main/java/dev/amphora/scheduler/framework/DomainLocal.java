package dev.amphora.scheduler.framework;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Filter plugin whose answer about a node, within one cycle, follows from the values of some of the node's labels and from
 * nothing else about the node. It is asked about one node of each combination of values. Hypothetical pods on nodes are not concerned: with
 * these it is asked each time.
 */
public interface DomainLocal extends Plugin {
    /**
     * The labels that its Filter looks at.
     *
     * @param state after PreFilter
     * @return null if it looks at more
     */
    default @Nullable List<String> filterKeys(CycleState state, PodInfo pod) {
        return null;
    }

    /**
     * Where the answers of its Filter have changed since earlier pods with the same {@link PodSignature}; elsewhere they still hold.
     *
     * @param state after PreFilter
     * @return the same object as long as that can be told; null if it can't
     */
    default @Nullable DomainChanges filterChanges(CycleState state, PodInfo pod) {
        return null;
    }
}
