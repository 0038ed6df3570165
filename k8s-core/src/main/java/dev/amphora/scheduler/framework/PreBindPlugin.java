package dev.amphora.scheduler.framework;

import java.util.concurrent.CompletionStage;

/** Prepares the node for a pod before it is bound, such as by binding its volumes. Runs in the binding cycle. */
public interface PreBindPlugin extends Plugin {
    /** Whether there is anything to prepare: {@link Status.Code#SUCCESS} or {@link Status.Code#SKIP}. Quick; must not wait. */
    default Status preBindPreFlight(CycleState state, PodInfo pod, String nodeName) {
        return Status.success();
    }

    /** Prepares the node. Does not block for long: what takes time completes the stage later. */
    CompletionStage<Status> preBind(CycleState state, PodInfo pod, String nodeName);
}
