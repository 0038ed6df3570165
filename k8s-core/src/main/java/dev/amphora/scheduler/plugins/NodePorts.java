package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.HostPort;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps pods off nodes whose host ports are taken. */
public final class NodePorts implements NodeLocal, PreFilterPlugin, FilterPlugin, EnqueueExtensions {
    private static final Status TAKEN = Status.unschedulable(
                    "node(s) didn't have free ports for the requested pod ports")
            .withPlugin("NodePorts");

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        return pod.hostPorts().isEmpty() ? Result.skip() : Result.success();
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return conflict(pod.hostPorts(), node.usedPorts()) ? TAKEN : Status.success();
    }

    private static boolean conflict(List<HostPort> wanted, List<HostPort> used) {
        for (int i = 0; i < wanted.size(); i++) {
            for (int j = 0; j < used.size(); j++) {
                if (wanted.get(i).conflictsWith(used.get(j))) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(EventResource.POD, Actions.DELETE, NodePorts::afterPodDeletion),
                EventToRegister.always(EventResource.NODE, Actions.ADD));
    }

    private static Answer afterPodDeletion(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo deleted = Hints.pod(before);
        return Answer.queueIf(
                deleted != null && Hints.hadRoom(deleted) && conflict(pod.hostPorts(), deleted.hostPorts()));
    }
}
