package dev.amphora.scheduler.plugins;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.Patch;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import java.util.List;
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

    /** Reserves a claim that has been allocated before. */
    void reserve(ResourceClaim claim, PodInfo pod) {
        if (!ClaimObjects.isReservedFor(claim, pod)) {
            handle.client()
                    .updateStatus(new ResourceClaimBuilder(claim)
                            .editStatus()
                            .addToReservedFor(reference(pod))
                            .endStatus()
                            .build());
        }
    }

    /** Writes an allocation; a claim that stands for extended resources is made first. */
    ResourceClaim allocate(ResourceClaim claim, AllocationResult allocation, PodInfo pod) {
        Client client = handle.client();
        boolean extended = claim.getMetadata().getResourceVersion() == null;
        ResourceClaimBuilder prepared = new ResourceClaimBuilder(claim);
        if (extended) {
            prepared.editMetadata().withUid(null).endMetadata();
        }
        if (!claim.getMetadata().getFinalizers().contains(FINALIZER)) {
            prepared.editMetadata().addToFinalizers(FINALIZER).endMetadata();
        }
        ResourceClaim written = extended ? client.create(prepared.build()) : client.update(prepared.build());
        ResourceClaim result = client.updateStatus(new ResourceClaimBuilder(written)
                .editOrNewStatus()
                .withAllocation(allocation)
                .addToReservedFor(reference(pod))
                .endStatus()
                .build());
        if (extended) {
            tell(written, allocation, pod);
        }
        return result;
    }

    /** Notes in the pod's status which claim stands for its extended resources. */
    private void tell(ResourceClaim claim, AllocationResult allocation, PodInfo pod) {
        ObjectNode body = Json.object();
        ObjectNode status = body.putObject("status").putObject("extendedResourceClaimStatus");
        status.put("resourceClaimName", claim.getMetadata().getName());
        var mappings = status.putArray("requestMappings");
        allocation.getDevices().getResults().forEach(result -> {
            String[] parts = result.getRequest().split("-", -1);
            int container = Integer.parseInt(parts[1]);
            int inits = pod.spec().getInitContainers().size();
            ObjectNode mapping = mappings.addObject();
            mapping.put(
                    "containerName",
                    container < inits
                            ? pod.spec().getInitContainers().get(container).getName()
                            : pod.spec().getContainers().get(container - inits).getName());
            mapping.put("requestName", result.getRequest());
        });
        handle.client().patch(PODS, pod.namespace(), pod.name(), Patch.merge(body), "status");
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
