package dev.amphora.controller.resourceclaim;

import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Disruption;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Evicts pods that use a device with a NoExecute taint that their claim doesn't bear, in time (KEP-5055): the reference's
 * {@code device-taint-eviction-controller}. Taints are those of ResourceSlices; DeviceTaintRules are behind a gate that is off by default
 * in the reference.
 */
public final class DeviceTaintEviction implements Controller {
    private static final Disruption DISRUPTION =
            new Disruption("DeletionByDeviceTaintManager", "Device Taint manager: deleting due to NoExecute taint");
    private static final String BY_POOL = "device-pool";
    private static final int WORKERS = 8;

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "device-taint-eviction-controller";
    }

    @Override
    public void start(Context context) {
        loop = new Run(context, name()).loop;
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    private static final class Run {
        private final Context context;
        private final Informer<Pod> pods;
        private final Informer<ResourceClaim> claims;
        private final Informer<ResourceSlice> slices;
        /** The pods that will be evicted, by uid, if nothing changes. */
        private final Map<ObjectKey, String> pending = new ConcurrentHashMap<>();

        private final ControlLoop<ObjectKey> loop;

        Run(Context context, String name) {
            this.context = context;
            this.pods = context.informers().of(Pod.class);
            this.claims = context.informers().of(ResourceClaim.class);
            this.slices = context.informers().of(ResourceSlice.class);
            slices.addIndex(BY_POOL, slice -> List.of(DeviceTaints.poolOf(slice)));
            claims.addIndex(BY_POOL, claim -> List.copyOf(DeviceTaints.poolsOf(claim)));
            this.loop = new ControlLoop<>(context.kernel(), name, WORKERS);
            loop.<Pod>watch(pods, (old, now, keys) -> {
                        if (now == null && old != null) {
                            pending.remove(ObjectKey.of(old));
                        } else if (now != null
                                && !now.getSpec().getResourceClaims().isEmpty()) {
                            keys.accept(ObjectKey.of(now));
                        }
                    })
                    .<ResourceClaim>watch(claims, (old, now, keys) -> {
                        consumersOf(old, keys);
                        consumersOf(now, keys);
                    })
                    .<ResourceSlice>watch(slices, this::ofSlice)
                    .start(this::reconcile);
        }

        private static void consumersOf(@Nullable ResourceClaim claim, Consumer<ObjectKey> keys) {
            if (claim == null || claim.getStatus() == null) {
                return;
            }
            for (ResourceClaimConsumerReference each : claim.getStatus().getReservedFor()) {
                if ("pods".equals(each.getResource())) {
                    keys.accept(new ObjectKey(claim.getMetadata().getNamespace(), each.getName()));
                }
            }
        }

        private void ofSlice(@Nullable ResourceSlice old, @Nullable ResourceSlice now, Consumer<ObjectKey> keys) {
            if (old != null && now != null && DeviceTaints.isAlike(old, now)) {
                return;
            }
            Set<String> pools = new HashSet<>();
            if (old != null) {
                pools.add(DeviceTaints.poolOf(old));
            }
            if (now != null) {
                pools.add(DeviceTaints.poolOf(now));
            }
            for (String pool : pools) {
                claims.byIndex(BY_POOL, pool).forEach(claim -> consumersOf(claim, keys));
            }
        }

        private Result reconcile(ObjectKey key) {
            Pod pod = pods.find(key).orElse(null);
            if (pod == null || !Pods.isAssigned(pod) || Pods.isTerminal(pod) || Pods.isTerminating(pod)) {
                pending.remove(key);
                return Result.done();
            }
            Instant due = due(pod);
            if (due == null) {
                if (pod.getMetadata().getUid().equals(pending.remove(key))) {
                    event(key, pod, "Cancelling deletion");
                }
                return Result.done();
            }
            pending.put(key, pod.getMetadata().getUid());
            Instant now = context.kernel().instant();
            if (due.isAfter(now)) {
                return Result.requeueAfter(Duration.between(now, due));
            }
            event(key, pod, "Marking for deletion");
            Disruption.delete(context.client(), pod, DISRUPTION, false, now);
            pending.remove(key);
            loop.deleted(key, pods, pod);
            return Result.done();
        }

        /** When a pod has to go; null if it may stay. */
        private @Nullable Instant due(Pod pod) {
            Instant due = null;
            for (PodResourceClaim each : pod.getSpec().getResourceClaims()) {
                String name = each.getResourceClaimName() != null
                        ? each.getResourceClaimName()
                        : PodClaims.told(pod, each.getName());
                ResourceClaim claim = name == null
                        ? null
                        : claims.find(pod.getMetadata().getNamespace(), name).orElse(null);
                if (claim == null
                        || each.getResourceClaimName() == null && !OwnerReferences.isControlledBy(claim, pod)
                        || !isReserved(claim, pod)) {
                    continue;
                }
                Instant of = DeviceTaints.due(claim, pool -> slices.byIndex(BY_POOL, pool));
                if (of != null && (due == null || of.isBefore(due))) {
                    due = of;
                }
            }
            return due;
        }

        private static boolean isReserved(ResourceClaim claim, Pod pod) {
            return claim.getStatus() != null
                    && claim.getStatus().getReservedFor().stream()
                            .anyMatch(each -> pod.getMetadata().getUid().equals(each.getUid()));
        }

        private void event(ObjectKey key, Pod pod, String message) {
            context.events()
                    .record(
                            new ObjectReferenceBuilder()
                                    .withApiVersion("v1")
                                    .withKind("Pod")
                                    .withNamespace(key.namespace())
                                    .withName(key.name())
                                    .withUid(pod.getMetadata().getUid())
                                    .build(),
                            "Normal",
                            "DeviceTaintManagerEviction",
                            message);
        }
    }
}
