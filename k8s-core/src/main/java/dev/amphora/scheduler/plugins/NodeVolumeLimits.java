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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps pods off nodes to which no more volumes of a CSI driver can be attached. Those of a plugin that a driver has taken over from count as
 * the driver's on each node that has a {@code CSINode}; as in the reference, it isn't asked whether that names the plugin.
 */
public final class NodeVolumeLimits implements PreFilterPlugin, FilterPlugin, EnqueueExtensions {
    private static final Status EXCEEDED =
            Status.unschedulable("node(s) exceed max volume count").withPlugin("NodeVolumeLimits");
    private static final CycleState.Key<Wanted> WANTED = new CycleState.Key<>(Wanted.class);

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

    /** The volumes of pods that drivers attach. */
    private static final class Attached {
        /** Their drivers, by a name that is one for all pods that use a volume. */
        final Map<String, String> drivers = new HashMap<>();

        /** Why a driver can't serve a disk that the pod itself names, where it is the driver's; null if it can. */
        @Nullable IllegalStateException untranslated;

        void add(@Nullable String driver, @Nullable String handle) {
            if (driver != null && !driver.isEmpty() && handle != null && !handle.isEmpty()) {
                drivers.put(driver + "/" + handle, driver);
            }
        }
    }

    /** The volumes of the pod, and why they can't all be told. */
    private record Wanted(Attached volumes, @Nullable RuntimeException failure) implements CycleState.State {
        @Override
        public Wanted copy() {
            return this;
        }
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        if (!mayAttach(pod)) {
            return Result.skip();
        }
        Attached wanted = new Attached();
        RuntimeException failure = null;
        try {
            collect(pod, true, wanted);
        } catch (Claims.Missing | IllegalStateException e) {
            failure = e;
        }
        state.put(WANTED, new Wanted(wanted, failure));
        return Result.success();
    }

    private static boolean mayAttach(PodInfo pod) {
        for (Volume volume : pod.spec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null
                    || volume.getEphemeral() != null
                    || InTreePlugin.of(volume) != null) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Wanted wanted = state.require(WANTED);
        if (wanted.volumes.untranslated != null && csiNodes.get(null, node.name()) != null) {
            throw wanted.volumes.untranslated;
        }
        if (wanted.failure instanceof Claims.Missing) {
            return Status.unresolvable(String.valueOf(wanted.failure.getMessage()));
        }
        if (wanted.failure != null) {
            throw wanted.failure;
        }
        CSINode csiNode = wanted.volumes.drivers.isEmpty() ? null : csiNodes.get(null, node.name());
        if (csiNode == null || fits(wanted, csiNode, node)) {
            // without its CSINode nothing is known of a node's limits
            return Status.success();
        }
        Map<String, String> more = new HashMap<>(wanted.volumes.drivers);
        Map<String, String> attached = attached(node).drivers;
        Map<String, Integer> counts = new HashMap<>();
        attached.values().forEach(driver -> counts.merge(driver, 1, Integer::sum));
        more.keySet().removeAll(attached.keySet());
        more.values().forEach(driver -> counts.merge(driver, 1, Integer::sum));
        Map<String, Integer> limits = limits(csiNode);
        for (String driver : more.values()) {
            Integer limit = limits.get(driver);
            if (limit != null && counts.getOrDefault(driver, 0) > limit) {
                return EXCEEDED;
            }
        }
        return Status.success();
    }

    /** Whether all volumes of all pods on a node together are few enough, so that they need not be looked at. */
    private boolean fits(Wanted wanted, CSINode csiNode, NodeInfo node) {
        long least = Long.MAX_VALUE;
        for (CSINodeDriver driver : csiNode.getSpec() == null
                ? List.<CSINodeDriver>of()
                : csiNode.getSpec().getDrivers()) {
            if (driver.getAllocatable() != null && driver.getAllocatable().getCount() != null) {
                least = Math.min(least, driver.getAllocatable().getCount());
            }
        }
        if (least == Long.MAX_VALUE) {
            return true;
        }
        long most = wanted.volumes.drivers.size() + attachments.get(node.name()).size();
        List<PodInfo> pods = node.pods();
        for (int p = 0; p < pods.size() && most <= least; p++) {
            List<Volume> volumes = pods.get(p).spec().getVolumes();
            for (int v = 0; v < volumes.size(); v++) {
                if (volumes.get(v).getEphemeral() != null) {
                    // whose claim may be another's
                    return false;
                }
            }
            most += volumes.size();
        }
        return most <= least;
    }

    /** What is attached to a node. */
    private Attached attached(NodeInfo node) {
        Attached attached = new Attached();
        for (PodInfo other : node.pods()) {
            collect(other, false, attached);
        }
        collectAttachments(node.name(), attached);
        return attached;
    }

    /** The volumes of a pod that a driver attaches. */
    private void collect(PodInfo pod, boolean isNew, Attached into) {
        for (Volume volume : pod.spec().getVolumes()) {
            String name = Claims.claimName(pod, volume);
            if (name == null) {
                collect(volume, isNew, into);
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
            collect(claim, into);
        }
    }

    /** A disk that a pod itself names. */
    private static void collect(Volume volume, boolean isNew, Attached into) {
        InTreePlugin plugin = InTreePlugin.of(volume);
        if (plugin == null || plugin.driver == null) {
            return;
        }
        try {
            into.drivers.put(plugin.driver + "/" + plugin.handle(volume), plugin.driver);
        } catch (IllegalArgumentException e) {
            IllegalStateException failure = new IllegalStateException(
                    "converting volume(" + volume.getName() + ") from inline to csi: " + e.getMessage(), e);
            if (!isNew) {
                throw failure;
            }
            into.untranslated = into.untranslated == null ? failure : into.untranslated;
        }
    }

    private void collect(PersistentVolumeClaim claim, Attached into) {
        PersistentVolume volume =
                Claims.volumeName(claim).isEmpty() ? null : volumes.get(null, Claims.volumeName(claim));
        if (volume == null) {
            StorageClass storageClass =
                    Claims.classOf(claim).isEmpty() ? null : classes.get(null, Claims.classOf(claim));
            if (storageClass == null) {
                return;
            }
            String provisioner = Claims.text(storageClass.getProvisioner());
            InTreePlugin plugin = InTreePlugin.named(provisioner);
            // a volume that is yet to be made is like no other
            String handle = "new volume for " + claim.getMetadata().getNamespace() + "/"
                    + claim.getMetadata().getName();
            into.add(plugin == null ? provisioner : plugin.driver, handle);
        } else if (Claims.spec(volume).getCsi() != null) {
            into.add(
                    Claims.spec(volume).getCsi().getDriver(),
                    Claims.spec(volume).getCsi().getVolumeHandle());
        } else {
            InTreePlugin plugin = InTreePlugin.of(Claims.spec(volume));
            if (plugin != null && plugin.driver != null) {
                into.add(plugin.driver, handle(plugin, volume));
            }
        }
    }

    /** What a driver calls a volume; null if it can't serve it, then it isn't counted. */
    private static @Nullable String handle(InTreePlugin plugin, PersistentVolume volume) {
        try {
            return plugin.handle(volume);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static List<String> nodeName(VolumeAttachment attachment) {
        return attachment.getSpec() == null || attachment.getSpec().getNodeName() == null
                ? List.of()
                : List.of(attachment.getSpec().getNodeName());
    }

    /** Volumes that are still attached count too, whether or not a pod uses them. */
    private void collectAttachments(String nodeName, Attached into) {
        for (VolumeAttachment attachment : attachments.get(nodeName)) {
            String name = attachment.getSpec().getSource() == null
                    ? null
                    : attachment.getSpec().getSource().getPersistentVolumeName();
            PersistentVolume volume = name == null ? null : volumes.get(null, name);
            if (volume != null && Claims.spec(volume).getCsi() != null) {
                into.add(
                        Claims.spec(volume).getCsi().getDriver(),
                        Claims.spec(volume).getCsi().getVolumeHandle());
            }
        }
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
            if (volume.getPersistentVolumeClaim() != null || isServedBy(attacher(before), volume)) {
                return Answer.QUEUE;
            }
        }
        return Answer.SKIP;
    }

    private static String attacher(@Nullable HasMetadata attachment) {
        return attachment instanceof VolumeAttachment gone && gone.getSpec() != null
                ? Claims.text(gone.getSpec().getAttacher())
                : "";
    }

    /** Whether a pod itself names a disk of a driver. */
    private static boolean isServedBy(String driver, Volume volume) {
        InTreePlugin plugin = InTreePlugin.of(volume);
        return plugin != null && driver.equals(plugin.driver);
    }
}
