package dev.amphora.scheduler.plugins;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Patch;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResultBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes into claims what has been allocated for them and for whom. */
final class ClaimWriter {
    private static final Logger log = LoggerFactory.getLogger(ClaimWriter.class);
    private static final String FINALIZER = "resource.kubernetes.io/delete-protection";
    private static final ResourceType<ResourceClaim> CLAIMS = ResourceType.of(ResourceClaim.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);

    private final Handle handle;

    ClaimWriter(Handle handle) {
        this.handle = handle;
    }

    private static ResourceClaimConsumerReference reference(PodInfo pod) {
        return new ResourceClaimConsumerReference(null, pod.name(), "pods", pod.uid());
    }

    /** Reserves a claim that has been allocated before; gives it as it is then. */
    ResourceClaim reserve(ResourceClaim claim, PodInfo pod) {
        if (ClaimObjects.isReservedFor(claim, pod)) {
            return claim;
        }
        AllocationResult allocation = Objects.requireNonNull(ClaimObjects.allocation(claim));
        return handle.client()
                .updateStatus(new ResourceClaimBuilder(claim)
                        .editStatus()
                        .withAllocation(dated(allocation))
                        .addToReservedFor(reference(pod))
                        .endStatus()
                        .build());
    }

    /** An allocation with its time, from which on drivers have to get its devices ready. */
    private AllocationResult dated(AllocationResult allocation) {
        return allocation.getAllocationTimestamp() != null
                ? allocation
                : new AllocationResultBuilder(allocation)
                        .withAllocationTimestamp(handle.clock()
                                .instant()
                                .truncatedTo(ChronoUnit.SECONDS)
                                .toString())
                        .build();
    }

    /** Makes a claim that has only been thought of, for extended resources. */
    ResourceClaim create(ResourceClaim claim) {
        return handle.client()
                .create(new ResourceClaimBuilder(claim)
                        .editMetadata()
                        .withUid(null)
                        .addToFinalizers(FINALIZER)
                        .endMetadata()
                        .build());
    }

    /** Writes an allocation. */
    ResourceClaim allocate(ResourceClaim claim, AllocationResult allocation, PodInfo pod) {
        Client client = handle.client();
        ResourceClaim written = claim;
        if (!claim.getMetadata().getFinalizers().contains(FINALIZER)) {
            written = client.update(new ResourceClaimBuilder(claim)
                    .editMetadata()
                    .addToFinalizers(FINALIZER)
                    .endMetadata()
                    .build());
        }
        return client.updateStatus(new ResourceClaimBuilder(written)
                .editOrNewStatus()
                .withAllocation(dated(allocation))
                .addToReservedFor(reference(pod))
                .endStatus()
                .build());
    }

    /** Notes in the pod's status which claim stands for its extended resources. */
    void tell(ResourceClaim claim, List<ExtendedResources.Mapping> mappings, PodInfo pod) {
        ObjectNode body = Json.object();
        ObjectNode status = body.putObject("status").putObject("extendedResourceClaimStatus");
        status.put("resourceClaimName", claim.getMetadata().getName());
        ArrayNode written = status.putArray("requestMappings");
        for (ExtendedResources.Mapping mapping : mappings) {
            written.addObject()
                    .put("containerName", mapping.container())
                    .put("resourceName", mapping.resource())
                    .put("requestName", mapping.request());
        }
        handle.client().patch(PODS, pod.namespace(), pod.name(), Patch.merge(body), "status");
    }

    /** Deletes a claim that was made for extended resources and is of no use. */
    void delete(ResourceClaim claim) {
        String namespace = claim.getMetadata().getNamespace();
        String name = claim.getMetadata().getName();
        handle.runAsync(() -> {
            try {
                ResourceClaim latest = handle.client().get(CLAIMS, namespace, name);
                handle.client()
                        .update(new ResourceClaimBuilder(latest)
                                .editMetadata()
                                .removeFromFinalizers(FINALIZER)
                                .endMetadata()
                                .build());
                handle.client().delete(CLAIMS, namespace, name, DeleteOptions.defaults());
            } catch (StatusException e) {
                log.debug("Claim {} could not be deleted: {}", name, e.getMessage());
            }
        });
    }

    /** Gives back what a claim has that nobody uses. */
    void deallocate(ResourceClaim claim) {
        handle.runAsync(() -> {
            try {
                handle.client()
                        .updateStatus(new ResourceClaimBuilder(claim)
                                .editStatus()
                                .withAllocation(null)
                                .withReservedFor(List.of())
                                .withDevices(List.of())
                                .endStatus()
                                .build());
            } catch (StatusException e) {
                log.debug(
                        "Claim {} could not be deallocated: {}",
                        claim.getMetadata().getName(),
                        e.getMessage());
            }
        });
    }

    /** Takes a pod out of the consumers of its claims. */
    void unreserve(List<ResourceClaim> claims, PodInfo pod) {
        if (claims.isEmpty()) {
            return;
        }
        handle.runAsync(() -> {
            for (ResourceClaim claim : claims) {
                try {
                    ResourceClaim latest = handle.client()
                            .get(
                                    CLAIMS,
                                    claim.getMetadata().getNamespace(),
                                    claim.getMetadata().getName());
                    if (ClaimObjects.isReservedFor(latest, pod)) {
                        handle.client()
                                .updateStatus(new ResourceClaimBuilder(latest)
                                        .editStatus()
                                        .removeMatchingFromReservedFor(
                                                each -> pod.uid().equals(each.getUid()))
                                        .endStatus()
                                        .build());
                    }
                } catch (StatusException e) {
                    log.debug("Claim {} keeps pod {}: {}", claim.getMetadata().getName(), pod, e.getMessage());
                }
            }
        });
    }
}
