package dev.amphora.samples.examples;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;

/** A scheduler plugin: nodes that carry the label {@code example.dev/warm} come first. */
// README: plugin
public final class PreferWarmNodes implements ScorePlugin {
    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        return node.labels().containsKey("example.dev/warm") ? MAX_SCORE : MIN_SCORE;
    }
}
// end
