package dev.amphora.scheduler.framework;

/**
 * Decides whether a node can run a pod.
 *
 * <p>Must look at the node it is given, not at the snapshot's: in a dry run it may hold other pods.
 */
public interface FilterPlugin extends Plugin {
    /** Looks at one node. {@link Status.Code#ERROR} ends the attempt. */
    Status filter(CycleState state, PodInfo pod, NodeInfo node);
}
