package dev.amphora.scheduler.plugins;

import dev.amphora.api.StatusException;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Writes which volume a claim shall have, or on which node one shall be made, and waits until others have bound them. */
final class VolumeBinder {
    private static final Duration FIRST_LOOK = Duration.ofMillis(50);
    private static final Duration MAX_PAUSE = Duration.ofSeconds(1);

    private final Handle handle;
    private final VolumeObjects objects;
    private final Duration timeout;

    VolumeBinder(Handle handle, VolumeObjects objects, Duration timeout) {
        this.handle = handle;
        this.objects = objects;
        this.timeout = timeout;
    }

    CompletionStage<Status> bind(VolumeChoice choice, String nodeName) {
        try {
            for (VolumeChoice.Match match : choice.matches()) {
                handle.client().update(match.bound());
            }
            for (PersistentVolumeClaim claim : choice.provisions()) {
                handle.client().update(VolumeChoice.selected(claim, nodeName));
            }
        } catch (StatusException e) {
            return CompletableFuture.completedStage(Status.error(String.valueOf(e.getMessage())));
        }
        CompletableFuture<Status> outcome = new CompletableFuture<>();
        Instant end = handle.clock().instant().plus(timeout);
        handle.runInCycle(() -> look(choice, nodeName, end, FIRST_LOOK, outcome));
        return outcome;
    }

    private void look(
            VolumeChoice choice, String nodeName, Instant end, Duration pause, CompletableFuture<Status> outcome) {
        Status failure = null;
        boolean bound = true;
        for (VolumeChoice.Match match : choice.matches()) {
            bound &= isBound(match.claim());
            failure = failure == null ? failure(match) : failure;
        }
        for (PersistentVolumeClaim claim : choice.provisions()) {
            bound &= isBound(claim);
            failure = failure == null ? failure(claim, nodeName) : failure;
        }
        if (failure != null) {
            outcome.complete(failure);
        } else if (bound) {
            outcome.complete(Status.success());
        } else if (!handle.clock().instant().isBefore(end)) {
            outcome.complete(Status.error("binding volumes: context deadline exceeded"));
        } else {
            Duration next = pause.multipliedBy(2).compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : pause.multipliedBy(2);
            handle.runInCycleAfter(pause, () -> look(choice, nodeName, end, next, outcome));
        }
    }

    private boolean isBound(PersistentVolumeClaim claim) {
        PersistentVolumeClaim latest = objects.writtenClaim(claim);
        return latest != null && Claims.isBound(latest);
    }

    /** What has gone wrong with a volume that exists, null if nothing has. */
    private @Nullable Status failure(VolumeChoice.Match match) {
        PersistentVolume volume =
                objects.writtenVolume(match.volume().getMetadata().getName());
        if (volume == null) {
            return null;
        }
        ObjectReference promised = Claims.spec(volume).getClaimRef();
        boolean other = promised != null
                && promised.getUid() != null
                && !promised.getUid().equals(match.claim().getMetadata().getUid());
        return other
                ? Status.error("volume \"" + volume.getMetadata().getName() + "\" already bound to a different claim")
                : null;
    }

    /** What has gone wrong with a volume that is being made, null if nothing has. */
    private @Nullable Status failure(PersistentVolumeClaim claim, String nodeName) {
        PersistentVolumeClaim latest = objects.writtenClaim(claim);
        if (latest == null) {
            return Status.error("persistentvolumeclaim \"" + claim.getMetadata().getName() + "\" not found");
        }
        String selected = Claims.annotation(latest.getMetadata(), VolumeChoice.SELECTED_NODE);
        boolean seen = !String.valueOf(latest.getMetadata().getResourceVersion())
                .equals(claim.getMetadata().getResourceVersion());
        if (seen && !nodeName.equals(selected)) {
            return Status.error(
                    selected == null
                            ? "selectedNode annotation reset for PVC \""
                                    + latest.getMetadata().getName() + "\""
                            : "selectedNode annotation value \"" + selected + "\" not set to scheduled node \""
                                    + nodeName + "\"");
        }
        PersistentVolume volume = Claims.isBound(latest) ? objects.writtenVolume(Claims.volumeName(latest)) : null;
        NodeInfo node = handle.snapshot().node(nodeName);
        return volume != null && node != null && !VolumeChoice.reaches(node, volume)
                ? Status.error("pv \"" + volume.getMetadata().getName() + "\" node affinity doesn't match node \""
                        + nodeName + "\"")
                : null;
    }
}
