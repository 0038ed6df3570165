package dev.amphora.scheduler.framework;

/** Keeps books of what a pod takes on its node beyond what the node's own record shows. */
public interface ReservePlugin extends Plugin {
    /** Books what the pod takes. If any plugin refuses, {@link #unreserve} is called on all of them in reverse order. */
    Status reserve(CycleState state, PodInfo pod, String nodeName);

    /** Undoes {@link #reserve}. May be called without it, and more than once; must not fail. */
    void unreserve(CycleState state, PodInfo pod, String nodeName);
}
