package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The resource claims of pods, and what has been allocated for them but isn't written yet. Belongs to the scheduler's actor. */
final class ClaimObjects implements DeviceAllocator.Use {
    private final Lister<ResourceClaim> claims;
    private final Lister.Index<ResourceClaim> claimsByDevice;
    private final Lister.Index<ResourceClaim> claimsByShare;
    private final Lister.Index<ResourceClaim> claimsByOwner;
    private final Map<String, AllocationResult> inFlight = new HashMap<>();
    private final Map<DeviceInventory.Id, Integer> inFlightDevices = new HashMap<>();
    private final Map<DeviceInventory.Id, Integer> inFlightShares = new HashMap<>();
    /** The pools whose devices have been allocated or given back since {@link #catchUp}. */
    private final Set<String> changedPools = new HashSet<>();

    private @Nullable Object version;
    private long devicesPosition;
    private long sharesPosition;
    private final Map<ResourceClaim, ResourceClaim> written = new IdentityHashMap<>();

    ClaimObjects(Handle handle) {
        this.claims = handle.lister(ResourceClaim.class);
        this.claimsByDevice = claims.index("scheduler.device", ClaimObjects::deviceKeys);
        this.claimsByShare = claims.index("scheduler.share", ClaimObjects::shareKeys);
        this.claimsByOwner = claims.index("scheduler.owner", ClaimObjects::ownerKeys);
    }

    /**
     * The claims of a pod.
     *
     * @throws DeviceWish.Impossible if one isn't there or isn't the pod's
     */
    List<ResourceClaim> of(PodInfo pod) {
        List<PodResourceClaim> wanted = pod.spec().getResourceClaims();
        if (wanted.isEmpty()) {
            return List.of();
        }
        List<ResourceClaim> found = new ArrayList<>(wanted.size());
        for (PodResourceClaim each : wanted) {
            String name = each.getResourceClaimName();
            boolean generated = name == null;
            if (generated) {
                PodResourceClaimStatus status = status(pod, each);
                name = status.getResourceClaimName();
                if (name == null) {
                    // nothing was generated for this one
                    continue;
                }
            }
            ResourceClaim claim = claims.get(pod.namespace(), name);
            if (claim == null) {
                throw new DeviceWish.Impossible(
                        "could not find ResourceClaim \"" + pod.namespace() + "/" + name + "\"");
            }
            if (claim.getMetadata().getDeletionTimestamp() != null) {
                throw new DeviceWish.Impossible("resourceclaim \"" + name + "\" is being deleted");
            }
            if (generated && !isOwner(pod, claim)) {
                throw new DeviceWish.Impossible("ResourceClaim " + pod.namespace() + "/" + name
                        + " was not created for pod " + pod.key() + " (pod is not owner)");
            }
            found.add(claim);
        }
        return found;
    }

    private static PodResourceClaimStatus status(PodInfo pod, PodResourceClaim claim) {
        if (claim.getResourceClaimTemplateName() == null) {
            throw new DeviceWish.Impossible("pod \"" + pod.key() + "\", spec.resourceClaim \"" + claim.getName()
                    + "\": none of the supported fields are set");
        }
        if (pod.pod().getStatus() != null) {
            for (PodResourceClaimStatus status : pod.pod().getStatus().getResourceClaimStatuses()) {
                if (claim.getName().equals(status.getName())) {
                    return status;
                }
            }
        }
        throw new DeviceWish.Impossible("pod \"" + pod.key() + "\": ResourceClaim not created yet");
    }

    private static boolean isOwner(PodInfo pod, ResourceClaim claim) {
        for (OwnerReference owner : claim.getMetadata().getOwnerReferences()) {
            if (Boolean.TRUE.equals(owner.getController()) && pod.uid().equals(owner.getUid())) {
                return true;
            }
        }
        return false;
    }

    /** The claim that was made for a pod's extended resources, null if there is none. */
    @Nullable ResourceClaim extended(PodInfo pod) {
        for (ResourceClaim claim : claimsByOwner.get(pod.uid())) {
            if (pod.namespace().equals(claim.getMetadata().getNamespace())
                    && Claims.annotation(claim.getMetadata(), ExtendedResources.ANNOTATION) != null) {
                return claim;
            }
        }
        return null;
    }

    static @Nullable AllocationResult allocation(ResourceClaim claim) {
        return claim.getStatus() == null ? null : claim.getStatus().getAllocation();
    }

    static boolean isReservedFor(ResourceClaim claim, PodInfo pod) {
        if (claim.getStatus() != null) {
            for (ResourceClaimConsumerReference each : claim.getStatus().getReservedFor()) {
                if (pod.uid().equals(each.getUid())) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether a claim can be reserved for one consumer more. */
    static boolean canBeReserved(ResourceClaim claim) {
        return claim.getStatus() == null || claim.getStatus().getReservedFor().size() < 256;
    }

    /** Begins a cycle: tells an inventory in which pools devices have been allocated or given back, here or by others. */
    void catchUp(DeviceInventory inventory) {
        settleSeen();
        Object now = claims.version();
        if (!now.equals(version)) {
            long devices = claimsByDevice.position();
            long shares = claimsByShare.position();
            List<String> changed = version == null ? null : claimsByDevice.changed(devicesPosition);
            List<String> changedShares = version == null ? null : claimsByShare.changed(sharesPosition);
            version = now;
            devicesPosition = devices;
            sharesPosition = shares;
            if (changed == null || changedShares == null) {
                inventory.allChanged();
            } else {
                changed.forEach(key -> changedPools.add(poolOf(key)));
                changedShares.forEach(key -> changedPools.add(poolOf(key)));
            }
        }
        changedPools.forEach(inventory::changed);
        changedPools.clear();
    }

    /** The pool of a device by its key; no device has a slash in its name. */
    private static String poolOf(String deviceKey) {
        return deviceKey.substring(0, deviceKey.lastIndexOf('/'));
    }

    boolean isInFlight(ResourceClaim claim) {
        return inFlight.containsKey(claim.getMetadata().getUid());
    }

    void allocate(ResourceClaim claim, AllocationResult allocation) {
        settle(claim);
        inFlight.put(claim.getMetadata().getUid(), allocation);
        count(allocation, 1);
    }

    private void count(AllocationResult allocation, int change) {
        for (DeviceRequestAllocationResult result : results(allocation)) {
            if (!Boolean.TRUE.equals(result.getAdminAccess())) {
                Map<DeviceInventory.Id, Integer> counts =
                        result.getShareID() == null ? inFlightDevices : inFlightShares;
                counts.merge(id(result), change, (a, b) -> a + b == 0 ? null : a + b);
                changedPools.add(result.getDriver() + "/" + result.getPool());
            }
        }
    }

    /**
     * What was allocated has been written. It counts as in flight until it is seen.
     *
     * @param claim as it was when it was allocated
     * @param result as the API server has it
     */
    void wrote(ResourceClaim claim, ResourceClaim result) {
        written.put(claim, result);
    }

    /** A claim as it is seen now, or as it was written as long as that isn't seen; null if it is gone. */
    @Nullable ResourceClaim latest(ResourceClaim known) {
        ResourceClaim seen = claims.get(
                known.getMetadata().getNamespace(), known.getMetadata().getName());
        if (seen == null) {
            // one that was made just now may be still to come
            return written.containsValue(known) ? known : null;
        }
        return isAtLeast(seen, known) ? seen : known;
    }

    private void settleSeen() {
        if (written.isEmpty()) {
            return;
        }
        List<ResourceClaim> settled = new ArrayList<>();
        for (Map.Entry<ResourceClaim, ResourceClaim> each : written.entrySet()) {
            ResourceClaim result = each.getValue();
            ResourceClaim seen = claims.get(
                    result.getMetadata().getNamespace(), result.getMetadata().getName());
            boolean made = each.getKey().getMetadata().getResourceVersion() == null;
            // one that was there and is gone has been deleted; one that was made for the pod may be still to come
            if (seen == null ? !made : isAtLeast(seen, result)) {
                settled.add(each.getKey());
            }
        }
        settled.forEach(this::settle);
    }

    private static boolean isAtLeast(ResourceClaim seen, ResourceClaim result) {
        return !Objects.equals(seen.getMetadata().getUid(), result.getMetadata().getUid())
                || revision(seen) >= revision(result);
    }

    private static long revision(ResourceClaim claim) {
        String version = Claims.text(claim.getMetadata().getResourceVersion());
        return version.isEmpty() ? 0 : Long.parseLong(version);
    }

    /** What was allocated has been seen written or is taken back. */
    void settle(ResourceClaim claim) {
        written.remove(claim);
        AllocationResult settled = inFlight.remove(claim.getMetadata().getUid());
        if (settled != null) {
            count(settled, -1);
        }
    }

    /** Whether a device is in use. */
    @Override
    public boolean isTaken(DeviceInventory.Id device) {
        return inFlightDevices.containsKey(device)
                || !claimsByDevice.get(key(device)).isEmpty();
    }

    @Override
    public @Nullable Map<String, BigDecimal> shares(DeviceInventory.Id device) {
        Map<String, BigDecimal> shares = new HashMap<>();
        boolean any = false;
        for (ResourceClaim claim : claimsByShare.get(key(device))) {
            AllocationResult allocation = allocation(claim);
            if (allocation != null && !inFlight.containsKey(claim.getMetadata().getUid())) {
                any |= addShares(device, allocation, shares);
            }
        }
        if (inFlightShares.containsKey(device)) {
            for (AllocationResult allocation : inFlight.values()) {
                any |= addShares(device, allocation, shares);
            }
        }
        return any ? shares : null;
    }

    private static boolean addShares(
            DeviceInventory.Id device, AllocationResult allocation, Map<String, BigDecimal> into) {
        boolean any = false;
        for (DeviceRequestAllocationResult result : results(allocation)) {
            if (isShare(result) && id(result).equals(device)) {
                any = true;
                Map<String, Quantity> consumed = result.getConsumedCapacity();
                if (consumed != null) {
                    consumed.forEach((name, part) -> into.merge(name, DeviceShares.amount(part), BigDecimal::add));
                }
            }
        }
        return any;
    }

    /** Whether something of a device is in use; who has admin access takes nothing. */
    private static boolean isShare(DeviceRequestAllocationResult result) {
        return result.getShareID() != null && !Boolean.TRUE.equals(result.getAdminAccess());
    }

    private static List<DeviceRequestAllocationResult> results(AllocationResult allocation) {
        return allocation.getDevices() == null
                ? List.of()
                : allocation.getDevices().getResults();
    }

    private static DeviceInventory.Id id(DeviceRequestAllocationResult result) {
        return new DeviceInventory.Id(result.getDriver(), result.getPool(), result.getDevice());
    }

    private static List<String> shareKeys(ResourceClaim claim) {
        AllocationResult allocation = allocation(claim);
        return allocation == null
                ? List.of()
                : results(allocation).stream()
                        .filter(ClaimObjects::isShare)
                        .map(result -> key(id(result)))
                        .distinct()
                        .toList();
    }

    private static String key(DeviceInventory.Id device) {
        return device.driver() + "/" + device.pool() + "/" + device.device();
    }

    private static List<String> deviceKeys(ResourceClaim claim) {
        AllocationResult allocation = allocation(claim);
        return allocation == null
                ? List.of()
                : devices(allocation).stream().map(ClaimObjects::key).toList();
    }

    private static List<String> ownerKeys(ResourceClaim claim) {
        return claim.getMetadata().getOwnerReferences().stream()
                .filter(owner -> Boolean.TRUE.equals(owner.getController()))
                .map(owner -> Claims.text(owner.getUid()))
                .toList();
    }

    /** The devices that nobody else can have while they are allocated. */
    private static Set<DeviceInventory.Id> devices(AllocationResult allocation) {
        Set<DeviceInventory.Id> devices = new LinkedHashSet<>();
        for (DeviceRequestAllocationResult result : results(allocation)) {
            if (!Boolean.TRUE.equals(result.getAdminAccess()) && result.getShareID() == null) {
                devices.add(id(result));
            }
        }
        return devices;
    }
}
