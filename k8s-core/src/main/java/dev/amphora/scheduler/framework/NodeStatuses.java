package dev.amphora.scheduler.framework;

import java.util.Arrays;
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
    /** So often a node is looked for one by one before it pays to index all. */
    private static final int SEARCHES = 2;

    private static final int FIRST_CAPACITY = 16;
    private static final int UNKNOWN = -1;

    private Object[] nodes = new Object[0];
    private int[] places = new int[0];
    private Status[] statuses = new Status[0];
    private int size;
    private int searches;
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
        Status status = find(nodeName);
        return status == null ? absent : status;
    }

    /** Whether a node has an answer of its own. */
    public boolean contains(String nodeName) {
        return find(nodeName) != null;
    }

    private @Nullable Status find(String nodeName) {
        if (byNode == null && searches++ < SEARCHES) {
            for (int i = size - 1; i >= 0; i--) {
                if (name(i).equals(nodeName)) {
                    return statuses[i];
                }
            }
            return null;
        }
        return byNode().get(nodeName);
    }

    private String name(int index) {
        return nodes[index] instanceof NodeInfo node ? node.name() : (String) nodes[index];
    }

    /** Notes the answer for a node, of which there must be none yet. */
    public void put(String nodeName, Status status) {
        add(nodeName, UNKNOWN, status);
    }

    /** The same for a node as it is in the snapshot. */
    public void put(NodeInfo node, Status status) {
        add(node, UNKNOWN, status);
    }

    /** The same for a node whose place in the snapshot is known. */
    public void put(NodeInfo node, int place, Status status) {
        add(node, place, status);
    }

    /** Notes answers for nodes, in place of those that there may be. */
    public void putAll(Map<String, Status> answers) {
        Map<String, Integer> indices = new HashMap<>(size * 2);
        for (int i = 0; i < size; i++) {
            indices.put(name(i), i);
        }
        answers.forEach((name, status) -> {
            Integer index = indices.get(name);
            if (index == null) {
                put(name, status);
            } else {
                statuses[index] = status;
            }
        });
        byNode = null;
    }

    private void add(Object node, int place, Status status) {
        if (size == nodes.length) {
            ensureCapacity(Math.max(FIRST_CAPACITY, size * 2));
        }
        nodes[size] = node;
        places[size] = place;
        statuses[size++] = status;
        byNode = null;
    }

    /** Makes room for so many answers at once. */
    public void ensureCapacity(int capacity) {
        if (capacity > nodes.length) {
            nodes = Arrays.copyOf(nodes, capacity);
            places = Arrays.copyOf(places, capacity);
            statuses = Arrays.copyOf(statuses, capacity);
        }
    }

    /** Forgets the answers of nodes. */
    public void clear() {
        nodes = new Object[0];
        places = new int[0];
        statuses = new Status[0];
        size = 0;
        byNode = null;
    }

    private Map<String, Status> byNode() {
        Map<String, Status> known = byNode;
        if (known == null) {
            known = new HashMap<>(size * 2);
            for (int i = 0; i < size; i++) {
                known.put(name(i), statuses[i]);
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
        return size;
    }

    /** Visits the nodes that have an answer of their own, in the order in which they were looked at. */
    public void forEach(BiConsumer<String, Status> visitor) {
        for (int i = 0; i < size; i++) {
            visitor.accept(name(i), statuses[i]);
        }
    }

    /**
     * The nodes that have an answer of their own with a code, in the order in which they were looked at.
     *
     * @param snapshot the nodes
     * @return their places in the snapshot; nodes that are not there are left out
     */
    public int[] placesWith(Status.Code code, NodeSnapshot snapshot) {
        int[] found = new int[size];
        int count = 0;
        for (int i = 0; i < size; i++) {
            if (statuses[i].code() == code) {
                int place = places[i] == UNKNOWN ? snapshot.indexOf(name(i)) : places[i];
                if (place >= 0) {
                    found[count++] = place;
                }
            }
        }
        return Arrays.copyOf(found, count);
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
        for (int i = 0; i < size; i++) {
            Status status = statuses[i];
            if (last == null || !last.equals(status)) {
                count = byStatus.computeIfAbsent(status, each -> new int[1]);
                last = status;
            }
            count[0]++;
        }
        Map<String, Integer> counts = new TreeMap<>();
        byStatus.forEach(
                (status, times) -> status.reasons().forEach(reason -> counts.merge(reason, times[0], Integer::sum)));
        if (size < allNodes) {
            absent.reasons().forEach(reason -> counts.merge(reason, allNodes - size, Integer::sum));
        }
        Set<String> lines = new TreeSet<>();
        counts.forEach((reason, times) -> lines.add(times + " " + reason));
        return List.copyOf(lines);
    }
}
