package dev.amphora.controller.volume;

import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Binds claims and volumes to each other in two steps, the volume first, and says which volumes are free: the reference's
 * {@code persistentvolume-binder-controller}. A crash between the steps heals, since each step looks only at what is there.
 */
public final class PersistentVolumeBinder implements Controller {
    private static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
    private static final String BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
    private static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";
    private static final String PROVISIONER = "volume.kubernetes.io/storage-provisioner";
    private static final String BETA_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner";
    private static final String NO_PROVISIONER = "kubernetes.io/no-provisioner";
    private static final String WAITING = "waiting";
    private static final String BY_VOLUME = "volume";
    /** How often claims that wait are looked at again, by default. */
    public static final Duration RESYNC = Duration.ofSeconds(15);

    private final Duration resync;
    private @Nullable ControlLoop<Key> loop;

    /** @param resync how often claims that wait are looked at again */
    public PersistentVolumeBinder(Duration resync) {
        this.resync = resync;
    }

    /** A claim, or a volume if there is no namespace. */
    private record Key(String namespace, String name) {
        static Key of(PersistentVolume volume) {
            return new Key("", volume.getMetadata().getName());
        }

        static Key of(PersistentVolumeClaim claim) {
            return new Key(
                    claim.getMetadata().getNamespace(), claim.getMetadata().getName());
        }
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
        loop = new Executor(context, name(), resync).loop;
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    private static boolean has(@Nullable Map<String, String> annotations, String key) {
        return annotations != null && annotations.containsKey(key);
    }

    private static boolean isEmpty(@Nullable String text) {
        return text == null || text.isEmpty();
    }

    private static final int WORKERS = 2;
    private static final String BY_CLAIM = "claims";
    private static final String PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
    private static final Pattern DELETABLE = Pattern.compile("/tmp/.+");

    private static final class Executor {
        private final Context context;
        private final Duration resync;
        private final Informer<PersistentVolume> volumes;
        private final Informer<PersistentVolumeClaim> claims;
        private final Informer<Pod> pods;
        private final ControlLoop<Key> loop;

        Executor(Context context, String name, Duration resync) {
            this.resync = resync;
            this.context = context;
            this.volumes = context.informers().of(PersistentVolume.class);
            this.claims = context.informers().of(PersistentVolumeClaim.class);
            this.pods = context.informers().of(Pod.class);
            pods.addIndex(BY_CLAIM, Executor::claimsOf);
            claims.addIndex(
                    WAITING,
                    claim -> has(claim.getMetadata().getAnnotations(), BIND_COMPLETED)
                            ? List.of()
                            : List.of(VolumeMatch.classOf(claim)));
            claims.addIndex(
                    BY_VOLUME,
                    claim -> isEmpty(claim.getSpec().getVolumeName())
                            ? List.of()
                            : List.of(claim.getSpec().getVolumeName()));
            volumes.addIndex("class", volume -> List.of(VolumeMatch.classOf(volume)));
            this.loop = new ControlLoop<Key>(context.kernel(), name, WORKERS)
                    .uses(pods)
                    .<PersistentVolume>watch(volumes, (old, now, keys) -> ofVolume(now == null ? old : now, keys))
                    .<PersistentVolumeClaim>watch(claims, (old, now, keys) -> ofClaim(now == null ? old : now, keys));
            loop.start(this::reconcile);
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

        private void ofVolume(@Nullable PersistentVolume volume, Consumer<Key> keys) {
            if (volume == null) {
                return;
            }
            keys.accept(Key.of(volume));
            claims.byIndex(BY_VOLUME, volume.getMetadata().getName()).forEach(claim -> keys.accept(Key.of(claim)));
            if (volume.getSpec().getClaimRef() == null
                    && VolumeMatch.phase(volume).equals("Available")) {
                claims.byIndex(WAITING, VolumeMatch.classOf(volume)).forEach(claim -> keys.accept(Key.of(claim)));
            }
        }

        private void ofClaim(@Nullable PersistentVolumeClaim claim, Consumer<Key> keys) {
            if (claim == null) {
                return;
            }
            keys.accept(Key.of(claim));
            if (!isEmpty(claim.getSpec().getVolumeName())) {
                keys.accept(new Key("", claim.getSpec().getVolumeName()));
            }
        }

        private Result reconcile(Key key) {
            if (key.namespace.isEmpty()) {
                PersistentVolume volume = volumes.find("", key.name).orElse(null);
                if (volume != null) {
                    syncVolume(key, volume);
                }
                return Result.done();
            }
            PersistentVolumeClaim claim =
                    claims.find(new ObjectKey(key.namespace, key.name)).orElse(null);
            if (claim == null) {
                return Result.done();
            }
            if (has(claim.getMetadata().getAnnotations(), BIND_COMPLETED)) {
                syncBound(key, claim);
                return Result.done();
            }
            syncUnbound(key, claim);
            return Result.requeueAfter(resync);
        }

        private void syncUnbound(Key key, PersistentVolumeClaim claim) {
            if (isEmpty(claim.getSpec().getVolumeName())) {
                StorageClass storageClass = storageClass(claim);
                boolean scheduled =
                        storageClass != null && "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode());
                boolean delayed = scheduled && !has(claim.getMetadata().getAnnotations(), SELECTED_NODE);
                PersistentVolume volume = VolumeMatch.best(claim, volumes.byIndex("class", VolumeMatch.classOf(claim)))
                        .filter(found -> !scheduled
                                || VolumeMatch.refersTo(found.getSpec().getClaimRef(), claim))
                        .orElse(null);
                if (volume != null) {
                    bind(key, claim, volume);
                } else {
                    tellWhyUnbound(claim, storageClass, delayed);
                    writePhase(key, delayed ? claim : askProvisioner(key, claim, storageClass), "Pending");
                }
                return;
            }
            PersistentVolume volume =
                    volumes.find("", claim.getSpec().getVolumeName()).orElse(null);
            if (volume == null) {
                writePhase(key, claim, "Pending");
            } else if (volume.getSpec().getClaimRef() == null
                    || VolumeMatch.refersTo(volume.getSpec().getClaimRef(), claim)) {
                String mismatch = VolumeMatch.mismatch(claim, volume).orElse(null);
                if (mismatch != null) {
                    context.events()
                            .warning(
                                    claim,
                                    "VolumeMismatch",
                                    "Cannot bind to requested volume \"%s\": %s"
                                            .formatted(volume.getMetadata().getName(), mismatch));
                    writePhase(key, claim, "Pending");
                } else {
                    bind(key, claim, volume);
                }
            } else {
                context.events()
                        .warning(
                                claim,
                                "FailedBinding",
                                "volume \"%s\" already bound to a different claim."
                                        .formatted(volume.getMetadata().getName()));
                writePhase(key, claim, "Pending");
            }
        }

        private @Nullable StorageClass storageClass(PersistentVolumeClaim claim) {
            String name = VolumeMatch.classOf(claim);
            return name.isEmpty()
                    ? null
                    : context.client()
                            .find(ResourceType.of(StorageClass.class), null, name)
                            .orElse(null);
        }

        private void tellWhyUnbound(PersistentVolumeClaim claim, @Nullable StorageClass storageClass, boolean delayed) {
            String name = VolumeMatch.classOf(claim);
            if (delayed) {
                tellWhoIsAwaited(claim);
            } else if (name.isEmpty()) {
                context.events()
                        .normal(
                                claim,
                                "FailedBinding",
                                "no persistent volumes available for this claim and no storage class is set");
            } else if (storageClass == null) {
                context.events()
                        .warning(
                                claim,
                                "ProvisioningFailed",
                                "storageclass.storage.k8s.io \"%s\" not found".formatted(name));
            } else if (storageClass.getProvisioner().equals(NO_PROVISIONER)) {
                context.events()
                        .warning(claim, "ProvisioningFailed", "no volume plugin matched name: " + NO_PROVISIONER);
            } else {
                context.events()
                        .normal(
                                claim,
                                "ExternalProvisioning",
                                ("Waiting for a volume to be created either by the external provisioner '%s' or manually by"
                                                + " the system administrator. If volume creation is delayed, please verify that"
                                                + " the provisioner is running and correctly registered.")
                                        .formatted(storageClass.getProvisioner()));
            }
        }

        private void tellWhoIsAwaited(PersistentVolumeClaim claim) {
            List<String> waiting = pods.byIndex(BY_CLAIM, ObjectKey.of(claim).toString()).stream()
                    .filter(pod -> !Pods.isAssigned(pod))
                    .map(pod -> pod.getMetadata().getName())
                    .sorted()
                    .toList();
            if (waiting.isEmpty()) {
                context.events()
                        .normal(
                                claim,
                                "WaitForFirstConsumer",
                                "waiting for first consumer to be created before binding");
                return;
            }
            context.events()
                    .normal(
                            claim,
                            "WaitForPodScheduled",
                            "waiting for pod%s %s to be scheduled"
                                    .formatted(waiting.size() == 1 ? "" : "s", String.join(",", waiting)));
        }

        /** Names the provisioner that is asked for a volume, so that it knows. */
        private PersistentVolumeClaim askProvisioner(
                Key key, PersistentVolumeClaim claim, @Nullable StorageClass storageClass) {
            if (storageClass == null
                    || storageClass.getProvisioner().equals(NO_PROVISIONER)
                    || has(claim.getMetadata().getAnnotations(), PROVISIONER)) {
                return claim;
            }
            PersistentVolumeClaim asked = context.client()
                    .update(new PersistentVolumeClaimBuilder(claim)
                            .editMetadata()
                            .addToAnnotations(BETA_PROVISIONER, storageClass.getProvisioner())
                            .addToAnnotations(PROVISIONER, storageClass.getProvisioner())
                            .endMetadata()
                            .build());
            loop.wrote(key, claims, asked);
            return asked;
        }

        private void syncBound(Key key, PersistentVolumeClaim claim) {
            String name = claim.getSpec().getVolumeName();
            PersistentVolume volume =
                    isEmpty(name) ? null : volumes.find("", name).orElse(null);
            if (volume == null) {
                String what = isEmpty(name) ? "reference to PersistentVolume" : "its PersistentVolume";
                lose(key, claim, "ClaimLost", "Bound claim has lost %s. Data on the volume is lost!".formatted(what));
            } else if (volume.getSpec().getClaimRef() == null
                    || VolumeMatch.refersTo(volume.getSpec().getClaimRef(), claim)) {
                bind(key, claim, volume);
            } else {
                lose(
                        key,
                        claim,
                        "ClaimMisbound",
                        "Two claims are bound to the same volume, this one is bound incorrectly");
            }
        }

        private void lose(Key key, PersistentVolumeClaim claim, String reason, String message) {
            if (claim.getStatus() == null || !"Lost".equals(claim.getStatus().getPhase())) {
                writePhase(key, claim, "Lost");
                context.events().warning(claim, reason, message);
            }
        }

        private void writePhase(Key key, PersistentVolumeClaim claim, String phase) {
            PersistentVolumeClaimStatus status = new PersistentVolumeClaimStatus();
            status.setPhase(phase);
            if (!status.equals(claim.getStatus())) {
                loop.wrote(
                        key,
                        claims,
                        context.client()
                                .updateStatus(new PersistentVolumeClaimBuilder(claim)
                                        .withStatus(status)
                                        .build()));
            }
        }

        private void bind(Key key, PersistentVolumeClaim claim, PersistentVolume volume) {
            PersistentVolume bound = volume;
            ObjectReference reference = volume.getSpec().getClaimRef();
            if (reference == null || isEmpty(reference.getUid())) {
                PersistentVolumeBuilder builder = new PersistentVolumeBuilder(volume);
                if (reference == null) {
                    builder.editMetadata()
                            .addToAnnotations(BOUND_BY_CONTROLLER, "yes")
                            .endMetadata();
                }
                bound = context.client()
                        .update(builder.editSpec()
                                .withClaimRef(new ObjectReferenceBuilder()
                                        .withKind("PersistentVolumeClaim")
                                        .withApiVersion("v1")
                                        .withNamespace(claim.getMetadata().getNamespace())
                                        .withName(claim.getMetadata().getName())
                                        .withUid(claim.getMetadata().getUid())
                                        .withResourceVersion(claim.getMetadata().getResourceVersion())
                                        .build())
                                .endSpec()
                                .build());
                loop.wrote(key, volumes, bound);
            }
            writePhase(key, bound, "Bound");
            bindClaim(key, claim, bound);
        }

        private void bindClaim(Key key, PersistentVolumeClaim claim, PersistentVolume volume) {
            PersistentVolumeClaim bound = claim;
            String name = volume.getMetadata().getName();
            boolean chosen = isEmpty(claim.getSpec().getVolumeName());
            if (chosen || !has(claim.getMetadata().getAnnotations(), BIND_COMPLETED)) {
                PersistentVolumeClaimBuilder builder = new PersistentVolumeClaimBuilder(claim);
                builder.editSpec().withVolumeName(name).endSpec();
                builder.editMetadata().addToAnnotations(BIND_COMPLETED, "yes").endMetadata();
                if (chosen) {
                    builder.editMetadata()
                            .addToAnnotations(BOUND_BY_CONTROLLER, "yes")
                            .endMetadata();
                }
                bound = context.client().update(builder.build());
                loop.wrote(key, claims, bound);
            }
            PersistentVolumeClaimStatus status = bound.getStatus() == null
                    ? new PersistentVolumeClaimStatus()
                    : bound.getStatus().edit().build();
            if (!"Bound".equals(status.getPhase())
                    || !Objects.equals(status.getAccessModes(), volume.getSpec().getAccessModes())) {
                status.setPhase("Bound");
                status.setAccessModes(volume.getSpec().getAccessModes());
                status.setCapacity(volume.getSpec().getCapacity());
                loop.wrote(
                        key,
                        claims,
                        context.client()
                                .updateStatus(new PersistentVolumeClaimBuilder(bound)
                                        .withStatus(status)
                                        .build()));
            }
        }

        private void syncVolume(Key key, PersistentVolume volume) {
            ObjectReference reference = volume.getSpec().getClaimRef();
            if (reference == null || isEmpty(reference.getUid())) {
                writePhase(key, volume, "Available");
                return;
            }
            PersistentVolumeClaim claim = context.client()
                    .find(ResourceType.of(PersistentVolumeClaim.class), reference.getNamespace(), reference.getName())
                    .filter(found ->
                            reference.getUid().equals(found.getMetadata().getUid()))
                    .orElse(null);
            if (claim == null) {
                if (!VolumeMatch.phase(volume).equals("Failed")) {
                    writePhase(key, volume, "Released");
                    reclaim(key, volume);
                }
            } else if (isEmpty(claim.getSpec().getVolumeName())) {
                loop.add(Key.of(claim));
            } else if (claim.getSpec()
                    .getVolumeName()
                    .equals(volume.getMetadata().getName())) {
                writePhase(key, volume, "Bound");
            } else {
                unbind(key, volume);
            }
        }

        /** Deletes a volume that nobody claims any more, if that is its policy and it was made in the cluster itself. */
        private void reclaim(Key key, PersistentVolume volume) {
            if (!"Delete".equals(volume.getSpec().getPersistentVolumeReclaimPolicy()) || Pods.isTerminating(volume)) {
                return;
            }
            String maker = volume.getMetadata().getAnnotations() == null
                    ? null
                    : volume.getMetadata().getAnnotations().get(PROVISIONED_BY);
            if (maker != null && !maker.startsWith("kubernetes.io/")) {
                return;
            }
            String name = volume.getMetadata().getName();
            if (volume.getSpec().getHostPath() == null) {
                failToDelete(
                        key,
                        volume,
                        "error getting deleter volume plugin for volume \"%s\": no volume plugin matched"
                                .formatted(name));
                return;
            }
            String path = volume.getSpec().getHostPath().getPath();
            if (path == null || !DELETABLE.matcher(path).matches()) {
                failToDelete(key, volume, "host_path deleter only supports /tmp/.+ but received provided " + path);
                return;
            }
            context.client()
                    .delete(
                            volumes.type(),
                            null,
                            name,
                            DeleteOptions.defaults()
                                    .onlyUid(volume.getMetadata().getUid()));
            loop.deleted(key, volumes, volume);
        }

        private void failToDelete(Key key, PersistentVolume volume, String why) {
            PersistentVolume current = volumes.find("", volume.getMetadata().getName())
                    .filter(found -> VolumeMatch.phase(found).equals("Released"))
                    .orElse(null);
            if (current == null) {
                // Not yet seen as released: the look that follows tells.
                return;
            }
            PersistentVolumeStatus status = current.getStatus().edit().build();
            status.setPhase("Failed");
            status.setMessage(why);
            status.setLastPhaseTransitionTime(Pods.stamp(context.kernel().instant()));
            loop.wrote(
                    key,
                    volumes,
                    context.client()
                            .updateStatus(new PersistentVolumeBuilder(current)
                                    .withStatus(status)
                                    .build()));
            context.events().warning(volume, "VolumeFailedDelete", why);
        }

        /** Lets go of a claim that has found another volume. */
        private void unbind(Key key, PersistentVolume volume) {
            PersistentVolumeBuilder builder = new PersistentVolumeBuilder(volume);
            if (has(volume.getMetadata().getAnnotations(), BOUND_BY_CONTROLLER)) {
                builder.editMetadata()
                        .removeFromAnnotations(BOUND_BY_CONTROLLER)
                        .endMetadata();
                builder.editSpec().withClaimRef(null).endSpec();
            } else {
                builder.editSpec().editClaimRef().withUid(null).endClaimRef().endSpec();
            }
            PersistentVolume free = context.client().update(builder.build());
            loop.wrote(key, volumes, free);
            writePhase(key, free, "Available");
        }

        private void writePhase(Key key, PersistentVolume volume, String phase) {
            if (VolumeMatch.phase(volume).equals(phase)) {
                return;
            }
            PersistentVolumeStatus status = volume.getStatus() == null
                    ? new PersistentVolumeStatus()
                    : volume.getStatus().edit().build();
            status.setPhase(phase);
            status.setMessage(null);
            status.setReason(null);
            status.setLastPhaseTransitionTime(Pods.stamp(context.kernel().instant()));
            loop.wrote(
                    key,
                    volumes,
                    context.client()
                            .updateStatus(new PersistentVolumeBuilder(volume)
                                    .withStatus(status)
                                    .build()));
        }
    }
}
