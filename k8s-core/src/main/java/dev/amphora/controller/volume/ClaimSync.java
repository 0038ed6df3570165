package dev.amphora.controller.volume;

import static dev.amphora.controller.volume.StorageAnnotations.BETA_PROVISIONER;
import static dev.amphora.controller.volume.StorageAnnotations.BIND_COMPLETED;
import static dev.amphora.controller.volume.StorageAnnotations.BOUND_BY_CONTROLLER;
import static dev.amphora.controller.volume.StorageAnnotations.PROVISIONER;
import static dev.amphora.controller.volume.StorageAnnotations.SELECTED_NODE;
import static dev.amphora.controller.volume.StorageAnnotations.get;
import static dev.amphora.controller.volume.StorageAnnotations.has;
import static dev.amphora.controller.volume.StorageAnnotations.isEmpty;

import dev.amphora.client.ObjectKey;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the binder does about a claim. */
final class ClaimSync {
    private static final String IS_DEFAULT = "storageclass.kubernetes.io/is-default-class";
    private static final String WAS_DEFAULT = "storageclass.beta.kubernetes.io/is-default-class";

    private final BinderState state;
    private final Provisioning provisioning;
    private final Duration resync;

    ClaimSync(BinderState state, Provisioning provisioning, Duration resync) {
        this.state = state;
        this.provisioning = provisioning;
        this.resync = resync;
    }

    Result sync(StorageKey key, PersistentVolumeClaim found) {
        PersistentVolumeClaim claim = nameDriver(key, found);
        if (has(claim, BIND_COMPLETED)) {
            syncBound(key, claim);
            return Result.done();
        }
        if (isEmpty(claim.getSpec().getVolumeName())) {
            syncUnbound(key, claim);
        } else {
            syncNamed(key, claim);
        }
        return Result.requeueAfter(resync);
    }

    private PersistentVolumeClaim nameDriver(StorageKey key, PersistentVolumeClaim claim) {
        String maker = Objects.requireNonNullElse(
                get(claim, PROVISIONER), Objects.requireNonNullElse(get(claim, BETA_PROVISIONER), ""));
        Map<String, String> annotations = claim.getMetadata().getAnnotations();
        Map<String, String> wanted = CsiMigration.annotated(annotations, maker.isEmpty() ? null : maker);
        return Objects.equals(wanted, annotations)
                ? claim
                : state.update(
                        key,
                        new PersistentVolumeClaimBuilder(claim)
                                .editMetadata()
                                .withAnnotations(wanted)
                                .endMetadata()
                                .build());
    }

    /** Nobody said which volume it should be. */
    private void syncUnbound(StorageKey key, PersistentVolumeClaim claim) {
        StorageClass storageClass = classNamed(VolumeMatch.classOf(claim)).orElse(null);
        boolean scheduled = storageClass != null && "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode());
        PersistentVolume volume =
                VolumeMatch.best(claim, state.volumesFor(claim), scheduled).orElse(null);
        if (volume != null) {
            state.bind(key, claim, volume);
            return;
        }
        if (!VolumeMatch.hasClass(claim) && takesDefault(key, claim)) {
            // Its change brings it back.
            return;
        }
        if (scheduled && !has(claim, SELECTED_NODE)) {
            tellWhoIsAwaited(claim);
        } else if (!VolumeMatch.classOf(claim).isEmpty()) {
            provisioning.provision(key, claim, storageClass);
            return;
        } else {
            state.context
                    .events()
                    .normal(
                            claim,
                            "FailedBinding",
                            "no persistent volumes available for this claim and no storage class is set");
        }
        state.unbound(key, claim, "Pending");
    }

    private Optional<StorageClass> classNamed(String name) {
        return name.isEmpty() ? Optional.empty() : state.classes.find("", name);
    }

    /** Gives a claim without a class the default one, which may have come after it (KEP-3333). */
    private boolean takesDefault(StorageKey key, PersistentVolumeClaim claim) {
        String name = state.classes.list().stream()
                .filter(each -> "true".equals(get(each, IS_DEFAULT)) || "true".equals(get(each, WAS_DEFAULT)))
                .min(Comparator.comparing(
                                (StorageClass each) -> each.getMetadata().getCreationTimestamp())
                        .reversed()
                        .thenComparing(each -> each.getMetadata().getName()))
                .map(each -> each.getMetadata().getName())
                .orElse(null);
        if (name == null) {
            return false;
        }
        state.update(
                key,
                new PersistentVolumeClaimBuilder(claim)
                        .editSpec()
                        .withStorageClassName(name)
                        .endSpec()
                        .build());
        return true;
    }

    private void tellWhoIsAwaited(PersistentVolumeClaim claim) {
        List<String> waiting = state.podsOf(ObjectKey.of(claim)).stream()
                .filter(pod -> !Pods.isAssigned(pod))
                .map(pod -> pod.getMetadata().getName())
                .sorted()
                .toList();
        if (waiting.isEmpty()) {
            state.context
                    .events()
                    .normal(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            return;
        }
        state.context
                .events()
                .normal(
                        claim,
                        "WaitForPodScheduled",
                        "waiting for pod%s %s to be scheduled"
                                .formatted(waiting.size() == 1 ? "" : "s", String.join(",", waiting)));
    }

    /** Somebody said which volume it should be. */
    private void syncNamed(StorageKey key, PersistentVolumeClaim claim) {
        PersistentVolume volume =
                state.volumes.find("", claim.getSpec().getVolumeName()).orElse(null);
        String problem = volume == null ? "" : problemWith(claim, volume);
        if (volume == null || problem != null) {
            state.unbound(key, claim, "Pending");
        } else {
            state.bind(key, claim, volume);
        }
    }

    private @Nullable String problemWith(PersistentVolumeClaim claim, PersistentVolume volume) {
        String name = volume.getMetadata().getName();
        if (VolumeMatch.refersTo(volume.getSpec().getClaimRef(), claim)) {
            return null;
        }
        if (volume.getSpec().getClaimRef() != null) {
            String message = has(claim, BOUND_BY_CONTROLLER)
                    ? "volume \"%s\" already bound to a different claim by controller.".formatted(name)
                    : "volume \"%s\" already bound to a different claim.".formatted(name);
            state.context.events().warning(claim, "FailedBinding", message);
            return message;
        }
        String mismatch = VolumeMatch.mismatch(claim, volume).orElse(null);
        if (mismatch != null) {
            state.context
                    .events()
                    .warning(
                            claim,
                            "VolumeMismatch",
                            "Cannot bind to requested volume \"%s\": %s".formatted(name, mismatch));
        }
        return mismatch;
    }

    private void syncBound(StorageKey key, PersistentVolumeClaim claim) {
        String name = claim.getSpec().getVolumeName();
        PersistentVolume volume =
                isEmpty(name) ? null : state.volumes.find("", name).orElse(null);
        if (volume == null) {
            String what = isEmpty(name) ? "reference to PersistentVolume" : "its PersistentVolume";
            lose(key, claim, "ClaimLost", "Bound claim has lost %s. Data on the volume is lost!".formatted(what));
        } else if (volume.getSpec().getClaimRef() == null
                || VolumeMatch.refersTo(volume.getSpec().getClaimRef(), claim)) {
            state.bind(key, claim, volume);
        } else {
            lose(key, claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
        }
    }

    private void lose(StorageKey key, PersistentVolumeClaim claim, String reason, String message) {
        if (claim.getStatus() == null || !"Lost".equals(claim.getStatus().getPhase())) {
            state.unbound(key, claim, "Lost");
            state.context.events().warning(claim, reason, message);
        }
    }
}
