package dev.amphora.scheduler.framework;

import java.util.List;

/** Looks at a pod before its feasible nodes are scored. */
public interface PreScorePlugin extends Plugin {
    /**
     * Computes what {@link ScorePlugin} needs.
     *
     * @param state what to remember
     * @param pod the pod
     * @param nodes the nodes that can run it, two at least
     * @return {@link Status.Code#SKIP} leaves out this plugin's Score for this pod
     */
    Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes);
}
