package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The resource claims of pods, and what has been allocated for them but isn't written yet. Belongs to the scheduler's actor. */
final class ClaimObjects {
    private final Lister<ResourceClaim> claims;
    private final Map<String, AllocationResult> inFlight = new HashMap<>();

    ClaimObjects(Handle handle) {
        this.claims = handle.lister(ResourceClaim.class);
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
        for (ResourceClaim claim : claims.list(pod.namespace())) {
            if (isOwner(pod, claim) && Claims.annotation(claim.getMetadata(), ExtendedResources.ANNOTATION) != null) {
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

    boolean isInFlight(ResourceClaim claim) {
        return inFlight.containsKey(claim.getMetadata().getUid());
    }

    void allocate(ResourceClaim claim, AllocationResult allocation) {
        inFlight.put(claim.getMetadata().getUid(), allocation);
    }

    /** What was allocated has been written or is taken back. */
    void settle(ResourceClaim claim) {
        inFlight.remove(claim.getMetadata().getUid());
    }

    /** The devices that are in use. */
    Set<DeviceInventory.Id> taken() {
        Set<DeviceInventory.Id> taken = new HashSet<>();
        for (ResourceClaim claim : claims.list(null)) {
            AllocationResult allocation = allocation(claim);
            if (allocation != null) {
                add(allocation, taken);
            }
        }
        inFlight.values().forEach(allocation -> add(allocation, taken));
        return taken;
    }

    private static void add(AllocationResult allocation, Set<DeviceInventory.Id> into) {
        if (allocation.getDevices() != null) {
            for (DeviceRequestAllocationResult result : allocation.getDevices().getResults()) {
                if (!Boolean.TRUE.equals(result.getAdminAccess())) {
                    into.add(new DeviceInventory.Id(result.getDriver(), result.getPool(), result.getDevice()));
                }
            }
        }
    }
}
