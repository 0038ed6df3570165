package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreEnqueuePlugin;
import dev.amphora.scheduler.framework.QueueingHint;
import dev.amphora.scheduler.framework.Status;
import java.util.List;

/** Holds pods back that have scheduling gates (KEP-3521). */
public final class SchedulingGates implements PreEnqueuePlugin, EnqueueExtensions {
    @Override
    public Status preEnqueue(PodInfo pod) {
        List<String> gates = pod.schedulingGates();
        return gates.isEmpty()
                ? Status.success()
                : Status.unresolvable("waiting for scheduling gates: [" + String.join(" ", gates) + "]");
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(EventToRegister.judged(
                EventResource.POD,
                Actions.UPDATE_POD_SCHEDULING_GATES_ELIMINATED,
                (pod, before, after) -> QueueingHint.Answer.queueIf(Hints.isSame(pod, after))));
    }
}
