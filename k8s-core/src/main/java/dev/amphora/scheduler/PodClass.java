package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@link NodeLocal} plugins have said of each node for pods that are alike. An answer holds as long as the node's {@link NodeInfo},
 * which never changes, is the same object. Belongs to the scheduler's actor.
 */
final class PodClass {
    /** The first Filter plugin that refuses a node, where none does. */
    static final int NONE = Integer.MAX_VALUE;

    private static final NodeInfo[] NO_NODES = new NodeInfo[0];

    final PodChanges changes;
    private final Map<Status, Status> alike = new HashMap<>();
    private int version = -1;
    private @Nullable NodeInfo[] filtered = NO_NODES;
    private int[] refusedBy = new int[0];
    private @Nullable Status[] refusals = new Status[0];
    private @Nullable NodeInfo[] crowdedNodes = NO_NODES;
    private @Nullable Object[] crowds = NO_NODES;
    private @Nullable Status[] crowdedAnswers = new Status[0];
    private int crowdedFor;
    private @Nullable NodeInfo[] scored = NO_NODES;
    private long[][] scores = new long[0][];
    private boolean[] localFilters = new boolean[0];
    private boolean[] localScores = new boolean[0];

    PodClass(PodChanges changes) {
        this.changes = changes;
    }

    /** Begins a cycle after PreFilter: forgets everything if the nodes are others or other plugins have a say. */
    void begin(Framework framework, CycleState state, PodInfo pod, int nodesVersion, int nodes) {
        List<FilterPlugin> plugins = framework.filterPlugins();
        boolean[] local = new boolean[plugins.size()];
        for (int i = 0; i < local.length; i++) {
            local[i] = !framework.skipsFilter(state, i)
                    && plugins.get(i) instanceof NodeLocal plugin
                    && plugin.isNodeLocal(state, pod);
        }
        if (version != nodesVersion || filtered.length != nodes) {
            version = nodesVersion;
            filtered = new NodeInfo[nodes];
            refusedBy = new int[nodes];
            refusals = new Status[nodes];
            crowdedNodes = NO_NODES;
            scored = new NodeInfo[nodes];
            scores = new long[framework.scorePlugins().size()][];
        } else if (!Arrays.equals(local, localFilters)) {
            Arrays.fill(filtered, null);
            crowdedNodes = NO_NODES;
        }
        localFilters = local;
    }

    /** The index of the first local Filter plugin that refuses a node; {@link #NONE} if none does. */
    int refusedBy(Framework framework, CycleState state, PodInfo pod, NodeInfo node, int index) {
        if (!isSame(filtered[index], node)) {
            refusedBy[index] = NONE;
            for (int i = 0; i < localFilters.length; i++) {
                if (localFilters[i]) {
                    Status status = framework.runFilter(state, pod, node, i);
                    if (!status.isSuccess()) {
                        refusedBy[index] = i;
                        refusals[index] = alike.computeIfAbsent(status, each -> each);
                        if (!status.isRejected()) {
                            // a failure is no answer to remember
                            filtered[index] = null;
                            return i;
                        }
                        break;
                    }
                }
            }
            filtered[index] = node;
        }
        return refusedBy[index];
    }

    /**
     * What all Filter plugins, which must be local, say of a node to which other pods are nominated.
     *
     * @param crowd these pods; not the pod itself
     */
    @SuppressWarnings("ReferenceEquality")
    Status crowded(Framework framework, CycleState state, PodInfo pod, NodeInfo node, int index, List<PodInfo> crowd) {
        if (crowdedNodes.length != filtered.length || crowdedFor != pod.priority()) {
            crowdedNodes = new NodeInfo[filtered.length];
            crowds = new Object[filtered.length];
            crowdedAnswers = new Status[filtered.length];
            crowdedFor = pod.priority();
        }
        Status known = crowdedAnswers[index];
        if (known != null && isSame(crowdedNodes[index], node) && crowds[index] == crowd) {
            return known;
        }
        Status status = framework.filterWithNominatedPods(state, pod, node);
        boolean isAnswer = status.isSuccess() || status.isRejected();
        crowdedNodes[index] = node;
        crowds[index] = crowd;
        crowdedAnswers[index] = isAnswer ? alike.computeIfAbsent(status, each -> each) : null;
        return status;
    }

    /** What the plugin said that refuses a node. */
    Status refusal(int index) {
        Status refusal = refusals[index];
        return refusal == null ? Status.success() : refusal;
    }

    boolean isLocalFilter(int plugin) {
        return localFilters[plugin];
    }

    /** Says after PreScore which Score plugins are local. */
    void beginScores(Framework framework, CycleState state, PodInfo pod) {
        List<ScorePlugin> plugins = framework.scorePlugins();
        boolean[] local = new boolean[plugins.size()];
        for (int i = 0; i < local.length; i++) {
            local[i] = !framework.skipsScore(state, i)
                    && plugins.get(i) instanceof NodeLocal plugin
                    && plugin.isNodeLocal(state, pod);
        }
        if (!Arrays.equals(local, localScores)) {
            localScores = local;
            Arrays.fill(scored, null);
        }
        for (int i = 0; i < local.length; i++) {
            if (local[i] && scores[i] == null) {
                scores[i] = new long[scored.length];
                Arrays.fill(scored, null);
            }
        }
    }

    /** The scores of one Score plugin by the nodes' indices; null if it isn't local. */
    long @Nullable [] scores(int plugin) {
        return localScores[plugin] ? scores[plugin] : null;
    }

    /** Has the local Score plugins score a node, unless they have. */
    void score(Framework framework, CycleState state, PodInfo pod, NodeInfo node, int index) {
        if (!isSame(scored[index], node)) {
            List<ScorePlugin> plugins = framework.scorePlugins();
            for (int i = 0; i < localScores.length; i++) {
                if (localScores[i]) {
                    scores[i][index] = plugins.get(i).score(state, pod, node);
                }
            }
            scored[index] = node;
        }
    }

    /** Identity is what is meant: a node that has changed is another object. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isSame(@Nullable NodeInfo known, NodeInfo node) {
        return known == node;
    }
}
