package dev.amphora.controller.volume;

import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Lets claims and volumes go that are being deleted, once nobody uses them any more: the reference's
 * {@code persistentvolumeclaim-protection-controller} and {@code persistentvolume-protection-controller}.
 */
public final class StorageProtection implements Controller {
    private static final String BY_CLAIM = "claim";

    private final boolean ofClaims;
    private @Nullable ControlLoop<ObjectKey> loop;

    private StorageProtection(boolean ofClaims) {
        this.ofClaims = ofClaims;
    }

    /** Protects claims that pods use. */
    public static StorageProtection ofClaims() {
        return new StorageProtection(true);
    }

    /** Protects volumes that are bound. */
    public static StorageProtection ofVolumes() {
        return new StorageProtection(false);
    }

    @Override
    public String name() {
        return ofClaims ? "persistentvolumeclaim-protection-controller" : "persistentvolume-protection-controller";
    }

    @Override
    public void start(Context context) {
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), 1);
        if (ofClaims) {
            Informer<Pod> pods = context.informers().of(Pod.class);
            pods.addIndex(BY_CLAIM, StorageProtection::claimsOf);
            created.<Pod>watch(pods, (old, now, keys) -> {
                Pod pod = now == null ? old : now;
                if (pod != null && (now == null || Pods.isTerminal(now))) {
                    for (String claim : claimsOf(pod)) {
                        keys.accept(new ObjectKey(
                                pod.getMetadata().getNamespace(), claim.substring(claim.indexOf('/') + 1)));
                    }
                }
            });
            loop = protect(
                    created,
                    context,
                    context.informers().of(PersistentVolumeClaim.class),
                    "kubernetes.io/pvc-protection",
                    claim -> pods
                            .byIndex(
                                    BY_CLAIM,
                                    claim.getMetadata().getNamespace() + "/"
                                            + claim.getMetadata().getName())
                            .stream()
                            .anyMatch(pod -> !Pods.isTerminal(pod)));
        } else {
            loop = protect(
                    created,
                    context,
                    context.informers().of(PersistentVolume.class),
                    "kubernetes.io/pv-protection",
                    volume -> VolumeMatch.phase(volume).equals("Bound"));
        }
    }

    private static List<String> claimsOf(Pod pod) {
        List<String> claims = new ArrayList<>();
        String namespace = pod.getMetadata().getNamespace();
        for (Volume volume : pod.getSpec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                claims.add(namespace + "/" + volume.getPersistentVolumeClaim().getClaimName());
            } else if (volume.getEphemeral() != null) {
                claims.add(namespace + "/" + pod.getMetadata().getName() + "-" + volume.getName());
            }
        }
        return claims;
    }

    private static <T extends HasMetadata> ControlLoop<ObjectKey> protect(
            ControlLoop<ObjectKey> loop,
            Context context,
            Informer<T> informer,
            String finalizer,
            Predicate<? super T> isUsed) {
        return loop.watch(informer, KeyMapper.self(ObjectKey::of)).start(key -> {
            T object = informer.find(key).orElse(null);
            if (object != null
                    && Pods.isTerminating(object)
                    && object.getMetadata().getFinalizers() != null
                    && object.getMetadata().getFinalizers().contains(finalizer)
                    && !isUsed.test(object)) {
                release(context, object, finalizer);
            }
            return Result.done();
        });
    }

    private static <T extends HasMetadata> void release(Context context, T object, String finalizer) {
        T released = Json.copy(object);
        released.getMetadata()
                .setFinalizers(object.getMetadata().getFinalizers().stream()
                        .filter(each -> !each.equals(finalizer))
                        .toList());
        try {
            context.client().update(released);
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
