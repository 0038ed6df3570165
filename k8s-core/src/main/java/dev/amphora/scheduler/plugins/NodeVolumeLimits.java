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
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSINodeDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keeps pods off nodes to which no more volumes of a CSI driver can be attached. */
public final class NodeVolumeLimits implements PreFilterPlugin, FilterPlugin, EnqueueExtensions {
    private static final String MIGRATED_PLUGINS = "storage.alpha.kubernetes.io/migrated-plugins";
    private static final Status EXCEEDED =
            Status.unschedulable("node(s) exceed max volume count").withPlugin("NodeVolumeLimits");

    private final Lister<CSINode> csiNodes;
    private final Lister<PersistentVolumeClaim> claims;
    private final Lister<PersistentVolume> volumes;
    private final Lister<StorageClass> classes;
    private final Lister.Index<VolumeAttachment> attachments;

    /** The plugin for a profile. */
    public NodeVolumeLimits(Handle handle) {
        this.csiNodes = handle.lister(CSINode.class);
        this.claims = handle.lister(PersistentVolumeClaim.class);
        this.volumes = handle.lister(PersistentVolume.class);
        this.classes = handle.lister(StorageClass.class);
        this.attachments = handle.lister(VolumeAttachment.class).index("scheduler.node", NodeVolumeLimits::nodeName);
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        return mayAttach(pod) ? Result.success() : Result.skip();
    }

    private static boolean mayAttach(PodInfo pod) {
        for (Volume volume : pod.spec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null
                    || volume.getEphemeral() != null
                    || Disks.migrated(volume) != null) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        CSINode csiNode = csiNodes.get(null, node.name());
        Map<String, String> wanted = new HashMap<>();
        try {
            collect(pod, csiNode, true, wanted);
        } catch (Claims.Missing e) {
            return Status.unresolvable(String.valueOf(e.getMessage()));
        }
        if (wanted.isEmpty()) {
            return Status.success();
        }
        Map<String, Integer> limits = limits(csiNode);
        if (limits.isEmpty()) {
            return Status.success();
        }
        Map<String, String> attached = new HashMap<>();
        for (PodInfo other : node.pods()) {
            collect(other, csiNode, false, attached);
        }
        collectAttachments(node.name(), attached);
        Map<String, Integer> counts = new HashMap<>();
        attached.forEach((volume, driver) -> {
            wanted.remove(volume);
            counts.merge(driver, 1, Integer::sum);
        });
        Map<String, Integer> more = new HashMap<>();
        wanted.values().forEach(driver -> more.merge(driver, 1, Integer::sum));
        for (Map.Entry<String, Integer> each : more.entrySet()) {
            Integer limit = limits.get(each.getKey());
            if (limit != null && counts.getOrDefault(each.getKey(), 0) + each.getValue() > limit) {
                return EXCEEDED;
            }
        }
        return Status.success();
    }

    /** The volumes of a pod that a driver attaches: unique name to driver. */
    private void collect(PodInfo pod, @Nullable CSINode csiNode, boolean isNew, Map<String, String> into) {
        for (Volume volume : pod.spec().getVolumes()) {
            String name = Claims.claimName(pod, volume);
            if (name == null) {
                Disks.Migrated disk = Disks.migrated(volume);
                if (disk != null && isMigrated(csiNode, disk.plugin())) {
                    into.put(disk.driver() + "/" + disk.handle(), disk.driver());
                }
                continue;
            }
            if (name.isEmpty()) {
                throw new IllegalStateException("PersistentVolumeClaim had no name");
            }
            PersistentVolumeClaim claim = claims.get(pod.namespace(), name);
            if (claim == null) {
                if (isNew) {
                    throw new Claims.Missing("looking up PVC " + pod.namespace() + "/" + name
                            + ": persistentvolumeclaim \"" + name + "\" not found");
                }
                continue;
            }
            String strange = volume.getEphemeral() == null ? null : Claims.strange(pod, claim);
            if (strange != null) {
                throw new IllegalStateException(strange);
            }
            collect(claim, csiNode, into);
        }
    }

    private void collect(PersistentVolumeClaim claim, @Nullable CSINode csiNode, Map<String, String> into) {
        PersistentVolume volume =
                Claims.volumeName(claim).isEmpty() ? null : volumes.get(null, Claims.volumeName(claim));
        if (volume == null) {
            StorageClass storageClass =
                    Claims.classOf(claim).isEmpty() ? null : classes.get(null, Claims.classOf(claim));
            if (storageClass == null) {
                return;
            }
            String provisioner = Claims.text(storageClass.getProvisioner());
            String driver = Disks.driver(provisioner);
            if (driver != null && !isMigrated(csiNode, provisioner)) {
                return;
            }
            // a volume that is yet to be made is like no other
            String handle = "new volume for " + claim.getMetadata().getNamespace() + "/"
                    + claim.getMetadata().getName();
            put(driver == null ? provisioner : driver, handle, into);
        } else if (Claims.spec(volume).getCsi() != null) {
            put(
                    Claims.spec(volume).getCsi().getDriver(),
                    Claims.spec(volume).getCsi().getVolumeHandle(),
                    into);
        } else {
            Disks.Migrated disk = Disks.migrated(Claims.spec(volume));
            if (disk != null && isMigrated(csiNode, disk.plugin())) {
                put(disk.driver(), disk.handle(), into);
            }
        }
    }

    private static void put(@Nullable String driver, @Nullable String handle, Map<String, String> into) {
        if (driver != null && !driver.isEmpty() && handle != null && !handle.isEmpty()) {
            into.put(driver + "/" + handle, driver);
        }
    }

    private static List<String> nodeName(VolumeAttachment attachment) {
        return attachment.getSpec() == null || attachment.getSpec().getNodeName() == null
                ? List.of()
                : List.of(attachment.getSpec().getNodeName());
    }

    /** Volumes that are still attached count too, whether or not a pod uses them. */
    private void collectAttachments(String nodeName, Map<String, String> into) {
        for (VolumeAttachment attachment : attachments.get(nodeName)) {
            String name = attachment.getSpec().getSource() == null
                    ? null
                    : attachment.getSpec().getSource().getPersistentVolumeName();
            PersistentVolume volume = name == null ? null : volumes.get(null, name);
            if (volume != null && Claims.spec(volume).getCsi() != null) {
                put(
                        Claims.spec(volume).getCsi().getDriver(),
                        Claims.spec(volume).getCsi().getVolumeHandle(),
                        into);
            }
        }
    }

    /** Whether a node's CSI driver has taken over from the code that once served a volume. */
    private static boolean isMigrated(@Nullable CSINode csiNode, String plugin) {
        String annotated = csiNode == null ? null : Claims.annotation(csiNode.getMetadata(), MIGRATED_PLUGINS);
        return annotated != null && Arrays.asList(annotated.split(",")).contains(plugin);
    }

    private static Map<String, Integer> limits(@Nullable CSINode csiNode) {
        Map<String, Integer> limits = new HashMap<>();
        if (csiNode != null && csiNode.getSpec() != null) {
            for (CSINodeDriver driver : csiNode.getSpec().getDrivers()) {
                if (driver.getAllocatable() != null && driver.getAllocatable().getCount() != null) {
                    limits.put(driver.getName(), driver.getAllocatable().getCount());
                }
            }
        }
        return limits;
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.always(EventResource.CSI_NODE, Actions.ADD),
                EventToRegister.judged(EventResource.CSI_NODE, Actions.UPDATE, NodeVolumeLimits::afterNodeChange),
                EventToRegister.judged(EventResource.POD, Actions.DELETE, NodeVolumeLimits::afterPodDeletion),
                EventToRegister.judged(
                        EventResource.PERSISTENT_VOLUME_CLAIM,
                        Actions.ADD,
                        (pod, before, after) -> Answer.queueIf(Claims.uses(pod, after, true))),
                EventToRegister.judged(
                        EventResource.VOLUME_ATTACHMENT, Actions.DELETE, NodeVolumeLimits::afterDetaching));
    }

    private static Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        Map<String, Integer> old = before instanceof CSINode node ? limits(node) : Map.of();
        Map<String, Integer> now = after instanceof CSINode node ? limits(node) : Map.of();
        for (Map.Entry<String, Integer> each : now.entrySet()) {
            if (each.getValue() > old.getOrDefault(each.getKey(), 0)) {
                return Answer.QUEUE;
            }
        }
        return Answer.SKIP;
    }

    private static Answer afterPodDeletion(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo deleted = Hints.pod(before);
        return Answer.queueIf(deleted != null && Hints.hadRoom(deleted) && mayAttach(deleted));
    }

    private static Answer afterDetaching(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        for (Volume volume : pod.spec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                return Answer.QUEUE;
            }
        }
        return Answer.SKIP;
    }
}
