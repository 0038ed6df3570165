package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeMatcher;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The devices that the resource slices of a cluster name. Immutable. */
final class DeviceInventory {
    private static final int MAX_SELECTORS = 256;

    private final List<Pool> pools;
    private final Map<String, Pool> byName = new HashMap<>();
    /** Those that have devices for one node only, by the node; by their places. */
    private final Map<String, Set<Integer>> onOneNode = new HashMap<>();
    /** Those that have other devices, by their places. */
    private final Set<Integer> elsewhere = new TreeSet<>();

    private final Map<String, Map<Device, Boolean>> selected = new HashMap<>();

    private DeviceInventory(List<Pool> pools) {
        this.pools = pools;
        for (int i = 0; i < pools.size(); i++) {
            byName.put(pools.get(i).name, pools.get(i));
            for (Listed device : pools.get(i).devices) {
                String node = device.onlyNode();
                Set<Integer> places =
                        node == null ? elsewhere : onOneNode.computeIfAbsent(node, name -> new TreeSet<>());
                places.add(i);
            }
        }
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
     */
    record Listed(Id id, Device device, ResourceSliceSpec slice) {
        /** What says on which nodes it can be used, null if it is said of one node or all. */
        @Nullable NodeSelector nodeSelector() {
            return Boolean.TRUE.equals(slice.getPerDeviceNodeSelection())
                    ? device.getNodeSelector()
                    : slice.getNodeSelector();
        }

        boolean isOnOneNode() {
            return Boolean.TRUE.equals(slice.getPerDeviceNodeSelection())
                    ? device.getNodeName() != null
                    : slice.getNodeName() != null;
        }

        /** The only node on which it can be used, null if it isn't said like this. */
        @Nullable String onlyNode() {
            String name =
                    Boolean.TRUE.equals(slice.getPerDeviceNodeSelection()) ? device.getNodeName() : slice.getNodeName();
            return name == null || name.isEmpty() ? null : name;
        }

        boolean isFor(NodeInfo node) {
            boolean each = Boolean.TRUE.equals(slice.getPerDeviceNodeSelection());
            String nodeName = each ? device.getNodeName() : slice.getNodeName();
            if (nodeName != null && !nodeName.isEmpty()) {
                return nodeName.equals(node.name());
            }
            if (Boolean.TRUE.equals(each ? device.getAllNodes() : slice.getAllNodes())) {
                return true;
            }
            NodeSelector selector = nodeSelector();
            return selector != null && NodeMatcher.of(selector).matches(node.labels(), node.name());
        }
    }

    /**
     * The newest generation of a pool.
     *
     * @param name driver and pool
     * @param devices in the order of the slices
     * @param counters what devices of the pool share, by name
     * @param isComplete whether all its slices are known
     * @param isValid whether no two devices have the same name
     */
    record Pool(
            String name, List<Listed> devices, Map<String, CounterSet> counters, boolean isComplete, boolean isValid) {
        static Pool of(String name, List<ResourceSliceSpec> slices) {
            long newest = slices.stream().mapToLong(Pool::generation).max().orElse(0);
            List<ResourceSliceSpec> current =
                    slices.stream().filter(slice -> generation(slice) == newest).toList();
            List<Listed> devices = new ArrayList<>();
            Map<String, CounterSet> counters = new TreeMap<>();
            Set<Id> seen = new HashSet<>();
            boolean valid = true;
            for (ResourceSliceSpec slice : readyFirst(current, DeviceInventory::hasConditions)) {
                slice.getSharedCounters().forEach(set -> counters.put(set.getName(), set));
                for (Device device : slice.getDevices()) {
                    Id id = new Id(slice.getDriver(), slice.getPool().getName(), device.getName());
                    valid &= seen.add(id);
                    devices.add(new Listed(id, device, slice));
                }
            }
            Long count = current.get(0).getPool().getResourceSliceCount();
            boolean complete = count == null || count == current.size();
            return new Pool(name, devices, counters, complete, valid);
        }

        private static long generation(ResourceSliceSpec slice) {
            Long generation = slice.getPool().getGeneration();
            return generation == null ? 0 : generation;
        }
    }

    static DeviceInventory of(List<ResourceSlice> slices) {
        Map<String, List<ResourceSliceSpec>> byPool = new TreeMap<>();
        List<ResourceSlice> sorted = new ArrayList<>(slices);
        sorted.sort(Comparator.comparing(slice -> slice.getMetadata().getName()));
        for (ResourceSlice slice : sorted) {
            if (slice.getSpec() != null && slice.getSpec().getPool() != null) {
                String name = slice.getSpec().getDriver() + "/"
                        + slice.getSpec().getPool().getName();
                byPool.computeIfAbsent(name, each -> new ArrayList<>()).add(slice.getSpec());
            }
        }
        List<Pool> pools = new ArrayList<>();
        byPool.forEach((name, each) -> pools.add(Pool.of(name, each)));
        return new DeviceInventory(
                readyFirst(pools, pool -> pool.devices.stream().anyMatch(device -> hasConditions(device.slice))));
    }

    /** What can be used at once comes before what a driver has to get ready. */
    private static <T> List<T> readyFirst(List<T> all, Predicate<T> hasConditions) {
        List<T> sorted = new ArrayList<>(all);
        sorted.sort(Comparator.comparing(hasConditions::test));
        return sorted;
    }

    private static boolean hasConditions(ResourceSliceSpec slice) {
        return slice.getDevices().stream()
                .anyMatch(device -> !device.getBindingConditions().isEmpty());
    }

    /** The pools that have devices for a node, with these devices only. */
    List<Pool> on(NodeInfo node) {
        List<Pool> found = new ArrayList<>();
        Set<Integer> places = onOneNode.getOrDefault(node.name(), Set.of());
        if (!elsewhere.isEmpty()) {
            places = new TreeSet<>(places);
            places.addAll(elsewhere);
        }
        for (int place : places) {
            Pool pool = pools.get(place);
            List<Listed> devices =
                    pool.devices.stream().filter(device -> device.isFor(node)).toList();
            if (!devices.isEmpty()) {
                found.add(new Pool(pool.name, devices, pool.counters, pool.isComplete, pool.isValid));
            }
        }
        return found;
    }

    /** Whether a selector means a device; found out once for each. */
    boolean selects(DeviceSelectorCache selectors, String expression, Listed device) {
        if (selected.size() > MAX_SELECTORS) {
            selected.clear();
        }
        // devices are told apart by identity: they are as their slice has them, and each pool has its own
        return selected.computeIfAbsent(expression, text -> new IdentityHashMap<>())
                .computeIfAbsent(device.device, each -> selectors.matches(expression, device));
    }

    /** All devices of a pool. */
    List<Listed> devicesOf(String pool) {
        Pool known = byName.get(pool);
        return known == null ? List.of() : known.devices;
    }
}
