package dev.amphora.scheduler.framework;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Why each node was turned down. Nodes that were not looked at share one answer. What a plugin is given holds until it returns.
 */
public final class NodeStatuses {
    /**
     * Answers for nodes by their places in a snapshot, which are kept from one pod to the next and counted as they change, so that nobody has
     * to look at all nodes for each pod.
     */
    public interface ByPlace {
        /** The answer for the node at a place; null if it has none here. */
        @Nullable Status at(int place);

        /** How many nodes have an answer here. */
        int size();

        /** Visits the different answers, with how many nodes have each. */
        void forEachAnswer(ObjIntConsumer<Status> visitor);

        /** The places of the nodes whose answer has a code. The caller's own. */
        BitSet placesWith(Status.Code code);
    }

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

    private @Nullable ByPlace kept;
    private @Nullable NodeSnapshot snapshot;
    private int start;

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
        Status own = findOwn(nodeName);
        if (own != null || kept == null || snapshot == null) {
            return own;
        }
        int place = snapshot.indexOf(nodeName);
        return place < 0 ? null : kept.at(place);
    }

    private @Nullable Status findOwn(String nodeName) {
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

    /**
     * Takes over answers that are kept, for nodes that have none of their own.
     *
     * @param answers by the places of the nodes
     * @param nodes the snapshot
     * @param from the place of the node that was looked at first
     */
    public void keep(ByPlace answers, NodeSnapshot nodes, int from) {
        kept = answers;
        snapshot = nodes;
        start = from;
    }

    /** Makes answers that are kept elsewhere own ones, in the order in which nodes were looked at. */
    private void unfold() {
        ByPlace answers = kept;
        if (answers == null || snapshot == null) {
            return;
        }
        List<NodeInfo> all = snapshot.nodes();
        NodeStatuses unfolded = new NodeStatuses(absent);
        unfolded.ensureCapacity(size());
        int[] own = new int[all.size()];
        Arrays.fill(own, UNKNOWN);
        for (int i = 0; i < size; i++) {
            if (places[i] == UNKNOWN) {
                unfolded.add(nodes[i], UNKNOWN, statuses[i]);
            } else {
                own[places[i]] = i;
            }
        }
        for (int i = 0, place = start; i < own.length; i++, place = place + 1 == own.length ? 0 : place + 1) {
            Status status = own[place] == UNKNOWN ? answers.at(place) : statuses[own[place]];
            if (status != null) {
                unfolded.add(all.get(place), place, status);
            }
        }
        nodes = unfolded.nodes;
        places = unfolded.places;
        statuses = unfolded.statuses;
        size = unfolded.size;
        kept = null;
        byNode = null;
    }

    /** Notes answers for nodes, in place of those that there may be. */
    public void putAll(Map<String, Status> answers) {
        unfold();
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
    private void ensureCapacity(int capacity) {
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
        kept = null;
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
        return kept == null ? size : size + kept.size();
    }

    /** Visits the nodes that have an answer of their own, in the order in which they were looked at. */
    public void forEach(BiConsumer<String, Status> visitor) {
        unfold();
        for (int i = 0; i < size; i++) {
            visitor.accept(name(i), statuses[i]);
        }
    }

    /**
     * The nodes that have an answer of their own with a code.
     *
     * @param all the snapshot
     * @return their places in the snapshot; nodes that are not there are left out. The caller's own.
     */
    public BitSet placesWith(Status.Code code, NodeSnapshot all) {
        BitSet found = kept == null ? new BitSet() : kept.placesWith(code);
        for (int i = 0; i < size; i++) {
            if (statuses[i].code() == code) {
                int place = places[i] == UNKNOWN ? all.indexOf(name(i)) : places[i];
                if (place >= 0) {
                    found.set(place);
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
        Map<String, Integer> counts = new TreeMap<>();
        ObjIntConsumer<Status> count =
                (status, times) -> status.reasons().forEach(reason -> counts.merge(reason, times, Integer::sum));
        if (kept != null) {
            kept.forEachAnswer(count);
        }
        countOwn(count);
        int missing = allNodes - size();
        if (missing > 0) {
            count.accept(absent, missing);
        }
        Set<String> lines = new TreeSet<>();
        counts.forEach((reason, times) -> lines.add(times + " " + reason));
        return List.copyOf(lines);
    }

    private void countOwn(ObjIntConsumer<Status> visitor) {
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
        byStatus.forEach((status, times) -> visitor.accept(status, times[0]));
    }
}
