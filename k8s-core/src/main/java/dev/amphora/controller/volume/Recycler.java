package dev.amphora.controller.volume;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import java.math.BigDecimal;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Empties a volume by a pod, so that it can be had again (reclaim policy Recycle, deprecated in the reference). It goes by what is there:
 * a pod that somebody started before a crash is waited for, where the reference deletes it and starts another.
 */
final class Recycler {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final String NAMESPACE = "default";
    private static final String PREFIX = "recycler-for-";
    private static final String FAILED = "VolumeFailedRecycle";
    private static final String SCRUB =
            "test -e /scrub && find /scrub -mindepth 1 -delete && test -z \"$(ls -A /scrub)\" || exit 1";
    private static final BigDecimal GIBIBYTE = BigDecimal.valueOf(1 << 30);
    private static final long SECONDS_A_GIBIBYTE = 30;
    private static final long AT_LEAST_HOST_PATH = 60;
    private static final long AT_LEAST_NFS = 300;

    private final BinderState state;

    Recycler(BinderState state) {
        this.state = state;
    }

    /** The name of the volume that a pod empties; empty if it is no such pod. */
    static Optional<String> volumeOf(Pod pod) {
        String name = pod.getMetadata().getName();
        return name.startsWith(PREFIX) && NAMESPACE.equals(pod.getMetadata().getNamespace())
                ? Optional.of(name.substring(PREFIX.length()))
                : Optional.empty();
    }

    /** Takes the next step; the pod's changes, or the time, bring the volume back. */
    void recycle(StorageKey key, PersistentVolume volume) {
        if (isUsed(volume)) {
            return;
        }
        if (volume.getSpec().getHostPath() == null && volume.getSpec().getNfs() == null) {
            state.fail(key, volume, FAILED, "No recycler plugin found for the volume!");
            return;
        }
        Pod pod = state.pods.find(NAMESPACE, PREFIX + key.name()).orElse(null);
        if (pod == null) {
            start(key, volume);
        } else if (Pods.isTerminating(pod)) {
            return;
        } else if (Pods.phase(pod).equals("Succeeded")) {
            // The pod goes first: one that is left over would count for the next time.
            remove(key, pod);
            state.context.events().normal(volume, "VolumeRecycled", "Volume recycled");
            state.unbind(key, volume);
        } else if (Pods.phase(pod).equals("Failed")) {
            String why =
                    Objects.requireNonNullElse(pod.getStatus().getMessage(), "pod failed, pod.Status.Message unknown");
            remove(key, pod);
            state.fail(key, volume, FAILED, "Recycle failed: failed to recycle volume: " + why);
        }
    }

    private boolean isUsed(PersistentVolume volume) {
        ObjectReference claim = volume.getSpec().getClaimRef();
        ObjectKey named = new ObjectKey(claim.getNamespace(), claim.getName());
        if (state.claims.find(named).isPresent()) {
            // Another by that name: its pods use another volume.
            return false;
        }
        List<String> users = state.podsOf(named).stream()
                .map(pod -> ObjectKey.of(pod).toString())
                .sorted()
                .toList();
        if (!users.isEmpty()) {
            state.context.events().normal(volume, FAILED, "Volume is used by pods: " + String.join(",", users));
        }
        return !users.isEmpty();
    }

    private void start(StorageKey key, PersistentVolume volume) {
        try {
            state.loop.wrote(key, state.pods, state.context.client().create(pod(volume)));
        } catch (StatusException e) {
            if (!e.isAlreadyExists()) {
                state.fail(
                        key,
                        volume,
                        FAILED,
                        "Recycle failed: unexpected error creating recycler pod:  " + e.getMessage());
                throw e;
            }
        }
    }

    private void remove(StorageKey key, Pod pod) {
        state.context
                .client()
                .delete(
                        PODS,
                        NAMESPACE,
                        pod.getMetadata().getName(),
                        DeleteOptions.defaults().onlyUid(pod.getMetadata().getUid()));
        state.loop.deleted(key, state.pods, pod);
    }

    private static Pod pod(PersistentVolume volume) {
        VolumeBuilder emptied = new VolumeBuilder().withName("vol");
        if (volume.getSpec().getHostPath() != null) {
            emptied.withNewHostPath()
                    .withPath(volume.getSpec().getHostPath().getPath())
                    .endHostPath();
        } else {
            emptied.withNewNfs()
                    .withServer(volume.getSpec().getNfs().getServer())
                    .withPath(volume.getSpec().getNfs().getPath())
                    .endNfs();
        }
        return new PodBuilder()
                .withNewMetadata()
                .withName(PREFIX + volume.getMetadata().getName())
                .withNamespace(NAMESPACE)
                .endMetadata()
                .withNewSpec()
                .withActiveDeadlineSeconds(deadline(volume))
                .withRestartPolicy("Never")
                .withVolumes(emptied.build())
                .addNewContainer()
                .withName("pv-recycler")
                .withImage("registry.k8s.io/build-image/debian-base:bookworm-v1.0.6")
                .withCommand("/bin/sh")
                .withArgs("-c", SCRUB)
                .addNewVolumeMount()
                .withName("vol")
                .withMountPath("/scrub")
                .endVolumeMount()
                .endContainer()
                .endSpec()
                .build();
    }

    private static long deadline(PersistentVolume volume) {
        long gibibytes = VolumeMatch.storage(volume.getSpec().getCapacity())
                .value()
                .divideToIntegralValue(GIBIBYTE)
                .longValue();
        return Math.max(
                volume.getSpec().getHostPath() == null ? AT_LEAST_NFS : AT_LEAST_HOST_PATH,
                gibibytes * SECONDS_A_GIBIBYTE);
    }
}
