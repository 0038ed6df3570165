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
        return Objects.requireNonNullElse(
                StorageAnnotations.get(claim, StorageAnnotations.BETA_CLASS),
                Objects.requireNonNullElse(claim.getSpec().getStorageClassName(), ""));
    }

    static String classOf(PersistentVolume volume) {
        return Objects.requireNonNullElse(
                StorageAnnotations.get(volume, StorageAnnotations.BETA_CLASS),
                Objects.requireNonNullElse(volume.getSpec().getStorageClassName(), ""));
    }

    /** Whether a claim says anything about its class, be it that it wants none. */
    static boolean hasClass(PersistentVolumeClaim claim) {
        return claim.getSpec().getStorageClassName() != null
                || StorageAnnotations.has(claim, StorageAnnotations.BETA_CLASS);
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

    /**
     * The volume that waits for this claim, whatever its class, or else the smallest free one that is large enough (PV-2).
     *
     * @param reserved whether only those count that wait for this claim: the others are the scheduler's to choose
     */
    static Optional<PersistentVolume> best(
            PersistentVolumeClaim claim, List<PersistentVolume> volumes, boolean reserved) {
        PersistentVolume best = null;
        for (PersistentVolume volume : volumes) {
            if (unfit(claim, volume).isPresent()) {
                continue;
            }
            if (refersTo(volume.getSpec().getClaimRef(), claim)) {
                return Optional.of(volume);
            }
            if (!reserved
                    && volume.getSpec().getClaimRef() == null
                    && phase(volume).equals("Available")
                    && classOf(claim).equals(classOf(volume))
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

    /** Why a claim cannot have a volume that it names; empty if it can. */
    static Optional<String> mismatch(PersistentVolumeClaim claim, PersistentVolume volume) {
        return unfit(claim, volume)
                .or(() -> classOf(claim).equals(classOf(volume))
                        ? Optional.empty()
                        : Optional.of("storageClassName does not match"));
    }

    private static Optional<String> unfit(PersistentVolumeClaim claim, PersistentVolume volume) {
        if (Pods.isTerminating(volume)) {
            return Optional.of("the volume is marked for deletion \"%s\""
                    .formatted(volume.getMetadata().getName()));
        }
        if (storage(volume.getSpec().getCapacity()).compareTo(request(claim)) < 0) {
            return Optional.of("requested PV is too small");
        }
        if (isOfOtherMode(claim, volume)) {
            return Optional.of("incompatible volumeMode");
        }
        if (!volume.getSpec().getAccessModes().containsAll(claim.getSpec().getAccessModes())) {
            return Optional.of("incompatible accessMode");
        }
        if (!Objects.requireNonNullElse(claim.getSpec().getVolumeAttributesClassName(), "")
                .equals(Objects.requireNonNullElse(volume.getSpec().getVolumeAttributesClassName(), ""))) {
            return Optional.of("volumeAttributesClassName does not match");
        }
        return Optional.empty();
    }

    static boolean isOfOtherMode(PersistentVolumeClaim claim, PersistentVolume volume) {
        return !mode(claim.getSpec().getVolumeMode())
                .equals(mode(volume.getSpec().getVolumeMode()));
    }

    /** How much storage a claim asks for. */
    static Quantity requested(PersistentVolumeClaim claim) {
        Quantity storage = claim.getSpec().getResources() == null
                        || claim.getSpec().getResources().getRequests() == null
                ? null
                : claim.getSpec().getResources().getRequests().get("storage");
        return storage == null ? new Quantity("0") : storage;
    }

    private static String mode(@Nullable String mode) {
        return mode == null ? "Filesystem" : mode;
    }

    static Amount request(PersistentVolumeClaim claim) {
        return Amount.parse(requested(claim).toString());
    }

    static Amount storage(@Nullable Map<String, Quantity> amounts) {
        Quantity storage = amounts == null ? null : amounts.get("storage");
        return storage == null ? Amount.ZERO : Amount.parse(storage.toString());
    }
}
