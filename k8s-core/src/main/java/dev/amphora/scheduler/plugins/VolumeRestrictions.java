package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Keeps pods apart that can't share a volume: disks that only one node may write to at a time, and claims that only one pod may use
 * (KEP-2485).
 */
public final class VolumeRestrictions implements PreFilterPlugin, FilterPlugin, EnqueueExtensions {
    private static final Status DISK_TAKEN =
            Status.unschedulable("node(s) had no available disk").withPlugin("VolumeRestrictions");
    private static final Status CLAIM_TAKEN = Status.unschedulable("node(s) unavailable due to PersistentVolumeClaim"
                    + " with ReadWriteOncePod access mode already in-use by another pod")
            .withPlugin("VolumeRestrictions");
    private static final CycleState.Key<Exclusive> EXCLUSIVE = new CycleState.Key<>(Exclusive.class);

    private final Handle handle;
    private final Lister<PersistentVolumeClaim> claims;

    /** The plugin for a profile. */
    public VolumeRestrictions(Handle handle) {
        this.handle = handle;
        this.claims = handle.lister(PersistentVolumeClaim.class);
    }

    /** The claims of a pod that it must not share, and how often others use them. */
    private record Exclusive(Set<String> claims, int uses) implements CycleState.State {
        @Override
        public Exclusive copy() {
            return this;
        }
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        List<Volume> volumes = pod.spec().getVolumes();
        if (volumes.isEmpty()) {
            return Result.skip();
        }
        boolean disks = false;
        Set<String> exclusive = new TreeSet<>();
        for (Volume volume : volumes) {
            disks |= Disks.isExclusive(volume);
            if (volume.getPersistentVolumeClaim() != null) {
                String name = Claims.text(volume.getPersistentVolumeClaim().getClaimName());
                PersistentVolumeClaim claim = claims.get(pod.namespace(), name);
                if (claim == null) {
                    return Result.of(Status.unresolvable("persistentvolumeclaim \"" + name + "\" not found"));
                }
                if (Claims.spec(claim).getAccessModes().contains("ReadWriteOncePod")) {
                    exclusive.add(name);
                }
            }
        }
        int uses = 0;
        for (String name : exclusive) {
            uses += handle.snapshot().isClaimUsed(pod.namespace(), name) ? 1 : 0;
        }
        if (!disks && uses == 0) {
            return Result.skip();
        }
        state.put(EXCLUSIVE, new Exclusive(exclusive, uses));
        return Result.success();
    }

    @Override
    public boolean tracksPods() {
        return true;
    }

    @Override
    public Status addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        return track(state, pod, added, 1);
    }

    @Override
    public Status removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        return track(state, pod, removed, -1);
    }

    private static Status track(CycleState state, PodInfo pod, PodInfo other, int delta) {
        Exclusive exclusive = state.require(EXCLUSIVE);
        if (exclusive.claims.isEmpty() || !pod.namespace().equals(other.namespace())) {
            return Status.success();
        }
        int uses = exclusive.uses;
        for (Volume volume : other.spec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null
                    && exclusive.claims.contains(
                            Claims.text(volume.getPersistentVolumeClaim().getClaimName()))) {
                uses += delta;
            }
        }
        state.put(EXCLUSIVE, new Exclusive(exclusive.claims, uses));
        return Status.success();
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        if (conflict(pod, node.pods())) {
            return DISK_TAKEN;
        }
        return state.require(EXCLUSIVE).uses > 0 ? CLAIM_TAKEN : Status.success();
    }

    private static boolean conflict(PodInfo pod, List<PodInfo> others) {
        for (Volume volume : pod.spec().getVolumes()) {
            if (!Disks.isExclusive(volume)) {
                continue;
            }
            for (int i = 0; i < others.size(); i++) {
                for (Volume other : others.get(i).spec().getVolumes()) {
                    if (Disks.conflict(volume, other)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(EventResource.POD, Actions.DELETE, VolumeRestrictions::afterPodDeletion),
                EventToRegister.always(EventResource.NODE, Actions.ADD),
                EventToRegister.judged(
                        EventResource.PERSISTENT_VOLUME_CLAIM,
                        Actions.ADD,
                        (pod, before, after) -> Answer.queueIf(Claims.uses(pod, after, false))));
    }

    private static Answer afterPodDeletion(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo deleted = Hints.pod(before);
        if (deleted == null || !deleted.namespace().equals(pod.namespace())) {
            return Answer.SKIP;
        }
        if (conflict(pod, List.of(deleted))) {
            return Answer.QUEUE;
        }
        Set<String> used = new TreeSet<>();
        for (Volume volume : pod.spec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                used.add(Claims.text(volume.getPersistentVolumeClaim().getClaimName()));
            }
        }
        for (Volume volume : deleted.spec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null
                    && used.contains(
                            Claims.text(volume.getPersistentVolumeClaim().getClaimName()))) {
                return Answer.QUEUE;
            }
        }
        return Answer.SKIP;
    }
}
