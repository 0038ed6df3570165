package dev.amphora.scheduler.framework;

/**
 * A Score plugin that can score many nodes in one go, from numbers that it has by node or by label value. Asked so where the engine
 * knows these, otherwise node by node.
 */
public interface ColumnScorePlugin extends ScorePlugin {
    /**
     * Scores all nodes just as {@link #score} would.
     *
     * @param state the cycle's
     * @param pod the pod
     * @param nodes what {@link PreScorePlugin#preScore} was given
     * @param scores receives the scores, in the order of the nodes
     */
    void scoreAll(CycleState state, PodInfo pod, NodeSelection nodes, long[] scores);
}
