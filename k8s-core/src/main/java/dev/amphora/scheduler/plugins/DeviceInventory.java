package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeMatcher;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The devices that the resource slices of a cluster name, and what of them each node sees. Follows the slices pool by pool, so that one that
 * changes costs no more than its own pool. Belongs to the scheduler's actor.
 */
final class DeviceInventory {
    private static final int MAX_VIEWS = 1 << 17;
    private static final int MAX_COUNTS = 64;
    private static final View NOTHING = new View(List.of());
    /** What can be used at once comes before what a driver has to get ready. */
    private static final Comparator<DevicePool> ORDER =
            Comparator.comparing(DevicePool::isToBePrepared).thenComparing(DevicePool::name);

    private final Lister<ResourceSlice> slices;
    private final Lister.Index<ResourceSlice> slicesByPool;
    private final DeviceTraits.Memory traits = new DeviceTraits.Memory();
    private final Map<String, DevicePool> pools = new HashMap<>();
    /** Those that have devices for one node only, by the node. */
    private final Map<String, NavigableSet<DevicePool>> onOneNode = new HashMap<>();
    /** Those that have other devices. */
    private final NavigableSet<DevicePool> elsewhere = new TreeSet<>(ORDER);

    private final Map<String, Seen> views = new HashMap<>();
    private final Map<List<Object>, View> alike = new HashMap<>();
    private @Nullable Object version;
    private long position;
    private long changes;
    private long allChanged;

    DeviceInventory(Lister<ResourceSlice> slices) {
        this.slices = slices;
        this.slicesByPool = slices.index("scheduler.pool", DeviceInventory::poolKeys);
    }

    /**
     * A device by name.
     *
     * @param driver its driver
     * @param pool the pool that it is in
     * @param device its name there
     */
    record Id(String driver, String pool, String device) {}

    /**
     * A device of a pool.
     *
     * @param id its name
     * @param device as its slice has it
     * @param slice the slice
     * @param traits what selectors see of it
     */
    record Listed(Id id, Device device, ResourceSliceSpec slice, DeviceTraits traits) {
        /** What says on which nodes it can be used, null if it is said of one node or all. */
        @Nullable NodeSelector nodeSelector() {
            return isSelectedAlone() ? device.getNodeSelector() : slice.getNodeSelector();
        }

        private boolean isSelectedAlone() {
            return Boolean.TRUE.equals(slice.getPerDeviceNodeSelection());
        }

        boolean isOnOneNode() {
            return isSelectedAlone() ? device.getNodeName() != null : slice.getNodeName() != null;
        }

        /** The only node on which it can be used, null if it isn't said like this. */
        @Nullable String onlyNode() {
            String name = isSelectedAlone() ? device.getNodeName() : slice.getNodeName();
            return name == null || name.isEmpty() ? null : name;
        }

        boolean isFor(NodeInfo node) {
            String only = onlyNode();
            if (only != null) {
                return only.equals(node.name());
            }
            if (Boolean.TRUE.equals(isSelectedAlone() ? device.getAllNodes() : slice.getAllNodes())) {
                return true;
            }
            NodeSelector selector = nodeSelector();
            return selector != null && NodeMatcher.of(selector).matches(node.labels(), node.name());
        }
    }

    /** What a node, or many that are alike in this, sees: pools with the devices that are for it. Told apart by identity. */
    static final class View {
        private final List<DevicePool> pools;
        private @Nullable DeviceSearches.Found[] found = new DeviceSearches.Found[0];
        private @Nullable Map<List<String>, DeviceCounts.Count> counts;

        View(List<DevicePool> pools) {
            this.pools = pools;
        }

        List<DevicePool> pools() {
            return pools;
        }

        /** What a search has found here; null if it wasn't made. */
        DeviceSearches.@Nullable Found found(int search) {
            return search < found.length ? found[search] : null;
        }

        void keep(int search, DeviceSearches.Found what) {
            if (search >= found.length) {
                found = Arrays.copyOf(found, search + 1);
            }
            found[search] = what;
        }

        /** How many devices with some selectors have been counted here; null if they weren't. */
        DeviceCounts.@Nullable Count count(List<String> selectors) {
            return counts == null ? null : counts.get(selectors);
        }

        void keep(List<String> selectors, DeviceCounts.Count count) {
            if (counts == null || counts.size() == MAX_COUNTS) {
                counts = new HashMap<>();
            }
            counts.put(selectors, count);
        }
    }

    /** What a node with these labels sees. */
    private record Seen(Map<String, String> labels, View view) {}

    // -- following the slices ----------------------------------------------------------------------------------------

    private static List<String> poolKeys(ResourceSlice slice) {
        ResourceSliceSpec spec = slice.getSpec();
        return spec == null || spec.getPool() == null
                ? List.of()
                : List.of(spec.getDriver() + "/" + spec.getPool().getName());
    }

    /** Takes in what has changed. */
    void catchUp() {
        Object now = slices.version();
        if (now.equals(version)) {
            return;
        }
        long at = slicesByPool.position();
        List<String> changed = version == null ? null : slicesByPool.changed(position);
        version = now;
        position = at;
        if (changed != null) {
            new HashSet<>(changed).forEach(name -> replace(name, slicesByPool.get(name)));
            return;
        }
        Map<String, List<ResourceSlice>> byPool = new HashMap<>();
        for (ResourceSlice slice : slices.list(null)) {
            poolKeys(slice).forEach(name -> byPool.computeIfAbsent(name, each -> new ArrayList<>())
                    .add(slice));
        }
        pools.clear();
        onOneNode.clear();
        elsewhere.clear();
        views.clear();
        alike.clear();
        byPool.forEach(this::replace);
    }

    private void replace(String name, List<ResourceSlice> slicesOfPool) {
        DevicePool old = pools.remove(name);
        if (old != null) {
            place(old, false);
        }
        if (!slicesOfPool.isEmpty()) {
            List<ResourceSlice> sorted = new ArrayList<>(slicesOfPool);
            sorted.sort(Comparator.comparing(slice -> slice.getMetadata().getName()));
            DevicePool pool = DevicePool.of(
                    name, sorted.stream().map(ResourceSlice::getSpec).toList(), traits);
            pools.put(name, pool);
            place(pool, true);
        }
    }

    private void place(DevicePool pool, boolean add) {
        boolean more = pool.devices().isEmpty();
        Set<String> nodes = new HashSet<>();
        for (Listed device : pool.devices()) {
            String only = device.onlyNode();
            if (only == null) {
                more = true;
            } else {
                nodes.add(only);
            }
        }
        for (String node : nodes) {
            views.remove(node);
            NavigableSet<DevicePool> there = onOneNode.computeIfAbsent(node, name -> new TreeSet<>(ORDER));
            if (add) {
                there.add(pool);
            } else if (there.remove(pool) && there.isEmpty()) {
                onOneNode.remove(node);
            }
        }
        if (more && !pool.devices().isEmpty()) {
            views.clear();
            alike.clear();
            if (add) {
                elsewhere.add(pool);
            } else {
                elsewhere.remove(pool);
            }
        }
    }

    // -- what nodes see ----------------------------------------------------------------------------------------------

    /** The pools that have devices for a node, with these devices only. */
    View on(NodeInfo node) {
        NavigableSet<DevicePool> own = onOneNode.get(node.name());
        if (own == null && elsewhere.isEmpty()) {
            return NOTHING;
        }
        Seen seen = views.get(node.name());
        if (seen != null && seen.labels == node.labels()) {
            return seen.view;
        }
        if (seen == null || !seen.labels.equals(node.labels())) {
            if (views.size() > MAX_VIEWS) {
                views.clear();
                alike.clear();
            }
            seen = new Seen(node.labels(), look(node, own));
        } else {
            seen = new Seen(node.labels(), seen.view);
        }
        views.put(node.name(), seen);
        return seen.view;
    }

    private View look(NodeInfo node, @Nullable NavigableSet<DevicePool> own) {
        NavigableSet<DevicePool> candidates = own == null ? elsewhere : own;
        if (own != null && !elsewhere.isEmpty()) {
            candidates = new TreeSet<>(own);
            candidates.addAll(elsewhere);
        }
        List<DevicePool> found = new ArrayList<>();
        List<Object> key = new ArrayList<>();
        for (DevicePool pool : candidates) {
            BitSet which = new BitSet();
            for (int i = 0; i < pool.devices().size(); i++) {
                which.set(i, pool.devices().get(i).isFor(node));
            }
            if (!which.isEmpty()) {
                found.add(pool.only(which));
                key.add(pool);
                key.add(which);
            }
        }
        return own != null ? new View(found) : alike.computeIfAbsent(key, each -> new View(found));
    }

    /** All devices of a pool. */
    List<Listed> devicesOf(String pool) {
        DevicePool known = pools.get(pool);
        return known == null ? List.of() : known.devices();
    }

    // -- whose devices are in use ------------------------------------------------------------------------------------

    /** Notes that devices of a pool have been allocated or given back. */
    void changed(String pool) {
        DevicePool known = pools.get(pool);
        if (known != null) {
            known.changed(++changes);
        }
    }

    /** Notes that any devices may have been. */
    void allChanged() {
        allChanged = ++changes;
    }

    /** A time by which {@link #holds} knows what has changed since. */
    long now() {
        return changes;
    }

    /** Whether what was found out about what a node sees at some time still holds. */
    boolean holds(View view, long since) {
        if (allChanged > since) {
            return false;
        }
        for (int i = 0; i < view.pools.size(); i++) {
            if (view.pools.get(i).changed() > since) {
                return false;
            }
        }
        return true;
    }
}
