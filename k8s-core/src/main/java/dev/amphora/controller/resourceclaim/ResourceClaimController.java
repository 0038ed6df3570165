package dev.amphora.controller.resourceclaim;

import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import org.jspecify.annotations.Nullable;

/**
 * Makes the ResourceClaims that pods ask for by template, tells each pod what its claims are called, and takes claims back from pods that
 * don't run any more: the reference's {@code resourceclaim-controller}. Claims made for a pod go with it.
 */
public final class ResourceClaimController implements Controller {
    private static final int WORKERS = 10;
    private @Nullable ControlLoop<Key> loop;

    /** A pod, or a claim. */
    record Key(boolean isPod, ObjectKey object) {}

    @Override
    public String name() {
        return "resourceclaim-controller";
    }

    @Override
    public String eventSource() {
        return "resource_claim";
    }

    @Override
    public void start(Context context) {
        ControlLoop<Key> created = new ControlLoop<>(context.kernel(), name(), WORKERS);
        PodClaims pods = new PodClaims(context, created);
        ClaimRelease claims = new ClaimRelease(context, created, pods.pods, pods.claims);
        loop = created.<Pod>watch(pods.pods, (old, now, keys) -> {
                    Pod pod = now == null ? old : now;
                    if (pod == null || pod.getSpec().getResourceClaims().isEmpty()) {
                        return;
                    }
                    if (now == null || PodClaims.isDone(now)) {
                        PodClaims.namesOf(pod)
                                .forEach(name -> keys.accept(new Key(
                                        false, new ObjectKey(pod.getMetadata().getNamespace(), name))));
                    } else {
                        keys.accept(new Key(true, ObjectKey.of(now)));
                    }
                })
                .uses(pods.templates)
                .<ResourceClaim>watch(pods.claims, (old, now, keys) -> {
                    if (now != null) {
                        keys.accept(new Key(false, ObjectKey.of(now)));
                    }
                    ResourceClaim claim = now == null ? old : now;
                    if (claim != null) {
                        pods.podsOf(claim).forEach(pod -> keys.accept(new Key(true, pod)));
                    }
                })
                .start(key -> {
                    if (key.isPod) {
                        pods.sync(key);
                    } else {
                        claims.sync(key);
                    }
                    return Result.done();
                });
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
