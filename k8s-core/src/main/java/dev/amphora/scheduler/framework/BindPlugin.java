package dev.amphora.scheduler.framework;

/** Binds a pod to its node. Plugins are asked in order; the first that doesn't answer {@link Status.Code#SKIP} has done it. */
public interface BindPlugin extends Plugin {
    /** Binds the pod. Runs in the binding cycle and may call the API server. */
    Status bind(CycleState state, PodInfo pod, String nodeName);
}
