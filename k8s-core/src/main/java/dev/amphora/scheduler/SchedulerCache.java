package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.ImageState;
import dev.amphora.scheduler.framework.LabelMatcher;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.ContainerImage;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the scheduler knows of nodes and of the pods on them, those included that it has given a node but that the API server has not
 * confirmed yet ("assumed" pods).
 *
 * <p>{@link #snapshot} brings the view that one scheduling cycle works on up to date; it costs as much as has changed. Belongs to the
 * scheduler's actor.
 */
final class SchedulerCache {
    private final Map<String, Entry> nodes = new HashMap<>();
    private final Map<String, Placement> pods = new HashMap<>();
    private final PodGroups groups = new PodGroups();
    private int assumed;
    private final Map<String, Image> images = new HashMap<>();
    private final Map<String, Integer> claims = new HashMap<>();
    private final NodeTree tree;
    private final List<Entry> changed = new ArrayList<>();
    private final View view = new View();
    private final PodLog log = new PodLog();
    private final ChangeLog<Integer> places = new ChangeLog<>();
    private boolean orderChanged;
    private int version;

    /** A node's place in the cache. It outlives the node's object as long as pods are known to be on it. */
    private static final class Entry {
        NodeInfo info;

        @Nullable Node node;

        boolean changed;
        int index = -1;

        Entry(NodeInfo info) {
            this.info = info;
        }
    }

    private static final class Placement {
        PodInfo pod;
        String nodeName;
        boolean assumed;

        Placement(PodInfo pod, String nodeName, boolean assumed) {
            this.pod = pod;
            this.nodeName = nodeName;
            this.assumed = assumed;
        }
    }

    private static final class Image implements ImageState {
        private final long size;
        private final Set<String> holders = new LinkedHashSet<>();

        Image(long size) {
            this.size = size;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public int nodeCount() {
            return holders.size();
        }
    }

    SchedulerCache() {
        this(new NodeTree());
    }

    private SchedulerCache(NodeTree tree) {
        this.tree = tree;
    }

    /** The same nodes and pods, to be changed apart. Costs as much as there are of them. */
    SchedulerCache copy() {
        SchedulerCache copy = new SchedulerCache(tree.copy());
        images.forEach((name, image) -> copy.images.put(name, new Image(image.size)));
        nodes.forEach((name, entry) -> {
            Map<String, ImageState> held = entry.node == null ? Map.of() : copy.holdImages(entry.node);
            Entry own =
                    new Entry(entry.node == null || held.isEmpty() ? entry.info : entry.info.with(entry.node, held));
            own.node = entry.node;
            copy.nodes.put(name, own);
        });
        pods.forEach((uid, placement) -> {
            copy.pods.put(uid, new Placement(placement.pod, placement.nodeName, placement.assumed));
            copy.groups.add(placement.pod, placement.nodeName);
        });
        copy.claims.putAll(claims);
        copy.orderChanged = true;
        copy.assumed = assumed;
        return copy;
    }

    /** The node that a pod is on, null if it is on none. */
    @Nullable String nodeOf(String uid) {
        Placement placement = pods.get(uid);
        return placement == null ? null : placement.nodeName;
    }

    /** A pod that is on a node, null if it is on none. */
    @Nullable PodInfo pod(String uid) {
        Placement placement = pods.get(uid);
        return placement == null ? null : placement.pod;
    }

    /** A pod that is on a node, by its name; looks at all of them. Null if there is none. */
    @Nullable PodInfo find(String namespace, String name) {
        for (Placement placement : pods.values()) {
            if (placement.pod.name().equals(name) && placement.pod.namespace().equals(namespace)) {
                return placement.pod;
            }
        }
        return null;
    }

    void addNode(Node node) {
        updateNode(node);
    }

    void updateNode(Node node) {
        String name = node.getMetadata().getName();
        Entry entry = nodes.get(name);
        Node before = entry == null ? null : entry.node;
        if (before == null || !isAlike(before, node)) {
            log.restart();
        }
        if (before == null || !images(before).equals(images(node))) {
            version++;
        }
        if (before != null) {
            dropImages(before);
            // as in the reference, a changed zone shows in the order only when a node comes or goes
            tree.update(before, node);
        } else {
            tree.add(node);
            orderChanged = true;
        }
        Map<String, ImageState> held = holdImages(node);
        if (entry == null) {
            entry = new Entry(NodeInfo.of(node, held));
            nodes.put(name, entry);
        } else {
            entry.info = entry.info.with(node, held);
        }
        entry.node = node;
        markChanged(entry);
    }

    void removeNode(Node node) {
        Entry entry = nodes.get(node.getMetadata().getName());
        if (entry == null || entry.node == null) {
            return;
        }
        dropImages(entry.node);
        tree.remove(entry.node);
        log.restart();
        version++;
        orderChanged = true;
        entry.node = null;
        entry.index = -1;
        if (entry.info.pods().isEmpty()) {
            nodes.remove(node.getMetadata().getName());
        }
    }

    /** Whether what is counted by nodes' labels and taints stays the same. */
    private static boolean isAlike(Node before, Node after) {
        return Objects.equals(
                        before.getMetadata().getLabels(), after.getMetadata().getLabels())
                && Objects.equals(
                        before.getSpec() == null ? null : before.getSpec().getTaints(),
                        after.getSpec() == null ? null : after.getSpec().getTaints());
    }

    private static List<ContainerImage> images(Node node) {
        return node.getStatus() == null ? List.of() : node.getStatus().getImages();
    }

    /** Grows whenever nodes come or go or the images on any of them change. */
    int version() {
        return version;
    }

    /** Which pods have come and gone. */
    PodLog log() {
        return log;
    }

    /** In which places of the view other {@link NodeInfo}s stand. */
    ChangeLog<Integer> places() {
        return places;
    }

    /** Whether a node is known. */
    boolean hasNode(String name) {
        Entry entry = nodes.get(name);
        return entry != null && entry.node != null;
    }

    private Map<String, ImageState> holdImages(Node node) {
        if (node.getStatus() == null || node.getStatus().getImages().isEmpty()) {
            return Map.of();
        }
        Map<String, ImageState> held = new LinkedHashMap<>();
        for (ContainerImage image : node.getStatus().getImages()) {
            long size = image.getSizeBytes() == null ? 0 : image.getSizeBytes();
            for (String name : image.getNames()) {
                Image known = images.computeIfAbsent(name, key -> new Image(size));
                known.holders.add(node.getMetadata().getName());
                held.putIfAbsent(name, known);
            }
        }
        return held;
    }

    private void dropImages(Node node) {
        if (node.getStatus() == null) {
            return;
        }
        for (ContainerImage image : node.getStatus().getImages()) {
            for (String name : image.getNames()) {
                Image known = images.get(name);
                if (known != null) {
                    known.holders.remove(node.getMetadata().getName());
                    if (known.holders.isEmpty()) {
                        images.remove(name);
                    }
                }
            }
        }
    }

    /** A pod is known to be on a node. Confirms it if it was assumed. */
    void addPod(PodInfo pod) {
        Placement placement = pods.get(pod.uid());
        if (placement != null) {
            take(placement);
        }
        place(new Placement(pod, pod.nodeName(), false));
    }

    /** A pod on a node has changed. */
    void updatePod(PodInfo pod) {
        addPod(pod);
    }

    /** A pod has gone from its node. */
    void removePod(PodInfo pod) {
        Placement placement = pods.remove(pod.uid());
        if (placement != null) {
            take(placement);
        }
    }

    /** Takes a pod to be on a node before the API server says so. */
    void assume(PodInfo pod, String nodeName) {
        place(new Placement(pod, nodeName, true));
    }

    /** Takes back that a pod is assumed. */
    void forget(PodInfo pod) {
        Placement placement = pods.get(pod.uid());
        if (placement != null && placement.assumed) {
            pods.remove(pod.uid());
            take(placement);
        }
    }

    /** How many nodes are known. */
    int nodeCount() {
        return nodes.size();
    }

    /** How many pods are on nodes, assumed ones included. */
    int podCount() {
        return pods.size();
    }

    /** How many pods are assumed and not confirmed. */
    int assumedCount() {
        return assumed;
    }

    /** Whether a pod is assumed and not confirmed. */
    boolean isAssumed(String uid) {
        Placement placement = pods.get(uid);
        return placement != null && placement.assumed;
    }

    private void place(Placement placement) {
        pods.put(placement.pod.uid(), placement);
        assumed += placement.assumed ? 1 : 0;
        countClaims(placement.pod, 1);
        groups.add(placement.pod, placement.nodeName);
        Entry entry = nodes.computeIfAbsent(placement.nodeName, SchedulerCache::absent);
        entry.info = entry.info.plus(placement.pod);
        if (entry.node != null) {
            log.add(placement.pod, entry.info, 1);
        }
        markChanged(entry);
    }

    private void countClaims(PodInfo pod, int delta) {
        for (Volume volume : pod.spec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                String key = pod.namespace() + "/"
                        + volume.getPersistentVolumeClaim().getClaimName();
                claims.merge(key, delta, (a, b) -> a + b == 0 ? null : Integer.valueOf(a + b));
            }
        }
    }

    private void take(Placement placement) {
        assumed -= placement.assumed ? 1 : 0;
        countClaims(placement.pod, -1);
        groups.remove(placement.pod, placement.nodeName);
        Entry entry = nodes.get(placement.nodeName);
        if (entry == null) {
            return;
        }
        entry.info = entry.info.minus(placement.pod);
        if (entry.node != null) {
            log.add(placement.pod, entry.info, -1);
        }
        if (entry.node == null && entry.info.pods().isEmpty()) {
            nodes.remove(placement.nodeName);
        } else {
            markChanged(entry);
        }
    }

    private static Entry absent(String name) {
        return new Entry(NodeInfo.of(
                new NodeBuilder().withNewMetadata().withName(name).endMetadata().build()));
    }

    private void markChanged(Entry entry) {
        if (!entry.changed) {
            entry.changed = true;
            changed.add(entry);
        }
    }

    /** The view as the last {@link #snapshot} has left it. */
    NodeSnapshot view() {
        return view;
    }

    /** The current view. It stays as it is until the next call. */
    NodeSnapshot snapshot() {
        boolean rebuild = orderChanged;
        if (rebuild) {
            List<String> names = tree.list();
            view.order = new NodeInfo[names.size()];
            for (int i = 0; i < view.order.length; i++) {
                Entry entry = entryOf(names.get(i));
                entry.index = i;
                view.order[i] = entry.info;
            }
            view.asList = new NodeArray(view.order);
            view.withAffinity.clear();
            view.withAntiAffinity.clear();
            for (int i = 0; i < view.order.length; i++) {
                view.classify(i);
            }
            orderChanged = false;
            places.restart();
        }
        for (int i = 0; i < changed.size(); i++) {
            Entry entry = changed.get(i);
            entry.changed = false;
            if (!rebuild && entry.index >= 0) {
                view.order[entry.index] = entry.info;
                view.classify(entry.index);
                places.add(entry.index);
            }
        }
        changed.clear();
        return view;
    }

    private Entry entryOf(String name) {
        Entry entry = nodes.get(name);
        if (entry == null) {
            throw new IllegalStateException("node " + name + " is in the tree but not in the cache");
        }
        return entry;
    }

    private final class View implements NodeSnapshot {
        private NodeInfo[] order = new NodeInfo[0];
        private List<NodeInfo> asList = List.of();
        private final Indices withAffinity = new Indices();
        private final Indices withAntiAffinity = new Indices();

        void classify(int index) {
            withAffinity.set(index, !order[index].affinityPods().isEmpty());
            withAntiAffinity.set(index, !order[index].requiredAntiAffinityPods().isEmpty());
        }

        @Override
        public List<NodeInfo> nodes() {
            return asList;
        }

        @Override
        public @Nullable NodeInfo node(String name) {
            Entry entry = nodes.get(name);
            return entry == null || entry.index < 0 || entry.index >= order.length ? null : order[entry.index];
        }

        @Override
        public int indexOf(String name) {
            Entry entry = nodes.get(name);
            return entry == null || entry.index >= order.length ? -1 : entry.index;
        }

        @Override
        public void countPods(String namespace, LabelMatcher labels, PodCount each) {
            groups.count(namespace, labels, (name, count) -> {
                int place = indexOf(name);
                if (place >= 0) {
                    each.count(place, count);
                }
            });
        }

        @Override
        public boolean isClaimUsed(String namespace, String claim) {
            return claims.containsKey(namespace + "/" + claim);
        }

        @Override
        public List<NodeInfo> nodesWithAffinityPods() {
            return new Selection(order, withAffinity);
        }

        @Override
        public List<NodeInfo> nodesWithRequiredAntiAffinityPods() {
            return new Selection(order, withAntiAffinity);
        }
    }

    /** A set of node indices, listed in rising order; the list is made only when it is asked for after a change. */
    private static final class Indices {
        private final BitSet bits = new BitSet();
        private int size;
        private int @Nullable [] list;

        void set(int index, boolean value) {
            if (bits.get(index) != value) {
                bits.set(index, value);
                size += value ? 1 : -1;
                list = null;
            }
        }

        void clear() {
            bits.clear();
            size = 0;
            list = null;
        }

        int[] list() {
            int[] known = list;
            if (known == null) {
                known = bits.stream().toArray();
                list = known;
            }
            return known;
        }
    }

    private static final class Selection extends AbstractList<NodeInfo> {
        private final NodeInfo[] order;
        private final Indices indices;

        Selection(NodeInfo[] order, Indices indices) {
            this.order = order;
            this.indices = indices;
        }

        @Override
        public NodeInfo get(int index) {
            return order[indices.list()[index]];
        }

        @Override
        public int size() {
            return indices.size;
        }
    }
}
