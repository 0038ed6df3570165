package dev.amphora.scheduler.framework;

import java.util.Arrays;
import java.util.List;

/** Says how well a node suits a pod. */
public interface ScorePlugin extends Plugin {
    /** The highest score after normalisation. */
    int MAX_SCORE = 100;

    /** The lowest score after normalisation. */
    int MIN_SCORE = 0;

    /**
     * Scores one node that can run the pod.
     *
     * @return from {@link #MIN_SCORE} to {@link #MAX_SCORE}, or any number if {@link #normalize} brings it there
     */
    long score(CycleState state, PodInfo pod, NodeInfo node);

    /**
     * Brings the scores into the range from {@link #MIN_SCORE} to {@link #MAX_SCORE}. Called once for all nodes. They are then multiplied
     * by the plugin's weight and added up.
     *
     * @param state the cycle's
     * @param pod the pod
     * @param nodes the nodes, in the order of {@code scores}
     * @param scores what {@link #score} has returned; changed in place
     */
    default void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {}

    /**
     * Stretches scores so that the highest becomes {@link #MAX_SCORE}; leaves them alone if all are zero.
     *
     * @param scores not negative; changed in place
     * @param reverse whether a high score shall become a low one
     */
    static void stretch(long[] scores, boolean reverse) {
        long max = 0;
        for (long score : scores) {
            max = Math.max(max, score);
        }
        if (max == 0) {
            if (reverse) {
                Arrays.fill(scores, MAX_SCORE);
            }
            return;
        }
        for (int i = 0; i < scores.length; i++) {
            long stretched = MAX_SCORE * scores[i] / max;
            scores[i] = reverse ? MAX_SCORE - stretched : stretched;
        }
    }
}
