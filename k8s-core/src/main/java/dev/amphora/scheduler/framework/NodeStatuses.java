package dev.amphora.scheduler.framework;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Why each node was turned down. Nodes that were not looked at share one answer. */
public final class NodeStatuses {
    private final Map<String, Status> byNode = new LinkedHashMap<>();
    private Status absent;

    /**
     * No node yet.
     *
     * @param absent the answer for nodes that are not named
     */
    public NodeStatuses(Status absent) {
        this.absent = absent;
    }

    /** The answer for a node. */
    public Status get(String nodeName) {
        Status status = byNode.get(nodeName);
        return status == null ? absent : status;
    }

    /** Whether a node has an answer of its own. */
    public boolean contains(String nodeName) {
        return byNode.containsKey(nodeName);
    }

    /** Notes the answer for a node. */
    public void put(String nodeName, Status status) {
        byNode.put(nodeName, status);
    }

    /** Sets the answer for nodes that are not named. */
    public void setAbsent(Status status) {
        absent = status;
    }

    /** The answer for nodes that are not named. */
    public Status absent() {
        return absent;
    }

    /** How many nodes have an answer of their own. */
    public int size() {
        return byNode.size();
    }

    /** Visits the nodes that have an answer of their own, in the order in which they were looked at. */
    public void forEach(BiConsumer<String, Status> visitor) {
        byNode.forEach(visitor);
    }
}
