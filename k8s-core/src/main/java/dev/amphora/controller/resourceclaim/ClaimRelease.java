package dev.amphora.controller.resourceclaim;

import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller.Context;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import java.util.ArrayList;
import java.util.List;

/** Takes claims back from pods that have ended or are gone, frees their devices, and deletes those that were made for such a pod. */
final class ClaimRelease {
    private static final String FINALIZER = "resource.kubernetes.io/delete-protection";

    private final Context context;
    private final ControlLoop<ResourceClaimController.Key> loop;
    private final Informer<Pod> pods;
    private final Informer<ResourceClaim> claims;

    ClaimRelease(
            Context context,
            ControlLoop<ResourceClaimController.Key> loop,
            Informer<Pod> pods,
            Informer<ResourceClaim> claims) {
        this.context = context;
        this.loop = loop;
        this.pods = pods;
        this.claims = claims;
    }

    void sync(ResourceClaimController.Key key) {
        ResourceClaim claim = claims.find(key.object()).orElse(null);
        if (claim == null) {
            return;
        }
        List<ResourceClaimConsumerReference> before =
                claim.getStatus() == null ? List.of() : claim.getStatus().getReservedFor();
        List<ResourceClaimConsumerReference> consumers = new ArrayList<>();
        for (ResourceClaimConsumerReference each : before) {
            if (needs(claim, each)) {
                consumers.add(each);
            }
        }
        boolean isAllocated = claim.getStatus() != null && claim.getStatus().getAllocation() != null;
        boolean isUnused = consumers.isEmpty();
        ResourceClaim current = claim;
        if (consumers.size() < before.size() || isUnused && isAllocated && Pods.isTerminating(claim)) {
            ResourceClaimBuilder builder = new ResourceClaimBuilder(claim);
            builder.editStatus().withReservedFor(consumers).endStatus();
            if (isUnused) {
                builder.editStatus().withAllocation(null).withDevices(List.of()).endStatus();
            }
            current = context.client().updateStatus(builder.build());
            loop.wrote(key, claims, current);
        }
        if (isUnused) {
            // Not from any claim that has none: the scheduler writes it before it allocates.
            boolean isOver = current != claim || Pods.isTerminating(claim);
            if (isOver && current.getMetadata().getFinalizers().contains(FINALIZER)) {
                current = context.client()
                        .update(new ResourceClaimBuilder(current)
                                .editMetadata()
                                .removeFromFinalizers(FINALIZER)
                                .endMetadata()
                                .build());
                loop.wrote(key, claims, current);
            }
            deleteWithPod(key, current);
        }
    }

    /** Whether one for whom a claim is reserved still needs it. Others than pods are not known here, and keep it. */
    private boolean needs(ResourceClaim claim, ResourceClaimConsumerReference consumer) {
        boolean isPod =
                (consumer.getApiGroup() == null || consumer.getApiGroup().isEmpty())
                        && "pods".equals(consumer.getResource());
        if (!isPod) {
            return true;
        }
        ObjectKey key = new ObjectKey(claim.getMetadata().getNamespace(), consumer.getName());
        // The scheduler may have been faster than the news of the pod: the server decides.
        Pod pod = pods.find(key)
                .or(() -> context.client().find(pods.type(), key.namespace(), key.name()))
                .orElse(null);
        return pod != null && pod.getMetadata().getUid().equals(consumer.getUid()) && !PodClaims.isDone(pod);
    }

    /** Deletes a claim that was made for a pod that has ended; if the pod is gone the garbage collector does. */
    private void deleteWithPod(ResourceClaimController.Key key, ResourceClaim claim) {
        Pod pod = PodClaims.ownerOf(claim)
                .flatMap(owner -> pods.find(key.object().namespace(), owner.getName())
                        .filter(found ->
                                owner.getUid().equals(found.getMetadata().getUid())))
                .orElse(null);
        if (pod == null || !PodClaims.isDone(pod) || Pods.isTerminating(claim)) {
            return;
        }
        try {
            context.client()
                    .delete(
                            claims.type(),
                            key.object().namespace(),
                            key.object().name(),
                            DeleteOptions.defaults().onlyUid(claim.getMetadata().getUid()));
            loop.deleted(key, claims, claim);
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }
}
