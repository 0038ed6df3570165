package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.framework.Tolerations;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps pods off nodes with taints that they don't tolerate, and prefers nodes with fewer soft ones. */
public final class TaintToleration implements NodeLocal, FilterPlugin, PreScorePlugin, ScorePlugin, EnqueueExtensions {
    private static final Status UNTOLERATED =
            Status.unresolvable("node(s) had untolerated taint(s)").withPlugin("TaintToleration");
    private static final CycleState.Key<Soft> SOFT = new CycleState.Key<>(Soft.class);

    /** The tolerations that concern soft taints. */
    private record Soft(List<Toleration> tolerations) implements CycleState.State {
        @Override
        public Soft copy() {
            return this;
        }
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return Tolerations.tolerateAll(pod.tolerations(), node.taints()) ? Status.success() : UNTOLERATED;
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        List<Toleration> all = pod.tolerations();
        state.put(
                SOFT,
                new Soft(
                        all.isEmpty()
                                ? all
                                : all.stream()
                                        .filter(toleration -> toleration.getEffect() == null
                                                || toleration.getEffect().isEmpty()
                                                || toleration.getEffect().equals("PreferNoSchedule"))
                                        .toList()));
        return Status.success();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        List<Taint> taints = node.taints();
        if (taints.isEmpty()) {
            return 0;
        }
        List<Toleration> tolerations = state.require(SOFT).tolerations();
        int intolerable = 0;
        for (int i = 0; i < taints.size(); i++) {
            Taint taint = taints.get(i);
            if ("PreferNoSchedule".equals(taint.getEffect()) && !Tolerations.tolerate(tolerations, taint)) {
                intolerable++;
            }
        }
        return intolerable;
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        ScorePlugin.stretch(scores, true);
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_TAINT, TaintToleration::afterNodeChange),
                EventToRegister.judged(
                        EventResource.POD,
                        Actions.UPDATE_POD_TOLERATION,
                        (pod, before, after) -> Answer.queueIf(Hints.isSame(pod, after))));
    }

    private static Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        NodeInfo old = Hints.node(before);
        NodeInfo now = Hints.node(after);
        boolean repelled = old == null || !Tolerations.tolerateAll(pod.tolerations(), old.taints());
        return Answer.queueIf(repelled && now != null && Tolerations.tolerateAll(pod.tolerations(), now.taints()));
    }
}
