package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Resources;
import dev.amphora.scheduler.plugins.PodGroup;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Works out of an object before and after what has happened that could matter to a waiting pod. */
final class ClusterChanges {
    static final ClusterEvent NODE_ADD = new ClusterEvent(EventResource.NODE, Actions.ADD);
    static final ClusterEvent NODE_DELETE = new ClusterEvent(EventResource.NODE, Actions.DELETE);
    static final ClusterEvent ASSIGNED_POD_ADD = new ClusterEvent(EventResource.ASSIGNED_POD, Actions.ADD);
    static final ClusterEvent ASSIGNED_POD_DELETE = new ClusterEvent(EventResource.ASSIGNED_POD, Actions.DELETE);
    static final ClusterEvent UNSCHEDULED_POD_UPDATE = new ClusterEvent(EventResource.UNSCHEDULED_POD, Actions.UPDATE);

    private static final Map<EventResource, Class<? extends HasMetadata>> KINDS = kinds();

    private ClusterChanges() {}

    private static Map<EventResource, Class<? extends HasMetadata>> kinds() {
        Map<EventResource, Class<? extends HasMetadata>> kinds = new EnumMap<>(EventResource.class);
        kinds.put(EventResource.PERSISTENT_VOLUME, PersistentVolume.class);
        kinds.put(EventResource.PERSISTENT_VOLUME_CLAIM, PersistentVolumeClaim.class);
        kinds.put(EventResource.CSI_NODE, CSINode.class);
        kinds.put(EventResource.CSI_DRIVER, CSIDriver.class);
        kinds.put(EventResource.VOLUME_ATTACHMENT, VolumeAttachment.class);
        kinds.put(EventResource.CSI_STORAGE_CAPACITY, CSIStorageCapacity.class);
        kinds.put(EventResource.STORAGE_CLASS, StorageClass.class);
        kinds.put(EventResource.RESOURCE_CLAIM, ResourceClaim.class);
        kinds.put(EventResource.RESOURCE_SLICE, ResourceSlice.class);
        kinds.put(EventResource.DEVICE_CLASS, DeviceClass.class);
        kinds.put(EventResource.POD_GROUP, PodGroup.class);
        return kinds;
    }

    /** The class of the objects that a resource means; null for pods, nodes and everything. */
    static @Nullable Class<? extends HasMetadata> kindOf(EventResource resource) {
        return KINDS.get(resource);
    }

    /** The resource that an object's changes are events of, null if plugins can't register for them. */
    private static @Nullable EventResource resource(HasMetadata object) {
        for (Map.Entry<EventResource, Class<? extends HasMetadata>> each : KINDS.entrySet()) {
            if (each.getValue().isInstance(object)) {
                return each.getKey();
            }
        }
        return object instanceof Node ? EventResource.NODE : null;
    }

    /**
     * What has happened to an object.
     *
     * @param before null if it was added
     * @param after null if it was deleted
     */
    static List<ClusterEvent> of(@Nullable HasMetadata before, @Nullable HasMetadata after) {
        HasMetadata object = after == null ? before : after;
        if (object == null) {
            return List.of();
        }
        if (before instanceof Node old && after instanceof Node now) {
            return ofNode(old, now);
        }
        if (object instanceof Pod pod) {
            boolean assigned = isAssigned(pod);
            if (before instanceof Pod old && after instanceof Pod now && isAssigned(old) == assigned) {
                return ofPod(PodInfo.of(old), PodInfo.of(now), assigned);
            }
            EventResource resource = assigned ? EventResource.ASSIGNED_POD : EventResource.UNSCHEDULED_POD;
            return List.of(new ClusterEvent(resource, after == null ? Actions.DELETE : Actions.ADD));
        }
        EventResource resource = resource(object);
        if (resource == null) {
            return List.of();
        }
        int action = before == null ? Actions.ADD : after == null ? Actions.DELETE : Actions.UPDATE;
        return List.of(new ClusterEvent(resource, action));
    }

    /** Whether a pod has a node. */
    static boolean isAssigned(Pod pod) {
        return pod.getSpec() != null
                && pod.getSpec().getNodeName() != null
                && !pod.getSpec().getNodeName().isEmpty();
    }

    /** What has happened to a node; empty if nothing that matters. */
    static List<ClusterEvent> ofNode(Node before, Node after) {
        List<ClusterEvent> events = new ArrayList<>(2);
        if (isCordoned(before) && !isCordoned(after)) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_TAINT));
        }
        if (!areSame(allocatable(before), allocatable(after))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_ALLOCATABLE));
        }
        if (!labels(before.getMetadata().getLabels())
                .equals(labels(after.getMetadata().getLabels()))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_LABEL));
        }
        if (!taints(before).equals(taints(after))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_TAINT));
        }
        if (!conditions(before).equals(conditions(after))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_CONDITION));
        }
        if (!labels(before.getMetadata().getAnnotations())
                .equals(labels(after.getMetadata().getAnnotations()))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_ANNOTATION));
        }
        if (!declaredFeatures(before).equals(declaredFeatures(after))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_DECLARED_FEATURE));
        }
        return events;
    }

    private static Map<String, Quantity> allocatable(Node node) {
        Map<String, Quantity> allocatable =
                node.getStatus() == null ? null : node.getStatus().getAllocatable();
        return allocatable == null ? Map.of() : allocatable;
    }

    /** Whether all amounts are the same, however they are written. */
    private static boolean areSame(Map<String, Quantity> before, Map<String, Quantity> after) {
        if (before.size() != after.size()) {
            return false;
        }
        for (Map.Entry<String, Quantity> entry : before.entrySet()) {
            Quantity now = after.get(entry.getKey());
            if (now == null || !isSame(entry.getValue(), now)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSame(Quantity before, Quantity after) {
        boolean alike = Objects.equals(before.getAmount(), after.getAmount())
                && Objects.equals(before.getFormat(), after.getFormat());
        return alike || before.getNumericalAmount().compareTo(after.getNumericalAmount()) == 0;
    }

    private static List<String> declaredFeatures(Node node) {
        return node.getStatus() == null ? List.of() : node.getStatus().getDeclaredFeatures();
    }

    private static Map<String, String> labels(@Nullable Map<String, String> labels) {
        return labels == null ? Map.of() : labels;
    }

    private static List<Taint> taints(Node node) {
        return node.getSpec() == null ? List.of() : node.getSpec().getTaints();
    }

    private static boolean isCordoned(Node node) {
        return node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
    }

    private static Map<String, String> conditions(Node node) {
        Map<String, String> statuses = new HashMap<>();
        if (node.getStatus() != null) {
            for (NodeCondition condition : node.getStatus().getConditions()) {
                statuses.put(condition.getType(), String.valueOf(condition.getStatus()));
            }
        }
        return statuses;
    }

    /**
     * What has happened to a pod; a plain update if nothing in particular.
     *
     * @param assigned whether the pod has a node
     */
    static List<ClusterEvent> ofPod(PodInfo before, PodInfo after, boolean assigned) {
        EventResource resource = assigned ? EventResource.ASSIGNED_POD : EventResource.UNSCHEDULED_POD;
        List<ClusterEvent> events = new ArrayList<>(2);
        if (!before.labels().equals(after.labels())) {
            events.add(new ClusterEvent(resource, Actions.UPDATE_POD_LABEL));
        }
        if (isSmaller(after.requests(), before.requests())
                || !after.requestedNames().containsAll(before.requestedNames())) {
            events.add(new ClusterEvent(resource, Actions.UPDATE_POD_SCALE_DOWN));
        }
        if (!before.schedulingGates().isEmpty() && after.schedulingGates().isEmpty()) {
            events.add(new ClusterEvent(resource, Actions.UPDATE_POD_SCHEDULING_GATES_ELIMINATED));
        }
        if (before.tolerations().size() != after.tolerations().size()) {
            events.add(new ClusterEvent(resource, Actions.UPDATE_POD_TOLERATION));
        }
        if (!claims(before.pod()).equals(claims(after.pod()))) {
            events.add(new ClusterEvent(resource, Actions.UPDATE_POD_GENERATED_RESOURCE_CLAIM));
        }
        return events.isEmpty() ? List.of(new ClusterEvent(resource, Actions.UPDATE)) : events;
    }

    private static List<?> claims(Pod pod) {
        return pod.getStatus() == null
                ? Arrays.asList(List.of(), null)
                : Arrays.asList(
                        pod.getStatus().getResourceClaimStatuses(),
                        pod.getStatus().getExtendedResourceClaimStatus());
    }

    /** Whether any resource has become less. */
    private static boolean isSmaller(Resources now, Resources then) {
        if (now.milliCpu() < then.milliCpu()
                || now.memory() < then.memory()
                || now.ephemeralStorage() < then.ephemeralStorage()) {
            return true;
        }
        for (int i = 0; i < then.scalarCount(); i++) {
            if (now.scalar(then.scalarName(i)) < then.scalarAmount(i)) {
                return true;
            }
        }
        return false;
    }
}
