package dev.amphora.scheduler.framework;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The nodes as they are during one scheduling cycle. Read-only. */
public interface NodeSnapshot {
    /** All nodes, round robin over zones. */
    List<NodeInfo> nodes();

    /** One node, null if it is not there. */
    @Nullable NodeInfo node(String name);

    /** The place of a node in {@link #nodes}, -1 if it is not there. */
    default int indexOf(String name) {
        List<NodeInfo> nodes = nodes();
        for (int i = 0; i < nodes.size(); i++) {
            if (nodes.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /** Hears how many pods count on a node. */
    @FunctionalInterface
    interface PodCount {
        /** So many are on the node at a place in {@link #nodes}. */
        void count(int place, int pods);
    }

    /**
     * Counts the pods of a namespace whose labels match and that are not being deleted.
     *
     * @param each told of each node that has any, in no order; a node may come more than once, then its numbers add up
     */
    default void countPods(String namespace, LabelMatcher labels, PodCount each) {
        List<NodeInfo> nodes = nodes();
        for (int place = 0; place < nodes.size(); place++) {
            int count = 0;
            for (PodInfo pod : nodes.get(place).pods()) {
                if (!pod.isTerminating() && pod.namespace().equals(namespace) && labels.matches(pod.labels())) {
                    count++;
                }
            }
            if (count != 0) {
                each.count(place, count);
            }
        }
    }

    /** The nodes that have pods with any affinity or anti-affinity to pods. */
    List<NodeInfo> nodesWithAffinityPods();

    /** The nodes that have pods with required anti-affinity to pods. */
    List<NodeInfo> nodesWithRequiredAntiAffinityPods();

    /** Whether any pod on these nodes uses a PersistentVolumeClaim; generated ones don't count. */
    boolean isClaimUsed(String namespace, String claim);
}
