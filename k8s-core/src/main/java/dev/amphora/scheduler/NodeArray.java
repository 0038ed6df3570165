package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeInfo;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/** The nodes of a snapshot by their places. What looks at hundreds of them for each pod takes them from the array itself. */
final class NodeArray extends AbstractList<NodeInfo> implements RandomAccess {
    private final NodeInfo[] nodes;

    NodeArray(NodeInfo[] nodes) {
        this.nodes = nodes;
    }

    /** The same nodes, to be read only; those of a snapshot without copying them. */
    static NodeInfo[] of(List<NodeInfo> nodes) {
        return nodes instanceof NodeArray known ? known.nodes : nodes.toArray(NodeInfo[]::new);
    }

    @Override
    public NodeInfo get(int index) {
        return nodes[index];
    }

    @Override
    public int size() {
        return nodes.length;
    }
}
