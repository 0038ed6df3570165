package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How many devices nodes have for the extended resources that a pod asks for, and how many of them are in use: what scores count where a node
 * doesn't offer such a resource itself (KEP-5004). Counts when it is asked. Belongs to the scheduler's actor.
 *
 * <p>All devices that the class means count one each, however they are partitioned, tainted or shared; one that has been allocated counts as
 * used unless it was for admin access, and once however many have a share of it.
 */
final class DeviceCounts implements CycleState.State {
    /** Where it is found after PreFilter, if devices may give what the pod asks for. */
    static final CycleState.Key<DeviceCounts> KEY = new CycleState.Key<>(DeviceCounts.class);

    private final Map<String, String> classByResource;
    private final Lister<DeviceClass> classes;
    private final DeviceInventory inventory;
    private final DeviceAllocator.Use use;
    private final DeviceSelectorCache selectors;
    private final boolean remembers;
    private final Map<String, List<String>> selectorsByClass = new HashMap<>();

    /**
     * A number of devices.
     *
     * @param devices all
     * @param used those that are in use
     * @param time when they were counted, by {@link DeviceInventory#now}
     */
    record Count(long devices, long used, long time) {
        static final Count NONE = new Count(0, 0, 0);
    }

    /**
     * For one pod.
     *
     * @param classByResource the device classes that stand for what it asks for
     * @param remembers whether what was counted is kept for other pods
     */
    DeviceCounts(
            Map<String, String> classByResource,
            Lister<DeviceClass> classes,
            DeviceInventory inventory,
            DeviceAllocator.Use use,
            DeviceSelectorCache selectors,
            boolean remembers) {
        this.classByResource = classByResource;
        this.classes = classes;
        this.inventory = inventory;
        this.use = use;
        this.selectors = selectors;
        this.remembers = remembers;
    }

    /** Whether any resource that counts in a score may be given by devices. */
    static boolean concern(List<ResourceSpec> resources) {
        return resources.stream().anyMatch(spec -> ExtendedResources.isExtended(spec.name()));
    }

    /** Whether the pod asks for any of these resources and devices may give it. */
    boolean countFor(List<ResourceSpec> resources) {
        return resources.stream().anyMatch(spec -> classByResource.containsKey(spec.name()));
    }

    /** The devices of a node for a resource; none if devices don't give it, or if a selector has no value for one of them. */
    Count on(NodeInfo node, String resource) {
        String className = classByResource.get(resource);
        if (className == null || !ExtendedResources.byDevices(node, resource)) {
            return Count.NONE;
        }
        DeviceInventory.View view = inventory.on(node);
        if (view.pools().isEmpty()) {
            return Count.NONE;
        }
        List<String> meant = selectorsByClass.computeIfAbsent(className, this::selectors);
        if (!remembers) {
            return count(view, meant);
        }
        Count known = view.count(meant);
        if (known == null || !inventory.holds(view, known.time)) {
            known = count(view, meant);
            view.keep(meant, known);
        }
        return known;
    }

    private List<String> selectors(String className) {
        return DeviceWish.selectors(Objects.requireNonNull(classes.get(null, className)));
    }

    private Count count(DeviceInventory.View view, List<String> meant) {
        long devices = 0;
        long used = 0;
        try {
            for (DevicePool pool : view.pools()) {
                for (DeviceInventory.Listed device : pool.devices()) {
                    if (device.traits().matchAll(selectors, meant)) {
                        devices++;
                        used += use.isInUse(device.id()) ? 1 : 0;
                    }
                }
            }
        } catch (IllegalArgumentException e) {
            return new Count(0, 0, inventory.now());
        }
        return new Count(devices, used, inventory.now());
    }

    @Override
    public DeviceCounts copy() {
        return this;
    }
}
