package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.DomainLocal;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;
import java.util.BitSet;
import java.util.List;

/** Has Score plugins that look at label values only score one node of each combination. Belongs to the scheduler's actor. */
final class DomainScores {
    private final Domains domains;
    private final List<NodeInfo> all;
    private final long version;

    DomainScores(Domains domains, List<NodeInfo> all, long version) {
        this.domains = domains;
        this.all = all;
        this.version = version;
    }

    /** Scores nodes, unless the plugin looks at more or nodes have too little in common. */
    boolean score(
            ScorePlugin plugin, CycleState state, PodInfo pod, List<NodeInfo> nodes, int[] places, long[] scores) {
        List<String> keys = plugin instanceof DomainLocal local ? local.scoreKeys(state, pod) : null;
        Domains.Table table = keys == null ? null : domains.of(keys, all, version);
        if (table == null || !table.isCoarse()) {
            return false;
        }
        BitSet known = new BitSet(table.count());
        long[] byNumber = new long[table.count()];
        for (int n = 0; n < scores.length; n++) {
            int number = table.numbers()[places[n]];
            if (!known.get(number)) {
                known.set(number);
                byNumber[number] = plugin.score(state, pod, nodes.get(n));
            }
            scores[n] = byNumber[number];
        }
        return true;
    }
}
