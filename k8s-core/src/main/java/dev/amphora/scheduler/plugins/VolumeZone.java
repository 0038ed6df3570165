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
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Holds pods to the zones and regions that the labels of their volumes name. */
public final class VolumeZone implements PreFilterPlugin, FilterPlugin, EnqueueExtensions {
    private static final List<String> LABELS = List.of(
            VolumeTopology.LEGACY_ZONE, VolumeTopology.LEGACY_REGION, VolumeTopology.ZONE, VolumeTopology.REGION);
    private static final Status ELSEWHERE =
            Status.unresolvable("node(s) had no available volume zone").withPlugin("VolumeZone");
    private static final CycleState.Key<Places> PLACES = new CycleState.Key<>(Places.class);

    private final Lister<PersistentVolumeClaim> claims;
    private final Lister<PersistentVolume> volumes;
    private final Lister<StorageClass> classes;

    /** The plugin for a profile. */
    public VolumeZone(Handle handle) {
        this.claims = handle.lister(PersistentVolumeClaim.class);
        this.volumes = handle.lister(PersistentVolume.class);
        this.classes = handle.lister(StorageClass.class);
    }

    /** A label that a node must have with one of these values. */
    private record Place(String key, Set<String> values) {
        boolean includes(NodeInfo node) {
            String value = node.labels().get(key);
            if (value == null && key.startsWith(VolumeTopology.LEGACY_PREFIX)) {
                value = node.labels().get(VolumeTopology.PREFIX + key.substring(VolumeTopology.LEGACY_PREFIX.length()));
            }
            return value != null && values.contains(value);
        }
    }

    private record Places(List<Place> places) implements CycleState.State {
        @Override
        public Places copy() {
            return this;
        }
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        if (pod.spec().getVolumes().isEmpty()) {
            return Result.skip();
        }
        List<Place> places = new ArrayList<>();
        try {
            for (Volume volume : pod.spec().getVolumes()) {
                if (volume.getPersistentVolumeClaim() != null) {
                    String why = collect(
                            pod, Claims.text(volume.getPersistentVolumeClaim().getClaimName()), places);
                    if (why != null) {
                        return Result.of(Status.unresolvable(why));
                    }
                }
            }
        } catch (Claims.Missing e) {
            return Result.of(Status.unresolvable(String.valueOf(e.getMessage())));
        }
        if (places.isEmpty()) {
            return Result.skip();
        }
        state.put(PLACES, new Places(places));
        return Result.success();
    }

    /** Adds where a claim's volume is; returns what makes the pod impossible, null if nothing does. */
    private @Nullable String collect(PodInfo pod, String claimName, List<Place> places) {
        if (claimName.isEmpty()) {
            return "PersistentVolumeClaim had no name";
        }
        PersistentVolumeClaim claim = Claims.claim(claims, pod.namespace(), claimName);
        String volumeName = Claims.volumeName(claim);
        if (volumeName.isEmpty()) {
            String className = Claims.classOf(claim);
            if (className.isEmpty()) {
                return "PersistentVolumeClaim had no pv name and storageClass name";
            }
            StorageClass storageClass = Claims.require(classes, "storageclass.storage.k8s.io", null, className);
            if (storageClass.getVolumeBindingMode() == null) {
                return "VolumeBindingMode not set for StorageClass \"" + className + "\"";
            }
            return Claims.waits(storageClass) ? null : "PersistentVolume had no name";
        }
        places.addAll(places(Claims.require(volumes, "persistentvolume", null, volumeName)));
        return null;
    }

    private static List<Place> places(PersistentVolume volume) {
        List<Place> places = new ArrayList<>();
        for (String key : LABELS) {
            String value = Claims.labels(volume).get(key);
            Set<String> values = value == null ? null : zones(value);
            if (values != null) {
                places.add(new Place(key, values));
            }
        }
        return places;
    }

    /** The zones in a label's value; null if one of them is empty, for then the label is not regarded. */
    private static @Nullable Set<String> zones(String value) {
        Set<String> zones = new TreeSet<>();
        for (String zone : value.split(VolumeTopology.SEPARATOR, -1)) {
            String name = zone.strip();
            if (name.isEmpty()) {
                return null;
            }
            zones.add(name);
        }
        return zones;
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        boolean anywhere = true;
        for (int i = 0; i < LABELS.size(); i++) {
            anywhere &= !node.labels().containsKey(LABELS.get(i));
        }
        if (anywhere) {
            return Status.success();
        }
        for (Place place : state.require(PLACES).places) {
            if (!place.includes(node)) {
                return ELSEWHERE;
            }
        }
        return Status.success();
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.STORAGE_CLASS,
                        Actions.ADD,
                        (pod, before, after) ->
                                Answer.queueIf(after instanceof StorageClass added && Claims.waits(added))),
                EventToRegister.always(EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_LABEL),
                EventToRegister.judged(
                        EventResource.PERSISTENT_VOLUME_CLAIM,
                        Actions.ADD | Actions.UPDATE,
                        (pod, before, after) -> Answer.queueIf(Claims.uses(pod, after, false))),
                EventToRegister.judged(
                        EventResource.PERSISTENT_VOLUME, Actions.ADD | Actions.UPDATE, VolumeZone::afterVolumeChange));
    }

    private static Answer afterVolumeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        return Answer.queueIf(!(before instanceof PersistentVolume old)
                || !(after instanceof PersistentVolume now)
                || !places(old).equals(places(now)));
    }
}
