package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.LabelColumn;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSelection;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.BitSet;
import java.util.List;

/**
 * How many pods count in each domain of each soft constraint, for pods that are alike, and what follows for nodes of which the engine knows the places:
 * the same scores as node by node.
 */
final class SpreadScores implements CycleState.State {
    static final CycleState.Key<SpreadScores> KEY = new CycleState.Key<>(SpreadScores.class);

    private final List<SpreadConstraint> constraints;
    private final boolean needsAll;
    private final LabelColumn[] columns;
    /** By the nodes' places for constraints by hostname, otherwise by the values' numbers. */
    private final int[][] counts;

    private final double[] weights;
    /** The nodes that the pod can run on but that lack a label, by their places. */
    private final BitSet ignored = new BitSet();

    private SpreadScores(List<SpreadConstraint> constraints, boolean needsAll, NodeSelection nodes, int all) {
        this.constraints = constraints;
        this.needsAll = needsAll;
        this.columns = new LabelColumn[constraints.size()];
        this.counts = new int[columns.length][];
        this.weights = new double[columns.length];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = nodes.column(constraints.get(i).topologyKey());
            counts[i] = new int[constraints.get(i).isByHost() ? all : columns[i].count()];
        }
    }

    /** The counts for a pod, from earlier ones if there are any. */
    static SpreadScores of(
            PodChanges kept,
            PodInfo pod,
            List<SpreadConstraint> soft,
            boolean needsAll,
            NodeSelection nodes,
            NodeSnapshot snapshot) {
        PodChanges.Update<SpreadScores> update = kept.take(SpreadScores.class);
        SpreadScores scores;
        if (update != null && update.value().isAbout(soft, needsAll, nodes)) {
            scores = update.value();
            for (PodChanges.Change change : update.changes()) {
                for (int i = 0; i < soft.size(); i++) {
                    if (soft.get(i).counts(pod, change.pod())) {
                        NodeInfo node = change.node();
                        scores.count(i, pod, node, snapshot.indexOf(node.name()), change.delta());
                    }
                }
            }
        } else {
            List<NodeInfo> all = snapshot.nodes();
            SpreadScores fresh = new SpreadScores(soft, needsAll, nodes, all.size());
            for (int i = 0; i < soft.size(); i++) {
                SpreadConstraint constraint = soft.get(i);
                if (constraint.countsAny()) {
                    int index = i;
                    snapshot.countPods(
                            pod.namespace(),
                            constraint.selector(),
                            (place, count) -> fresh.count(index, pod, all.get(place), place, count));
                }
            }
            scores = fresh;
        }
        kept.keep(SpreadScores.class, scores);
        return scores;
    }

    /** Whether the counts are for such constraints, and by the numbers that values have now. */
    @SuppressWarnings("ReferenceEquality")
    private boolean isAbout(List<SpreadConstraint> soft, boolean all, NodeSelection nodes) {
        if (needsAll != all || !constraints.equals(soft)) {
            return false;
        }
        for (LabelColumn column : columns) {
            if (column != nodes.column(column.label())) {
                return false;
            }
        }
        return true;
    }

    private void count(int index, PodInfo pod, NodeInfo node, int place, int delta) {
        SpreadConstraint constraint = constraints.get(index);
        if (place < 0) {
            return;
        }
        if (constraint.isByHost()) {
            // What a node that is no domain has is asked for nevertheless.
            counts[index][place] += delta;
        } else if (!(needsAll && !SpreadConstraint.allApply(constraints, node.labels()))
                && constraint.counts(pod, node)) {
            int number = columns[index].at(place);
            // pods on nodes without the label count as those of nodes where it is empty
            number = number == LabelColumn.NONE ? columns[index].number("") : number;
            if (number != LabelColumn.NONE) {
                counts[index][number] += delta;
            }
        }
    }

    /** Says which nodes can run the pod. */
    void begin(NodeSelection nodes) {
        int size = nodes.size();
        ignored.clear();
        if (needsAll) {
            for (int n = 0; n < size; n++) {
                for (LabelColumn column : columns) {
                    if (column.at(nodes.place(n)) == LabelColumn.NONE) {
                        ignored.set(nodes.place(n));
                    }
                }
            }
        }
        for (int i = 0; i < columns.length; i++) {
            int domains = constraints.get(i).isByHost() ? size - ignored.cardinality() : domains(nodes, columns[i]);
            weights[i] = Math.log(domains + 2.0);
        }
    }

    /** How many domains the nodes belong to that are not ignored; those without the label are in that of the empty value. */
    private int domains(NodeSelection nodes, LabelColumn column) {
        int none = column.number("") == LabelColumn.NONE ? column.count() : column.number("");
        BitSet seen = new BitSet(column.count() + 1);
        for (int n = 0; n < nodes.size(); n++) {
            int place = nodes.place(n);
            if (!ignored.get(place)) {
                seen.set(column.at(place) == LabelColumn.NONE ? none : column.at(place));
            }
        }
        return seen.cardinality();
    }

    /** The score of the node at a place. */
    long score(int place) {
        if (ignored.get(place)) {
            return 0;
        }
        double score = 0;
        for (int i = 0; i < columns.length; i++) {
            int number = columns[i].at(place);
            if (number != LabelColumn.NONE) {
                SpreadConstraint constraint = constraints.get(i);
                int count = counts[i][constraint.isByHost() ? place : number];
                score += count * weights[i] + (constraint.maxSkew() - 1);
            }
        }
        return Math.round(score);
    }

    boolean isIgnored(int place) {
        return ignored.get(place);
    }

    @Override
    public SpreadScores copy() {
        return this;
    }
}
