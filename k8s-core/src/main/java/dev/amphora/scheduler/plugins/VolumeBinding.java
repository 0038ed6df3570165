package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreBindPlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.ReservePlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Volume;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Holds pods to the nodes that can reach their volumes, chooses volumes for claims that wait for their first consumer, and has them bound
 * before the pod is.
 */
public final class VolumeBinding
        implements PreFilterPlugin,
                FilterPlugin,
                PreScorePlugin,
                ScorePlugin,
                ReservePlugin,
                PreBindPlugin,
                EnqueueExtensions {
    private static final String LOST = "Lost";
    private static final CycleState.Key<Choices> CHOICES = new CycleState.Key<>(Choices.class);

    private final VolumeObjects objects;
    private final VolumeBinder binder;

    /**
     * The plugin's arguments.
     *
     * @param bindTimeoutSeconds for how long a pod waits for its volumes to be bound; null for 600
     */
    public record Args(@Nullable Long bindTimeoutSeconds) {
        /** These, with the reference's values for what isn't given. */
        Args defaulted() {
            return new Args(bindTimeoutSeconds == null ? 600L : bindTimeoutSeconds);
        }
    }

    /** The plugin for a profile. */
    public VolumeBinding(Args args, Handle handle) {
        this.objects = new VolumeObjects(handle);
        Duration timeout =
                Duration.ofSeconds(Objects.requireNonNull(args.defaulted().bindTimeoutSeconds()));
        this.binder = new VolumeBinder(handle, objects, timeout);
    }

    /** The claims of a pod, and what would be bound for them on each node. */
    private static final class Choices implements CycleState.State {
        final VolumeChoice.Wanted wanted;
        final Map<String, VolumeChoice> byNode = new HashMap<>();

        Choices(VolumeChoice.Wanted wanted) {
            this.wanted = wanted;
        }

        @Override
        public Choices copy() {
            return this;
        }
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        List<PersistentVolumeClaim> claims = new ArrayList<>();
        String why = pod.spec().getVolumes().isEmpty() ? null : collect(pod, claims);
        if (why != null) {
            return Result.of(Status.unresolvable(why));
        }
        if (claims.isEmpty()) {
            return Result.skip();
        }
        VolumeChoice.Wanted wanted = VolumeChoice.Wanted.of(claims, objects);
        if (wanted.unboundImmediate()) {
            return Result.of(Status.unresolvable("pod has unbound immediate PersistentVolumeClaims"));
        }
        state.put(CHOICES, new Choices(wanted));
        return Result.success();
    }

    /** The claims of a pod; returns what makes the pod impossible, null if nothing does. */
    private @Nullable String collect(PodInfo pod, List<PersistentVolumeClaim> into) {
        for (Volume volume : pod.spec().getVolumes()) {
            String name = Claims.claimName(pod, volume);
            if (name == null) {
                continue;
            }
            PersistentVolumeClaim claim = objects.claim(pod.namespace(), name);
            if (claim == null) {
                return volume.getEphemeral() == null
                        ? "persistentvolumeclaim \"" + name + "\" not found"
                        : "waiting for ephemeral volume controller to create the persistentvolumeclaim \"" + name
                                + "\"";
            }
            if (claim.getStatus() != null && LOST.equals(claim.getStatus().getPhase())) {
                return "persistentvolumeclaim \"" + name + "\" bound to non-existent persistentvolume \""
                        + Claims.volumeName(claim) + "\"";
            }
            if (claim.getMetadata().getDeletionTimestamp() != null) {
                return "persistentvolumeclaim \"" + name + "\" is being deleted";
            }
            String strange = volume.getEphemeral() == null ? null : Claims.strange(pod, claim);
            if (strange != null) {
                return strange;
            }
            into.add(claim);
        }
        return null;
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Choices choices = state.require(CHOICES);
        VolumeChoice choice = VolumeChoice.on(node, choices.wanted, objects);
        if (!choice.problems().isEmpty()) {
            return new Status(Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE, choice.problems(), "VolumeBinding");
        }
        if (!choice.isEmpty()) {
            choices.byNode.put(node.name(), choice);
        }
        return Status.success();
    }

    /** Scoring by storage capacity (KEP-4049) is off by default. */
    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        return Status.skip();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        return MIN_SCORE;
    }

    @Override
    public Status reserve(CycleState state, PodInfo pod, String nodeName) {
        VolumeChoice choice = choice(state, nodeName);
        if (choice != null) {
            objects.assume(choice, nodeName);
        }
        return Status.success();
    }

    private static @Nullable VolumeChoice choice(CycleState state, String nodeName) {
        Choices choices = state.get(CHOICES);
        return choices == null ? null : choices.byNode.get(nodeName);
    }

    @Override
    public void unreserve(CycleState state, PodInfo pod, String nodeName) {
        VolumeChoice choice = choice(state, nodeName);
        if (choice != null) {
            objects.forget(choice);
        }
    }

    @Override
    public Status preBindPreFlight(CycleState state, PodInfo pod, String nodeName) {
        VolumeChoice choice = choice(state, nodeName);
        return choice == null || choice.isEmpty() ? Status.skip() : Status.success();
    }

    @Override
    public CompletionStage<Status> preBind(CycleState state, PodInfo pod, String nodeName) {
        VolumeChoice choice = choice(state, nodeName);
        return choice == null ? CompletableFuture.completedStage(Status.success()) : binder.bind(choice, pod, nodeName);
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.STORAGE_CLASS, Actions.ADD | Actions.UPDATE, VolumeHints::afterClassChange),
                EventToRegister.judged(
                        EventResource.PERSISTENT_VOLUME_CLAIM,
                        Actions.ADD | Actions.UPDATE,
                        VolumeHints::afterClaimChange),
                EventToRegister.always(EventResource.PERSISTENT_VOLUME, Actions.ADD | Actions.UPDATE),
                EventToRegister.always(EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_LABEL),
                EventToRegister.judged(
                        EventResource.CSI_NODE, Actions.ADD | Actions.UPDATE, VolumeHints::afterNodeChange),
                EventToRegister.judged(EventResource.CSI_DRIVER, Actions.UPDATE, VolumeHints::afterDriverChange),
                EventToRegister.judged(
                        EventResource.CSI_STORAGE_CAPACITY,
                        Actions.ADD | Actions.UPDATE,
                        VolumeHints::afterCapacityChange));
    }
}
