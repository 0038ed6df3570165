package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Resources;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.ArrayList;
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

    private ClusterChanges() {}

    /** What has happened to a node; empty if nothing that matters. */
    static List<ClusterEvent> ofNode(Node before, Node after) {
        List<ClusterEvent> events = new ArrayList<>(2);
        if (!Objects.equals(allocatable(before), allocatable(after))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_ALLOCATABLE));
        }
        if (!labels(before.getMetadata().getLabels())
                .equals(labels(after.getMetadata().getLabels()))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_LABEL));
        }
        if (!taints(before).equals(taints(after)) || (isCordoned(before) && !isCordoned(after))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_TAINT));
        }
        if (!conditions(before).equals(conditions(after))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_CONDITION));
        }
        if (!labels(before.getMetadata().getAnnotations())
                .equals(labels(after.getMetadata().getAnnotations()))) {
            events.add(new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_ANNOTATION));
        }
        return events;
    }

    private static Resources allocatable(Node node) {
        return Resources.of(node.getStatus() == null ? null : node.getStatus().getAllocatable());
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
        if (isSmaller(after.requests(), before.requests())) {
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
        return pod.getStatus() == null ? List.of() : pod.getStatus().getResourceClaimStatuses();
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
