package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.ColumnScorePlugin;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSelection;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How a profile's plugins score nodes: PreScore, Score, normalisation, and the weighted sums. Belongs to the scheduler's actor. */
final class Scoring {
    private static final CycleState.Key<Skips> SKIPS = new CycleState.Key<>(Skips.class);

    private final List<PreScorePlugin> preScore;
    private final List<ScorePlugin> score;
    private final int[] weights;
    private long[] pluginScores = new long[0];

    /** Which Score plugins have nothing to do for a pod. Never changes. */
    private record Skips(boolean[] plugins) implements CycleState.State {
        @Override
        public Skips copy() {
            return this;
        }
    }

    /** Takes the plugins of a profile. */
    Scoring(ProfilePlugins plugins) {
        preScore = plugins.at(PreScorePlugin.class);
        score = plugins.at(ScorePlugin.class);
        weights =
                score.stream().mapToInt(plugin -> plugins.weight(plugin.name())).toArray();
    }

    List<ScorePlugin> plugins() {
        return score;
    }

    /** Whether a plugin's Score is left out for the pod. */
    boolean skips(CycleState state, int index) {
        Skips skips = state.get(SKIPS);
        return skips != null && skips.plugins[index];
    }

    /** Runs PreScore. */
    Status prepare(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        boolean[] skipped = new boolean[score.size()];
        for (int i = 0; i < preScore.size(); i++) {
            PreScorePlugin plugin = preScore.get(i);
            Status status;
            try {
                status = plugin.preScore(state, pod, nodes);
            } catch (RuntimeException e) {
                return Framework.failure("running PreScore plugin \"%s\": ", plugin, e);
            }
            if (status.isSkip()) {
                int index = plugin instanceof ScorePlugin ? score.indexOf((ScorePlugin) plugin) : -1;
                if (index >= 0) {
                    skipped[index] = true;
                }
            } else if (!status.isSuccess()) {
                return Status.error("running PreScore plugin \"" + plugin.name() + "\": " + status.message())
                        .withPlugin(plugin.name());
            }
        }
        state.put(SKIPS, new Skips(skipped));
        return Status.success();
    }

    /** Receives one plugin's scores, before and after normalisation. The arrays are reused. */
    interface Listener {
        void scored(ScorePlugin plugin, long[] raw, long[] normalized);
    }

    /**
     * Scores nodes.
     *
     * @param totals receives the weighted sums
     * @param listener null if nobody is interested in the parts
     */
    Status run(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] totals, @Nullable Listener listener) {
        return run(state, pod, nodes, totals, listener, null);
    }

    /**
     * Scores nodes of which something is known.
     *
     * @param totals receives the weighted sums
     * @param known what is known of the scores
     */
    Status run(CycleState state, PodInfo pod, NodeSelection nodes, long[] totals, PodClass known) {
        try {
            for (int n = 0; n < totals.length; n++) {
                int place = nodes.place(n);
                if (known.isUnscored(place)) {
                    known.score(score, state, pod, nodes.get(n), place);
                }
            }
        } catch (RuntimeException e) {
            // asked for themselves, it shows which plugin fails
            return run(state, pod, nodes, totals, null, null);
        }
        return run(state, pod, nodes, totals, null, known);
    }

    private Status run(
            CycleState state,
            PodInfo pod,
            List<NodeInfo> nodes,
            long[] totals,
            @Nullable Listener listener,
            @Nullable PodClass known) {
        if (pluginScores.length != totals.length) {
            pluginScores = new long[totals.length];
        }
        long[] scores = pluginScores;
        for (int i = 0; i < score.size(); i++) {
            if (skips(state, i)) {
                continue;
            }
            ScorePlugin plugin = score.get(i);
            try {
                if (known == null || !(nodes instanceof NodeSelection selection)) {
                    scoreEach(plugin, state, pod, nodes, scores);
                } else if (known.scores(i) != null) {
                    long[] column = Objects.requireNonNull(known.scores(i));
                    for (int n = 0; n < scores.length; n++) {
                        scores[n] = column[selection.place(n)];
                    }
                } else if (plugin instanceof ColumnScorePlugin byColumn) {
                    byColumn.scoreAll(state, pod, selection, scores);
                } else {
                    scoreSelected(plugin, state, pod, selection, scores);
                }
                long[] raw = listener == null ? scores : scores.clone();
                plugin.normalize(state, pod, nodes, scores);
                if (listener != null) {
                    listener.scored(plugin, raw, scores);
                }
            } catch (RuntimeException e) {
                return Framework.failure("running Score plugin \"%s\": ", plugin, e);
            }
            int weight = weights[i];
            for (int n = 0; n < scores.length; n++) {
                if (scores[n] < ScorePlugin.MIN_SCORE || scores[n] > ScorePlugin.MAX_SCORE) {
                    return Status.error("plugin \"" + plugin.name() + "\" returns an invalid score " + scores[n]
                                    + ", it should in the range of [0, 100] after normalizing")
                            .withPlugin(plugin.name());
                }
                totals[n] += scores[n] * weight;
            }
        }
        return Status.success();
    }

    private static void scoreEach(
            ScorePlugin plugin, CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        for (int n = 0; n < scores.length; n++) {
            scores[n] = plugin.score(state, pod, nodes.get(n));
        }
    }

    /** The same for nodes of a search, apart from it so that the compiler sees one kind of list only. */
    private static void scoreSelected(
            ScorePlugin plugin, CycleState state, PodInfo pod, NodeSelection nodes, long[] scores) {
        for (int n = 0; n < scores.length; n++) {
            scores[n] = plugin.score(state, pod, nodes.get(n));
        }
    }
}
