package dev.amphora.scheduler.plugins;

import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The newest generation of a pool of devices, or those of its devices that are for some node. Told apart by identity. */
final class DevicePool {
    private final String name;
    private final List<DeviceInventory.Listed> devices;
    private final Map<String, CounterSet> counters;
    private final boolean isComplete;
    private final boolean isValid;
    private final boolean isToBePrepared;
    private final @Nullable DevicePool whole;
    private long changed;

    private DevicePool(
            String name,
            List<DeviceInventory.Listed> devices,
            Map<String, CounterSet> counters,
            boolean isComplete,
            boolean isValid) {
        this.name = name;
        this.devices = devices;
        this.counters = counters;
        this.isComplete = isComplete;
        this.isValid = isValid;
        this.isToBePrepared = devices.stream().anyMatch(device -> hasConditions(device.slice()));
        this.whole = null;
    }

    private DevicePool(DevicePool whole, List<DeviceInventory.Listed> devices) {
        this.name = whole.name;
        this.devices = devices;
        this.counters = whole.counters;
        this.isComplete = whole.isComplete;
        this.isValid = whole.isValid;
        this.isToBePrepared = whole.isToBePrepared;
        this.whole = whole;
    }

    /**
     * A pool.
     *
     * @param name driver and pool
     * @param slices at least one, in the order of their names
     */
    static DevicePool of(String name, List<ResourceSliceSpec> slices, DeviceTraits.Memory traits) {
        long newest = slices.stream().mapToLong(DevicePool::generation).max().orElse(0);
        List<ResourceSliceSpec> current = new ArrayList<>(
                slices.stream().filter(slice -> generation(slice) == newest).toList());
        Long count = current.get(0).getPool().getResourceSliceCount();
        boolean complete = count == null || count == current.size();
        // what can be used at once comes before what a driver has to get ready
        current.sort(Comparator.comparing(DevicePool::hasConditions));
        List<DeviceInventory.Listed> devices = new ArrayList<>();
        Map<String, CounterSet> counters = new TreeMap<>();
        Set<String> seen = new HashSet<>();
        boolean valid = true;
        for (ResourceSliceSpec slice : current) {
            slice.getSharedCounters().forEach(set -> counters.put(set.getName(), set));
            for (Device device : slice.getDevices()) {
                valid &= seen.add(device.getName());
                devices.add(new DeviceInventory.Listed(
                        new DeviceInventory.Id(
                                slice.getDriver(), slice.getPool().getName(), device.getName()),
                        device,
                        slice,
                        traits.of(slice.getDriver(), device)));
            }
        }
        return new DevicePool(name, devices, counters, complete, valid);
    }

    private static long generation(ResourceSliceSpec slice) {
        Long generation = slice.getPool().getGeneration();
        return generation == null ? 0 : generation;
    }

    private static boolean hasConditions(ResourceSliceSpec slice) {
        return slice.getDevices().stream()
                .anyMatch(device -> !device.getBindingConditions().isEmpty());
    }

    /** The pool with some of its devices only, by their places. */
    DevicePool only(BitSet which) {
        return new DevicePool(this, which.stream().mapToObj(devices::get).toList());
    }

    /** Driver and pool. */
    String name() {
        return name;
    }

    /** In the order of the slices. */
    List<DeviceInventory.Listed> devices() {
        return devices;
    }

    /** What devices of the pool share, by name. */
    Map<String, CounterSet> counters() {
        return counters;
    }

    /** Whether all its slices are known. */
    boolean isComplete() {
        return isComplete;
    }

    /** Whether no two devices have the same name. */
    boolean isValid() {
        return isValid;
    }

    /** Whether a driver has to get some of its devices ready. */
    boolean isToBePrepared() {
        return isToBePrepared;
    }

    /** When any of the pool's devices was last allocated or given back. */
    long changed() {
        return whole == null ? changed : whole.changed;
    }

    void changed(long now) {
        changed = now;
    }
}
