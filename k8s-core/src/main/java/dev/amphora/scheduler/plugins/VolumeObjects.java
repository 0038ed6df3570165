package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Volumes and claims as they will be when what has been decided is written; belongs to the scheduler's actor. */
final class VolumeObjects {
    final Lister<StorageClass> classes;
    final Lister<CSIDriver> drivers;
    final Lister<CSINode> csiNodes;
    final Lister.Index<CSIStorageCapacity> capacitiesByClass;
    final Lister<Node> nodes;
    final Lister<Pod> pods;
    private final Lister<PersistentVolume> volumes;
    private final Lister.Index<PersistentVolume> volumesByClass;
    private final Lister<PersistentVolumeClaim> claims;
    private final Map<String, Assumed<PersistentVolume>> assumedVolumes = new HashMap<>();
    private final Map<String, Assumed<PersistentVolumeClaim>> assumedClaims = new HashMap<>();

    /** An object as it will be, and the version that this was worked out from. */
    private record Assumed<T extends HasMetadata>(T object, @Nullable String from) {}

    VolumeObjects(Handle handle) {
        this.nodes = handle.lister(Node.class);
        this.pods = handle.lister(Pod.class);
        this.classes = handle.lister(StorageClass.class);
        this.drivers = handle.lister(CSIDriver.class);
        this.csiNodes = handle.lister(CSINode.class);
        this.capacitiesByClass = handle.lister(CSIStorageCapacity.class)
                .index("scheduler.class", capacity -> List.of(Claims.text(capacity.getStorageClassName())));
        this.volumes = handle.lister(PersistentVolume.class);
        this.volumesByClass = volumes.index("scheduler.class", volume -> List.of(Claims.classOf(volume)));
        this.claims = handle.lister(PersistentVolumeClaim.class);
    }

    @Nullable PersistentVolumeClaim claim(String namespace, String name) {
        return latest(claims.get(namespace, name), namespace + "/" + name, assumedClaims);
    }

    @Nullable PersistentVolume volume(String name) {
        return latest(volumes.get(null, name), name, assumedVolumes);
    }

    /** The claim as the API server has it. */
    @Nullable PersistentVolumeClaim writtenClaim(PersistentVolumeClaim claim) {
        return claims.get(
                claim.getMetadata().getNamespace(), claim.getMetadata().getName());
    }

    /** The volume as the API server has it. */
    @Nullable PersistentVolume writtenVolume(String name) {
        return volumes.get(null, name);
    }

    /** The volumes of a class, by name. */
    List<PersistentVolume> volumesOf(String className) {
        List<PersistentVolume> found = new ArrayList<>();
        for (PersistentVolume each : volumesByClass.get(className)) {
            // to be bound changes no volume's class
            PersistentVolume volume = latest(each, each.getMetadata().getName(), assumedVolumes);
            if (volume != null) {
                found.add(volume);
            }
        }
        return found;
    }

    private static <T extends HasMetadata> @Nullable T latest(
            @Nullable T known, String key, Map<String, Assumed<T>> assumed) {
        Assumed<T> other = assumed.isEmpty() ? null : assumed.get(key);
        if (other == null || known == null) {
            return known;
        }
        if (Objects.equals(known.getMetadata().getResourceVersion(), other.from)) {
            return other.object;
        }
        assumed.remove(key);
        return known;
    }

    /** Takes a choice to be written. */
    void assume(VolumeChoice choice, String nodeName) {
        for (VolumeChoice.Match match : choice.matches()) {
            PersistentVolume volume = match.bound();
            assumedVolumes.put(
                    volume.getMetadata().getName(),
                    new Assumed<>(volume, match.volume().getMetadata().getResourceVersion()));
        }
        for (PersistentVolumeClaim claim : choice.provisions()) {
            assumedClaims.put(
                    key(claim),
                    new Assumed<>(
                            VolumeChoice.selected(claim, nodeName),
                            claim.getMetadata().getResourceVersion()));
        }
    }

    /** Takes back {@link #assume}. */
    void forget(VolumeChoice choice) {
        choice.matches()
                .forEach(match ->
                        assumedVolumes.remove(match.volume().getMetadata().getName()));
        choice.provisions().forEach(claim -> assumedClaims.remove(key(claim)));
    }

    private static String key(PersistentVolumeClaim claim) {
        return claim.getMetadata().getNamespace() + "/" + claim.getMetadata().getName();
    }
}
