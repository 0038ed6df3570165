package dev.amphora.controller.volume;

import static dev.amphora.controller.volume.StorageAnnotations.BIND_COMPLETED;
import static dev.amphora.controller.volume.StorageAnnotations.BOUND_BY_CONTROLLER;
import static dev.amphora.controller.volume.StorageAnnotations.has;
import static dev.amphora.controller.volume.StorageAnnotations.isEmpty;

import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller.Context;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatus;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the binder sees, and the writes that its two halves, claims and volumes, share. Each returns what is there after it. */
final class BinderState {
    private static final String WAITING = "waiting";
    private static final String BY_VOLUME = "volume";
    private static final String BY_CLASS = "class";
    private static final String BY_CLAIM = "claims";
    private static final String RESERVED = "reserved";

    final Context context;
    final ControlLoop<StorageKey> loop;
    final Informer<PersistentVolume> volumes;
    final Informer<PersistentVolumeClaim> claims;
    final Informer<Pod> pods;
    final Informer<StorageClass> classes;
    final Informer<Node> nodes;

    BinderState(Context context, ControlLoop<StorageKey> loop) {
        this.context = context;
        this.loop = loop;
        this.volumes = context.informers().of(PersistentVolume.class);
        this.claims = context.informers().of(PersistentVolumeClaim.class);
        this.pods = context.informers().of(Pod.class);
        this.classes = context.informers().of(StorageClass.class);
        this.nodes = context.informers().of(Node.class);
        pods.addIndex(BY_CLAIM, BinderState::claimsOf);
        claims.addIndex(WAITING, claim -> has(claim, BIND_COMPLETED) ? List.of() : List.of(VolumeMatch.classOf(claim)));
        claims.addIndex(
                BY_VOLUME,
                claim -> isEmpty(claim.getSpec().getVolumeName())
                        ? List.of()
                        : List.of(claim.getSpec().getVolumeName()));
        volumes.addIndex(BY_CLASS, volume -> List.of(VolumeMatch.classOf(volume)));
        volumes.addIndex(
                RESERVED,
                volume -> volume.getSpec().getClaimRef() == null
                        ? List.of()
                        : List.of(new ObjectKey(
                                        Objects.requireNonNullElse(
                                                volume.getSpec().getClaimRef().getNamespace(), ""),
                                        volume.getSpec().getClaimRef().getName())
                                .toString()));
    }

    private static List<String> claimsOf(Pod pod) {
        List<String> claims = new ArrayList<>();
        for (Volume volume : pod.getSpec().getVolumes()) {
            String name = volume.getPersistentVolumeClaim() != null
                    ? volume.getPersistentVolumeClaim().getClaimName()
                    : volume.getEphemeral() != null ? pod.getMetadata().getName() + "-" + volume.getName() : "";
            if (!name.isEmpty()) {
                claims.add(new ObjectKey(pod.getMetadata().getNamespace(), name).toString());
            }
        }
        return claims;
    }

    /** The claims that name a volume. */
    List<PersistentVolumeClaim> claimsOn(PersistentVolume volume) {
        return claims.byIndex(BY_VOLUME, volume.getMetadata().getName());
    }

    /** The claims that a volume of some class might suit. */
    List<PersistentVolumeClaim> claimsWaitingFor(PersistentVolume volume) {
        return claims.byIndex(WAITING, VolumeMatch.classOf(volume));
    }

    /** The volumes that a claim might have: those of its class, and those that name it. */
    List<PersistentVolume> volumesFor(PersistentVolumeClaim claim) {
        return Stream.concat(
                        volumesReservedFor(claim).stream(),
                        volumes.byIndex(BY_CLASS, VolumeMatch.classOf(claim)).stream())
                .distinct()
                .toList();
    }

    /** The volumes that refer to a claim of this name. */
    List<PersistentVolume> volumesReservedFor(PersistentVolumeClaim claim) {
        return volumes.byIndex(RESERVED, ObjectKey.of(claim).toString());
    }

    /** The pods of a claim that have not ended. */
    List<Pod> podsOf(ObjectKey claim) {
        return pods.byIndex(BY_CLAIM, claim.toString()).stream()
                .filter(pod -> !Pods.isTerminal(pod))
                .toList();
    }

    PersistentVolumeClaim update(StorageKey key, PersistentVolumeClaim claim) {
        PersistentVolumeClaim written = context.client().update(claim);
        loop.wrote(key, claims, written);
        return written;
    }

    PersistentVolume update(StorageKey key, PersistentVolume volume) {
        PersistentVolume written = context.client().update(volume);
        loop.wrote(key, volumes, written);
        return written;
    }

    /** Says that a claim has no volume: Pending or Lost. */
    void unbound(StorageKey key, PersistentVolumeClaim claim, String phase) {
        PersistentVolumeClaimStatus before =
                Objects.requireNonNullElseGet(claim.getStatus(), PersistentVolumeClaimStatus::new);
        PersistentVolumeClaimStatus status = before.edit()
                .withPhase(phase)
                .withAccessModes(List.of())
                .withCapacity(null)
                .build();
        if (!phase.equals(before.getPhase())
                || !before.getAccessModes().isEmpty()
                || before.getCapacity() != null && !before.getCapacity().isEmpty()) {
            writeStatus(key, claim, status);
        }
    }

    private void writeStatus(StorageKey key, PersistentVolumeClaim claim, PersistentVolumeClaimStatus status) {
        loop.wrote(
                key,
                claims,
                context.client()
                        .updateStatus(new PersistentVolumeClaimBuilder(claim)
                                .withStatus(status)
                                .build()));
    }

    PersistentVolume phase(StorageKey key, PersistentVolume volume, String phase) {
        return phase(key, volume, phase, null);
    }

    PersistentVolume phase(StorageKey key, PersistentVolume volume, String phase, @Nullable String message) {
        if (VolumeMatch.phase(volume).equals(phase)) {
            return volume;
        }
        PersistentVolumeStatus status = volume.getStatus() == null
                ? new PersistentVolumeStatus()
                : volume.getStatus().edit().build();
        status.setPhase(phase);
        status.setMessage(message);
        status.setReason(null);
        status.setLastPhaseTransitionTime(Pods.stamp(context.kernel().instant()));
        PersistentVolume written = context.client()
                .updateStatus(
                        new PersistentVolumeBuilder(volume).withStatus(status).build());
        loop.wrote(key, volumes, written);
        return written;
    }

    /** Says once that something went wrong with a volume. */
    void fail(StorageKey key, PersistentVolume volume, String reason, String message) {
        if (!VolumeMatch.phase(volume).equals("Failed")) {
            phase(key, volume, "Failed", message);
            context.events().warning(volume, reason, message);
        }
    }

    /** Binds the two, the volume first (PV-1): whatever of it is done already is left as it is. */
    void bind(StorageKey key, PersistentVolumeClaim claim, PersistentVolume volume) {
        PersistentVolume bound = volume;
        ObjectReference reference = volume.getSpec().getClaimRef();
        if (reference == null || isEmpty(reference.getUid())) {
            PersistentVolumeBuilder builder = new PersistentVolumeBuilder(volume);
            if (reference == null) {
                builder.editMetadata()
                        .addToAnnotations(BOUND_BY_CONTROLLER, "yes")
                        .endMetadata();
            }
            bound = update(
                    key,
                    builder.editSpec().withClaimRef(referTo(claim)).endSpec().build());
        }
        bindClaim(key, claim, phase(key, bound, "Bound"));
    }

    static ObjectReference referTo(PersistentVolumeClaim claim) {
        return new ObjectReferenceBuilder()
                .withKind("PersistentVolumeClaim")
                .withApiVersion("v1")
                .withNamespace(claim.getMetadata().getNamespace())
                .withName(claim.getMetadata().getName())
                .withUid(claim.getMetadata().getUid())
                .withResourceVersion(claim.getMetadata().getResourceVersion())
                .build();
    }

    private void bindClaim(StorageKey key, PersistentVolumeClaim claim, PersistentVolume volume) {
        PersistentVolumeClaim bound = claim;
        boolean chosen = isEmpty(claim.getSpec().getVolumeName());
        if (chosen || !has(claim, BIND_COMPLETED)) {
            PersistentVolumeClaimBuilder builder = new PersistentVolumeClaimBuilder(claim);
            builder.editSpec().withVolumeName(volume.getMetadata().getName()).endSpec();
            builder.editMetadata().addToAnnotations(BIND_COMPLETED, "yes").endMetadata();
            if (chosen) {
                builder.editMetadata()
                        .addToAnnotations(BOUND_BY_CONTROLLER, "yes")
                        .endMetadata();
            }
            bound = update(key, builder.build());
        }
        PersistentVolumeClaimStatus status = bound.getStatus() == null
                ? new PersistentVolumeClaimStatus()
                : bound.getStatus().edit().build();
        boolean isNew = !"Bound".equals(status.getPhase());
        if (isNew || !Objects.equals(status.getAccessModes(), volume.getSpec().getAccessModes())) {
            status.setPhase("Bound");
            status.setAccessModes(volume.getSpec().getAccessModes());
            if (isNew) {
                // Later it may differ on purpose: a file system that has not grown with its volume yet.
                status.setCapacity(volume.getSpec().getCapacity());
                if (!isEmpty(volume.getSpec().getVolumeAttributesClassName())) {
                    status.setCurrentVolumeAttributesClassName(volume.getSpec().getVolumeAttributesClassName());
                }
            }
            writeStatus(key, bound, status);
        }
    }

    /** Lets go of a claim: of one that a person chose only the uid, so that another by that name gets the volume. */
    void unbind(StorageKey key, PersistentVolume volume) {
        PersistentVolumeBuilder builder = new PersistentVolumeBuilder(volume);
        if (has(volume, BOUND_BY_CONTROLLER)) {
            builder.editMetadata().removeFromAnnotations(BOUND_BY_CONTROLLER).endMetadata();
            builder.editSpec().withClaimRef(null).endSpec();
        } else {
            builder.editSpec().editClaimRef().withUid(null).endClaimRef().endSpec();
        }
        phase(key, update(key, builder.build()), "Available");
    }
}
