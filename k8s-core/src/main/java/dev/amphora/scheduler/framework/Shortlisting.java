package dev.amphora.scheduler.framework;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A {@link NodeLocal} Filter plugin that can tell without asking about each node which few nodes it may let a pod on. The others are only
 * asked about where somebody wants to know what is said against them.
 */
public interface Shortlisting extends NodeLocal, FilterPlugin {
    /**
     * The places in the snapshot of all nodes on which the pod may pass its Filter; it turns down all others, as long as these stay as they
     * are.
     *
     * @param state after PreFilter
     * @param pod the pod
     * @param snapshot the nodes
     * @return not to be changed by the caller; null if it can't be told or if there are many
     */
    @Nullable BitSet shortlist(CycleState state, PodInfo pod, NodeSnapshot snapshot);
}
