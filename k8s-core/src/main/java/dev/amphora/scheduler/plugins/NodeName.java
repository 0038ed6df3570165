package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import java.util.List;

/** Holds a pod to the node that it names itself. */
public final class NodeName implements NodeLocal, FilterPlugin, EnqueueExtensions {
    private static final Status OTHER =
            Status.unresolvable("node(s) didn't match the requested node name").withPlugin("NodeName");

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return pod.nodeName().isEmpty() || pod.nodeName().equals(node.name()) ? Status.success() : OTHER;
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(EventToRegister.always(EventResource.NODE, Actions.ADD));
    }
}
