package dev.amphora.scheduler.framework;

import org.jspecify.annotations.Nullable;

/** Called when no node can run a pod: may make room for it. Plugins are asked in order until one succeeds. */
public interface PostFilterPlugin extends Plugin {
    /**
     * Tries to make room.
     *
     * @param state the cycle's
     * @param pod the pod
     * @param statuses why each node was turned down
     */
    Result postFilter(CycleState state, PodInfo pod, NodeStatuses statuses);

    /** What {@link #postFilter} would answer, without doing anything. A plugin that has effects overrides this. */
    default Result rehearse(CycleState state, PodInfo pod, NodeStatuses statuses) {
        return postFilter(state, pod, statuses);
    }

    /**
     * The answer of {@link #postFilter}.
     *
     * @param status {@link Status.Code#SUCCESS}: room has been made; {@link Status.Code#UNSCHEDULABLE}: tried in vain
     * @param nominatedNode what to make of the pod's nominated node: null leaves it alone, empty clears it
     */
    record Result(Status status, @Nullable String nominatedNode) {
        /** An answer that leaves the nominated node alone. */
        public static Result of(Status status) {
            return new Result(status, null);
        }

        /** Room is made on a node. */
        public static Result nominate(String nodeName) {
            return new Result(Status.success(), nodeName);
        }

        /** Tried in vain: the pod has no nominated node any more. */
        public static Result clear(Status status) {
            return new Result(status, "");
        }
    }
}
