package dev.amphora.scheduler.framework;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Why each node was turned down. Nodes that were not looked at share one answer. */
public final class NodeStatuses {
    private final List<String> names = new ArrayList<>();
    private final List<Status> statuses = new ArrayList<>();
    private @Nullable Map<String, Status> byNode;
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
        Status status = byNode().get(nodeName);
        return status == null ? absent : status;
    }

    /** Whether a node has an answer of its own. */
    public boolean contains(String nodeName) {
        return byNode().containsKey(nodeName);
    }

    /** Notes the answer for a node, of which there must be none yet. */
    public void put(String nodeName, Status status) {
        names.add(nodeName);
        statuses.add(status);
        byNode = null;
    }

    /** Forgets the answers of nodes. */
    public void clear() {
        names.clear();
        statuses.clear();
        byNode = null;
    }

    private Map<String, Status> byNode() {
        Map<String, Status> known = byNode;
        if (known == null) {
            known = new HashMap<>(names.size() * 2);
            for (int i = 0; i < names.size(); i++) {
                known.put(names.get(i), statuses.get(i));
            }
            byNode = known;
        }
        return known;
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
        return names.size();
    }

    /** Visits the nodes that have an answer of their own, in the order in which they were looked at. */
    public void forEach(BiConsumer<String, Status> visitor) {
        for (int i = 0; i < names.size(); i++) {
            visitor.accept(names.get(i), statuses.get(i));
        }
    }
}
