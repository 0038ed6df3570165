package dev.amphora.scheduler.framework;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Why each node was turned down. Nodes that were not looked at share one answer. */
public final class NodeStatuses {
    private final List<String> names = new ArrayList<>();
    private final List<@Nullable NodeInfo> nodes = new ArrayList<>();
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
        put(nodeName, null, status);
    }

    /** The same for a node as it is in the snapshot. */
    public void put(NodeInfo node, Status status) {
        put(node.name(), node, status);
    }

    private void put(String nodeName, @Nullable NodeInfo node, Status status) {
        names.add(nodeName);
        nodes.add(node);
        statuses.add(status);
        byNode = null;
    }

    /** Forgets the answers of nodes. */
    public void clear() {
        names.clear();
        nodes.clear();
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

    /**
     * The nodes that have an answer of their own with a code, in the order in which they were looked at.
     *
     * @param snapshot where nodes are found that were noted by name
     */
    public List<NodeInfo> nodesWith(Status.Code code, NodeSnapshot snapshot) {
        List<NodeInfo> found = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            if (statuses.get(i).code() == code) {
                NodeInfo known = nodes.get(i);
                NodeInfo node = known == null ? snapshot.node(names.get(i)) : known;
                if (node != null) {
                    found.add(node);
                }
            }
        }
        return found;
    }

    /**
     * How many nodes gave each reason.
     *
     * @param allNodes how many nodes there are; those without an answer of their own gave the one for absent nodes
     * @return lines such as {@code 3 Insufficient cpu}, sorted as whole strings
     */
    public List<String> histogram(int allNodes) {
        Map<Status, int[]> byStatus = new HashMap<>();
        Status last = null;
        int[] count = new int[1];
        for (Status status : statuses) {
            if (last == null || !last.equals(status)) {
                count = byStatus.computeIfAbsent(status, each -> new int[1]);
                last = status;
            }
            count[0]++;
        }
        Map<String, Integer> counts = new TreeMap<>();
        byStatus.forEach(
                (status, times) -> status.reasons().forEach(reason -> counts.merge(reason, times[0], Integer::sum)));
        if (names.size() < allNodes) {
            absent.reasons().forEach(reason -> counts.merge(reason, allNodes - names.size(), Integer::sum));
        }
        Set<String> lines = new TreeSet<>();
        counts.forEach((reason, times) -> lines.add(times + " " + reason));
        return List.copyOf(lines);
    }
}
