package dev.amphora.controller.volume;

import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Binds claims and volumes to each other in two steps, the volume first, makes volumes of host paths for claims, and takes back those
 * that nobody claims any more: the reference's {@code persistentvolume-binder-controller}. A crash between two steps heals, since each
 * looks only at what is there.
 */
public final class PersistentVolumeBinder implements Controller {
    private static final int WORKERS = 2;
    /** How often claims that wait are looked at again, by default. */
    public static final Duration RESYNC = Duration.ofSeconds(15);

    private final Duration resync;
    private final boolean makesHostPaths;
    private @Nullable ControlLoop<StorageKey> loop;

    /**
     * A binder.
     *
     * @param resync how often claims that wait are looked at again
     * @param makesHostPaths whether volumes are made for the provisioner {@code kubernetes.io/host-path}, the reference's
     *     {@code --enable-hostpath-provisioner}
     */
    public PersistentVolumeBinder(Duration resync, boolean makesHostPaths) {
        this.resync = resync;
        this.makesHostPaths = makesHostPaths;
    }

    @Override
    public String name() {
        return "persistentvolume-binder-controller";
    }

    @Override
    public String eventSource() {
        return "persistentvolume-controller";
    }

    @Override
    public void start(Context context) {
        ControlLoop<StorageKey> created = new ControlLoop<>(context.kernel(), name(), WORKERS);
        BinderState state = new BinderState(context, created);
        ClaimSync claims = new ClaimSync(state, new Provisioning(state, makesHostPaths), resync);
        VolumeSync volumes = new VolumeSync(state, resync);
        loop = created.<Pod>watch(state.pods, (old, now, keys) -> ofRecycler(now == null ? old : now, keys))
                .uses(state.classes)
                .uses(state.nodes)
                .<PersistentVolume>watch(
                        state.volumes, (old, now, keys) -> ofVolume(state, now == null ? old : now, keys))
                .<PersistentVolumeClaim>watch(
                        state.claims, (old, now, keys) -> ofClaim(state, now == null ? old : now, keys))
                .start(key -> {
                    if (key.namespace().isEmpty()) {
                        PersistentVolume volume =
                                state.volumes.find("", key.name()).orElse(null);
                        return volume == null ? Result.done() : volumes.sync(key, volume);
                    }
                    PersistentVolumeClaim claim = state.claims
                            .find(new ObjectKey(key.namespace(), key.name()))
                            .orElse(null);
                    return claim == null ? Result.done() : claims.sync(key, claim);
                });
    }

    private static void ofRecycler(@Nullable Pod pod, Consumer<StorageKey> keys) {
        if (pod != null) {
            Recycler.volumeOf(pod).map(StorageKey::ofVolume).ifPresent(keys);
        }
    }

    private static void ofVolume(BinderState state, @Nullable PersistentVolume volume, Consumer<StorageKey> keys) {
        if (volume == null) {
            return;
        }
        keys.accept(StorageKey.of(volume));
        state.claimsOn(volume).forEach(claim -> keys.accept(StorageKey.of(claim)));
        if (volume.getSpec().getClaimRef() == null && VolumeMatch.phase(volume).equals("Available")) {
            state.claimsWaitingFor(volume).forEach(claim -> keys.accept(StorageKey.of(claim)));
        }
    }

    /** A claim may go, or find another volume, before it names the one that is reserved for it. */
    private static void ofClaim(BinderState state, @Nullable PersistentVolumeClaim claim, Consumer<StorageKey> keys) {
        if (claim == null) {
            return;
        }
        keys.accept(StorageKey.of(claim));
        if (!StorageAnnotations.isEmpty(claim.getSpec().getVolumeName())) {
            keys.accept(StorageKey.ofVolume(claim.getSpec().getVolumeName()));
        }
        state.volumesReservedFor(claim).forEach(volume -> keys.accept(StorageKey.of(volume)));
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
