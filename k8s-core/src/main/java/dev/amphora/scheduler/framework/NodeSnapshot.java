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

    /** The nodes that have pods with any affinity or anti-affinity to pods. */
    List<NodeInfo> nodesWithAffinityPods();

    /** The nodes that have pods with required anti-affinity to pods. */
    List<NodeInfo> nodesWithRequiredAntiAffinityPods();

    /** Whether any pod on these nodes uses a PersistentVolumeClaim; generated ones don't count. */
    boolean isClaimUsed(String namespace, String claim);
}
