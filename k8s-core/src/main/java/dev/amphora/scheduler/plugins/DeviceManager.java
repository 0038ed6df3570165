package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Handle;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;

/**
 * The devices of a cluster: which there are, who has them, and what searches have found. All profiles of a scheduler share it, so that what one
 * has promised isn't given away by another. Belongs to the scheduler's actor.
 */
final class DeviceManager {
    final ClaimObjects claims;
    final DeviceInventory inventory;
    final DeviceSearches searches;
    final DeviceSelectorCache selectors = new DeviceSelectorCache();

    private DeviceManager(Handle handle) {
        this.claims = new ClaimObjects(handle);
        this.inventory = new DeviceInventory(handle.lister(ResourceSlice.class));
        this.searches = new DeviceSearches(inventory);
    }

    /** That of a scheduler. */
    static DeviceManager of(Handle handle) {
        return handle.shared(DeviceManager.class, () -> new DeviceManager(handle));
    }
}
