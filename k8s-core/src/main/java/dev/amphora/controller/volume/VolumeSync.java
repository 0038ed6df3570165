package dev.amphora.controller.volume;

import static dev.amphora.controller.volume.StorageAnnotations.DELETION_PROTECTION;
import static dev.amphora.controller.volume.StorageAnnotations.EXTERNAL_PROTECTION;
import static dev.amphora.controller.volume.StorageAnnotations.MIGRATED_TO;
import static dev.amphora.controller.volume.StorageAnnotations.PROVISIONED_BY;
import static dev.amphora.controller.volume.StorageAnnotations.get;
import static dev.amphora.controller.volume.StorageAnnotations.has;
import static dev.amphora.controller.volume.StorageAnnotations.isEmpty;

import dev.amphora.client.DeleteOptions;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the binder does about a volume. */
final class VolumeSync {
    private static final String IN_TREE = "kubernetes.io/";
    private static final Pattern DELETABLE = Pattern.compile("/tmp/.+");

    private final BinderState state;
    private final Recycler recycler;
    private final Duration resync;

    VolumeSync(BinderState state, Duration resync) {
        this.state = state;
        this.recycler = new Recycler(state);
        this.resync = resync;
    }

    Result sync(StorageKey key, PersistentVolume found) {
        PersistentVolume volume = protect(key, found);
        ObjectReference reference = volume.getSpec().getClaimRef();
        if (reference == null || isEmpty(reference.getUid())) {
            state.phase(key, volume, "Available");
            return Result.done();
        }
        PersistentVolumeClaim claim = claimOf(volume, reference).orElse(null);
        if (claim == null) {
            return reclaim(key, release(key, volume));
        }
        if (isEmpty(claim.getSpec().getVolumeName())) {
            if (VolumeMatch.isOfOtherMode(claim, volume)) {
                tellOfModes(claim, volume);
            } else {
                state.loop.add(StorageKey.of(claim));
            }
        } else if (claim.getSpec().getVolumeName().equals(volume.getMetadata().getName())) {
            state.phase(key, volume, "Bound");
        } else if (has(volume, PROVISIONED_BY)
                && "Delete".equals(volume.getSpec().getPersistentVolumeReclaimPolicy())) {
            // It was made for this claim, which has found another: nobody needs it.
            return reclaim(key, release(key, volume));
        } else {
            state.unbind(key, volume);
        }
        return Result.done();
    }

    private PersistentVolume release(StorageKey key, PersistentVolume volume) {
        // A failure stays visible while it is tried again.
        return VolumeMatch.phase(volume).equals("Failed") ? volume : state.phase(key, volume, "Released");
    }

    /** The claim that a volume is bound to; asked of the server if it seems to be gone, since that may cost data. */
    private Optional<PersistentVolumeClaim> claimOf(PersistentVolume volume, ObjectReference reference) {
        Optional<PersistentVolumeClaim> seen = state.claims
                .find(reference.getNamespace(), reference.getName())
                .filter(claim -> reference.getUid().equals(claim.getMetadata().getUid()));
        String phase = VolumeMatch.phase(volume);
        return seen.isPresent() || phase.equals("Released") || phase.equals("Failed")
                ? seen
                : state.context
                        .client()
                        .find(state.claims.type(), reference.getNamespace(), reference.getName())
                        .filter(claim ->
                                reference.getUid().equals(claim.getMetadata().getUid()));
    }

    private void tellOfModes(PersistentVolumeClaim claim, PersistentVolume volume) {
        state.context
                .events()
                .warning(
                        volume,
                        "VolumeMismatch",
                        "Cannot bind PersistentVolume to requested PersistentVolumeClaim \"%s\" due to incompatible volumeMode."
                                .formatted(claim.getMetadata().getName()));
        state.context
                .events()
                .warning(
                        claim,
                        "VolumeMismatch",
                        "Cannot bind PersistentVolume \"%s\" to requested PersistentVolumeClaim due to incompatible volumeMode."
                                .formatted(volume.getMetadata().getName()));
    }

    /**
     * Names the driver that has taken over, and keeps the finalizer of volumes made here in line with their policy (KEP-2644): one that
     * is to be deleted with what it stands for must not go before.
     */
    private PersistentVolume protect(StorageKey key, PersistentVolume volume) {
        String maker = get(volume, PROVISIONED_BY);
        if (maker == null || maker.isEmpty()) {
            return volume;
        }
        Map<String, String> annotations = volume.getMetadata().getAnnotations();
        Map<String, String> wanted = CsiMigration.annotated(annotations, maker);
        List<String> before = volume.getMetadata().getFinalizers();
        List<String> finalizers = new ArrayList<>(before);
        if (CsiMigration.driverOf(maker).isPresent()) {
            finalizers.remove(DELETION_PROTECTION);
        } else if (maker.startsWith(IN_TREE)) {
            if (!"Delete".equals(volume.getSpec().getPersistentVolumeReclaimPolicy())) {
                finalizers.remove(DELETION_PROTECTION);
            } else if (!finalizers.contains(DELETION_PROTECTION) && !Pods.isTerminating(volume)) {
                finalizers.add(DELETION_PROTECTION);
            }
            finalizers.remove(EXTERNAL_PROTECTION);
        }
        if (finalizers.equals(before) && Objects.equals(annotations, wanted)) {
            return volume;
        }
        return state.update(
                key,
                new PersistentVolumeBuilder(volume)
                        .editMetadata()
                        .withAnnotations(wanted)
                        .withFinalizers(finalizers)
                        .endMetadata()
                        .build());
    }

    private Result reclaim(StorageKey key, PersistentVolume volume) {
        if (has(volume, MIGRATED_TO)) {
            return Result.done();
        }
        switch (Objects.requireNonNullElse(volume.getSpec().getPersistentVolumeReclaimPolicy(), "Retain")) {
            case "Delete":
                return delete(key, volume);
            case "Recycle":
                recycler.recycle(key, volume);
                return Result.requeueAfter(resync);
            default:
                return Result.done();
        }
    }

    /** Deletes a volume that nobody claims any more, if it was made in the cluster itself. */
    private Result delete(StorageKey key, PersistentVolume volume) {
        String maker = get(volume, PROVISIONED_BY);
        if (maker != null && !maker.isEmpty() && !maker.startsWith(IN_TREE)) {
            // Whoever made it deletes it.
            return Result.done();
        }
        String problem = problemWithDeleting(volume, maker == null ? "" : maker);
        if (!problem.isEmpty()) {
            state.fail(key, volume, "VolumeFailedDelete", problem);
            return Result.requeueAfter(resync);
        }
        PersistentVolume current = volume;
        if (volume.getMetadata().getFinalizers().contains(DELETION_PROTECTION)) {
            current = state.update(
                    key,
                    new PersistentVolumeBuilder(volume)
                            .editMetadata()
                            .removeFromFinalizers(DELETION_PROTECTION)
                            .endMetadata()
                            .build());
        }
        if (!Pods.isTerminating(volume)) {
            state.context
                    .client()
                    .delete(
                            state.volumes.type(),
                            null,
                            key.name(),
                            DeleteOptions.defaults()
                                    .onlyUid(volume.getMetadata().getUid()));
            state.loop.deleted(key, state.volumes, current);
        }
        return Result.done();
    }

    private static String problemWithDeleting(PersistentVolume volume, String maker) {
        if (!maker.isEmpty() && !maker.equals(Provisioning.HOST_PATH)) {
            return "no volume plugin matched name: " + maker;
        }
        if (volume.getSpec().getHostPath() == null) {
            return maker.isEmpty()
                    ? "error getting deleter volume plugin for volume \"%s\": %s"
                            .formatted(
                                    volume.getMetadata().getName(),
                                    volume.getSpec().getNfs() == null
                                            ? "no volume plugin matched"
                                            : "no deletable volume plugin matched")
                    : "spec.PersistentVolumeSource.HostPath is nil";
        }
        String path = volume.getSpec().getHostPath().getPath();
        return path != null && DELETABLE.matcher(path).matches()
                ? ""
                : "host_path deleter only supports /tmp/.+ but received provided " + path;
    }
}
