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
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.framework.Tolerations;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps pods off cordoned nodes, unless they tolerate the taint that stands for it. */
public final class NodeUnschedulable implements NodeLocal, FilterPlugin, EnqueueExtensions {
    private static final Taint TAINT = new Taint("NoSchedule", "node.kubernetes.io/unschedulable", null, null);
    private static final Status UNSCHEDULABLE =
            Status.unresolvable("node(s) were unschedulable").withPlugin("NodeUnschedulable");

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return !node.isUnschedulable() || Tolerations.tolerate(pod.tolerations(), TAINT)
                ? Status.success()
                : UNSCHEDULABLE;
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.NODE,
                        Actions.ADD | Actions.UPDATE_NODE_TAINT,
                        NodeUnschedulable::afterNodeChange),
                EventToRegister.judged(
                        EventResource.POD,
                        Actions.UPDATE_POD_TOLERATION,
                        (pod, before, after) -> Answer.queueIf(
                                Hints.isSame(pod, after) && Tolerations.tolerate(pod.tolerations(), TAINT))));
    }

    private static Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        NodeInfo old = Hints.node(before);
        NodeInfo now = Hints.node(after);
        return Answer.queueIf((old == null || old.isUnschedulable()) && now != null && !now.isUnschedulable());
    }
}
