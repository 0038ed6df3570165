package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What preemption could do for a pod.
 *
 * @param potential the nodes on which taking pods off might help
 * @param notEligible why the pod may not preempt at all, null if it may
 * @param options the nodes on which it helps
 * @param unhelpful why it doesn't help on the others
 * @param best the nodes on which it does the least harm; one, unless the rules leave the choice open
 */
public record PreemptionPlan(
        List<String> potential,
        @Nullable String notEligible,
        List<Option> options,
        NodeStatuses unhelpful,
        List<String> best) {

    /**
     * A node on which preemption helps.
     *
     * @param nodeName the node
     * @param victims who has to go, the most important first
     * @param violations how many of them are protected by a disruption budget that has nothing left
     */
    public record Option(String nodeName, List<PodInfo> victims, int violations) implements CycleState.State {
        @Override
        public Option copy() {
            return this;
        }
    }
}
