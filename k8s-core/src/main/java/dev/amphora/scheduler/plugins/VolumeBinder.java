package dev.amphora.scheduler.plugins;

import dev.amphora.api.StatusException;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

    /**
     * What has been written, and for whom.
     *
     * @param end when to give up
     */
    private record Expected(
            PodInfo pod,
            String nodeName,
            List<VolumeChoice.Match> matches,
            List<PersistentVolumeClaim> provisions,
            Instant end,
            CompletableFuture<Status> outcome) {}

    CompletionStage<Status> bind(VolumeChoice choice, PodInfo pod, String nodeName) {
        List<VolumeChoice.Match> matches = new ArrayList<>();
        List<PersistentVolumeClaim> provisions = new ArrayList<>();
        try {
            for (VolumeChoice.Match match : choice.matches()) {
                PersistentVolume written = handle.client().update(match.bound());
                matches.add(new VolumeChoice.Match(written, match.claim()));
            }
            for (PersistentVolumeClaim claim : choice.provisions()) {
                provisions.add(handle.client().update(VolumeChoice.selected(claim, nodeName)));
            }
        } catch (StatusException e) {
            return CompletableFuture.completedStage(Status.error(String.valueOf(e.getMessage())));
        }
        CompletableFuture<Status> outcome = new CompletableFuture<>();
        Instant end = handle.clock().instant().plus(timeout);
        Expected expected = new Expected(pod, nodeName, matches, provisions, end, outcome);
        handle.runInCycle(() -> look(expected, FIRST_LOOK));
        return outcome;
    }

    private void look(Expected expected, Duration pause) {
        Answer answer = check(expected);
        if (answer.failure != null) {
            expected.outcome.complete(Status.error("binding volumes: " + answer.failure));
        } else if (answer.bound) {
            expected.outcome.complete(Status.success());
        } else if (!handle.clock().instant().isBefore(expected.end)) {
            expected.outcome.complete(Status.error("binding volumes: context deadline exceeded"));
        } else {
            Duration next = pause.multipliedBy(2).compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : pause.multipliedBy(2);
            handle.runInCycleAfter(pause, () -> look(expected, next));
        }
    }

    /**
     * How far things are.
     *
     * @param failure why the pod has to be tried anew
     */
    private record Answer(boolean bound, @Nullable String failure) {
        static final Answer BOUND = new Answer(true, null);
        static final Answer NOT_YET = new Answer(false, null);

        static Answer failed(String why) {
            return new Answer(false, why);
        }
    }

    /** Looks at the objects as the API server has them, one after the other; the first that is not as expected decides. */
    private Answer check(Expected expected) {
        Node node = objects.nodes.get(null, expected.nodeName);
        if (node == null) {
            return Answer.failed(
                    "failed to get node \"" + expected.nodeName + "\": node \"" + expected.nodeName + "\" not found");
        }
        if (objects.pods.get(expected.pod.namespace(), expected.pod.name()) == null) {
            return Answer.failed("pod does not exist any more: pod \"" + expected.pod.name() + "\" not found");
        }
        for (VolumeChoice.Match match : expected.matches) {
            Answer answer = check(match, node);
            if (!answer.bound) {
                return answer;
            }
        }
        for (PersistentVolumeClaim claim : expected.provisions) {
            Answer answer = check(claim, node);
            if (!answer.bound) {
                return answer;
            }
        }
        return Answer.BOUND;
    }

    /** How far a volume is that existed. */
    private Answer check(VolumeChoice.Match match, Node node) {
        String name = match.volume().getMetadata().getName();
        PersistentVolume volume = objects.writtenVolume(name);
        if (volume == null) {
            return Answer.failed("failed to check binding: could not find v1.PersistentVolume \"" + name + "\"");
        }
        PersistentVolumeClaim claim = objects.writtenClaim(match.claim());
        if (claim == null) {
            return Answer.failed("failed to check binding: " + missing(match.claim()));
        }
        if (isOlder(
                volume.getMetadata().getResourceVersion(),
                match.volume().getMetadata().getResourceVersion())) {
            return Answer.NOT_YET;
        }
        String unreachable = whyUnreachable(volume, node, "failed to translate pv to csi: ");
        if (unreachable != null) {
            return Answer.failed(unreachable);
        }
        ObjectReference promised = Claims.spec(volume).getClaimRef();
        if (promised == null || Claims.text(promised.getUid()).isEmpty()) {
            return Answer.failed("ClaimRef got reset for pv \"" + name + "\"");
        }
        return Claims.isBound(claim) ? Answer.BOUND : Answer.NOT_YET;
    }

    /** How far a volume is that had to be made. */
    private Answer check(PersistentVolumeClaim written, Node node) {
        PersistentVolumeClaim claim = objects.writtenClaim(written);
        if (claim == null) {
            return Answer.failed("failed to check provisioning pvc: " + missing(written));
        }
        if (isOlder(
                claim.getMetadata().getResourceVersion(), written.getMetadata().getResourceVersion())) {
            return Answer.NOT_YET;
        }
        String name = claim.getMetadata().getName();
        if (claim.getMetadata().getAnnotations() == null
                || claim.getMetadata().getAnnotations().isEmpty()) {
            return Answer.failed("selectedNode annotation reset for PVC \"" + name + "\"");
        }
        String selected = Claims.annotation(claim.getMetadata(), VolumeChoice.SELECTED_NODE);
        if (!node.getMetadata().getName().equals(selected)) {
            // a provisioner that can't make the volume takes the annotation off, so that the pod may go elsewhere
            return Answer.failed("provisioning failed for PVC \"" + name + "\"");
        }
        if (!Claims.volumeName(claim).isEmpty()) {
            PersistentVolume volume = objects.writtenVolume(Claims.volumeName(claim));
            if (volume == null) {
                return Answer.NOT_YET;
            }
            String unreachable = whyUnreachable(volume, node, "");
            if (unreachable != null) {
                return Answer.failed(unreachable);
            }
        }
        return Claims.isBound(claim) ? Answer.BOUND : Answer.NOT_YET;
    }

    private static String missing(PersistentVolumeClaim claim) {
        return "could not find v1.PersistentVolumeClaim \""
                + claim.getMetadata().getNamespace() + "/" + claim.getMetadata().getName() + "\"";
    }

    private @Nullable String whyUnreachable(PersistentVolume volume, Node node, String untranslated) {
        String nodeName = node.getMetadata().getName();
        try {
            return BoundVolume.of(volume).reaches(labels(node), nodeName, objects.csiNodes)
                    ? null
                    : "pv \"" + volume.getMetadata().getName() + "\" node affinity doesn't match node \"" + nodeName
                            + "\": no matching NodeSelectorTerms";
        } catch (IllegalStateException e) {
            return untranslated + e.getMessage();
        }
    }

    private static Map<String, String> labels(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }

    /** Whether an informer has not heard yet of what was written. */
    private static boolean isOlder(@Nullable String seen, @Nullable String written) {
        try {
            return Long.parseLong(Objects.requireNonNullElse(seen, ""))
                    < Long.parseLong(Objects.requireNonNullElse(written, ""));
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
