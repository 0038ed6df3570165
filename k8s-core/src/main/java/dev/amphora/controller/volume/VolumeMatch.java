package dev.amphora.controller.volume;

import dev.amphora.api.Amount;
import dev.amphora.api.Selector;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which volume suits a claim. */
final class VolumeMatch {
    private VolumeMatch() {}

    static String classOf(PersistentVolumeClaim claim) {
        return Objects.requireNonNullElse(claim.getSpec().getStorageClassName(), "");
    }

    static String classOf(PersistentVolume volume) {
        return Objects.requireNonNullElse(volume.getSpec().getStorageClassName(), "");
    }

    static String phase(PersistentVolume volume) {
        return volume.getStatus() == null || volume.getStatus().getPhase() == null
                ? "Pending"
                : volume.getStatus().getPhase();
    }

    /** Whether a volume names a claim, and either no uid or the claim's. */
    static boolean refersTo(@Nullable ObjectReference reference, PersistentVolumeClaim claim) {
        return reference != null
                && claim.getMetadata().getName().equals(reference.getName())
                && claim.getMetadata().getNamespace().equals(reference.getNamespace())
                && (reference.getUid() == null
                        || reference.getUid().isEmpty()
                        || reference.getUid().equals(claim.getMetadata().getUid()));
    }

    /** The volume that waits for this claim, or else the smallest free one that is large enough. */
    static Optional<PersistentVolume> best(PersistentVolumeClaim claim, List<PersistentVolume> volumes) {
        PersistentVolume best = null;
        for (PersistentVolume volume : volumes) {
            if (Pods.isTerminating(volume) || mismatch(claim, volume).isPresent()) {
                continue;
            }
            if (refersTo(volume.getSpec().getClaimRef(), claim)) {
                return Optional.of(volume);
            }
            if (volume.getSpec().getClaimRef() == null
                    && phase(volume).equals("Available")
                    && selects(claim, volume)
                    && (best == null || smaller(volume, best))) {
                best = volume;
            }
        }
        return Optional.ofNullable(best);
    }

    private static boolean smaller(PersistentVolume one, PersistentVolume other) {
        int order = storage(one.getSpec().getCapacity())
                .compareTo(storage(other.getSpec().getCapacity()));
        return order != 0
                ? order < 0
                : one.getMetadata().getName().compareTo(other.getMetadata().getName()) < 0;
    }

    private static boolean selects(PersistentVolumeClaim claim, PersistentVolume volume) {
        return claim.getSpec().getSelector() == null
                || Selector.of(claim.getSpec().getSelector())
                        .matches(volume.getMetadata().getLabels());
    }

    /** Why a claim cannot have a volume whoever asks; empty if it can. */
    static Optional<String> mismatch(PersistentVolumeClaim claim, PersistentVolume volume) {
        if (storage(volume.getSpec().getCapacity()).compareTo(request(claim)) < 0) {
            return Optional.of("requested PV is too small");
        }
        if (!classOf(claim).equals(classOf(volume))) {
            return Optional.of("storageClassName does not match");
        }
        if (!mode(claim.getSpec().getVolumeMode()).equals(mode(volume.getSpec().getVolumeMode()))) {
            return Optional.of("incompatible volumeMode");
        }
        if (!volume.getSpec().getAccessModes().containsAll(claim.getSpec().getAccessModes())) {
            return Optional.of("incompatible accessMode");
        }
        return Optional.empty();
    }

    private static String mode(@Nullable String mode) {
        return mode == null ? "Filesystem" : mode;
    }

    private static Amount request(PersistentVolumeClaim claim) {
        return claim.getSpec().getResources() == null
                ? Amount.ZERO
                : storage(claim.getSpec().getResources().getRequests());
    }

    private static Amount storage(@Nullable Map<String, Quantity> amounts) {
        Quantity storage = amounts == null ? null : amounts.get("storage");
        return storage == null ? Amount.ZERO : Amount.parse(storage.toString());
    }
}
