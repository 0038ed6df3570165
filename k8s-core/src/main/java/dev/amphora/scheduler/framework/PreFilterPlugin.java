package dev.amphora.scheduler.framework;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks at a pod before its nodes are filtered: computes what {@link FilterPlugin} needs, or turns the pod down at once. */
public interface PreFilterPlugin extends Plugin {
    /**
     * Looks at a pod.
     *
     * @param state what to remember
     * @param pod the pod
     * @param nodes all nodes in the snapshot's order
     */
    Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes);

    /**
     * Whether what {@link #preFilter} has computed depends on pods on nodes, so that {@link #addPod} and {@link #removePod} must be
     * told of hypothetical changes.
     */
    default boolean tracksPods() {
        return false;
    }

    /**
     * Takes note that {@code added} is supposed to run on {@code node}, which already has it.
     *
     * @param state a copy of the cycle's
     * @param pod the pod that is being scheduled
     * @param added the other pod
     * @param node read-only
     */
    default Status addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        return Status.success();
    }

    /** The opposite of {@link #addPod}; {@code node} no longer has the pod. */
    default Status removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        return Status.success();
    }

    /**
     * The answer of {@link #preFilter}.
     *
     * @param status {@link Status.Code#SKIP} leaves out this plugin's Filter for this pod
     * @param nodeNames the only nodes that come into question, null for all; names need not exist
     */
    record Result(Status status, @Nullable Set<String> nodeNames) {
        private static final Result SUCCESS = new Result(Status.success(), null);
        private static final Result SKIP = new Result(Status.skip(), null);

        /** All nodes come into question. */
        public static Result success() {
            return SUCCESS;
        }

        /** Nothing to filter. */
        public static Result skip() {
            return SKIP;
        }

        /** Only some nodes come into question. */
        public static Result only(Set<String> nodeNames) {
            return new Result(Status.success(), nodeNames);
        }

        /** A negative answer. */
        public static Result of(Status status) {
            return new Result(status, null);
        }
    }
}
