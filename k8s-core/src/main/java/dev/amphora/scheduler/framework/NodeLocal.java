package dev.amphora.scheduler.framework;

/**
 * A Filter or Score plugin whose answer about a node follows from the pod's {@link PodSignature} and from the node that it is given, and from
 * nothing else: not from other nodes or pods, objects of other kinds, time or chance. Its answers are remembered for pods that are
 * alike and asked for anew only where the node has changed. A plugin that doesn't say so is asked each time.
 */
public interface NodeLocal extends Plugin {
    /**
     * Whether this holds for a pod.
     *
     * @param state after PreFilter
     * @param pod the pod
     */
    default boolean isNodeLocal(CycleState state, PodInfo pod) {
        return true;
    }
}
