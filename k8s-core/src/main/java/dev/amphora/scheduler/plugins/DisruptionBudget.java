package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.LabelMatcher;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.Set;

/**
 * A PodDisruptionBudget as preemption sees it.
 *
 * @param namespace whose pods it protects
 * @param selector which pods it protects; one that selects everything protects nothing
 * @param allowed how many may go
 * @param disrupted the names of pods whose going has been counted already
 */
record DisruptionBudget(String namespace, LabelMatcher selector, int allowed, Set<String> disrupted) {

    static DisruptionBudget of(PodDisruptionBudget budget) {
        int allowed = budget.getStatus() == null || budget.getStatus().getDisruptionsAllowed() == null
                ? 0
                : budget.getStatus().getDisruptionsAllowed();
        Set<String> disrupted = budget.getStatus() == null || budget.getStatus().getDisruptedPods() == null
                ? Set.of()
                : budget.getStatus().getDisruptedPods().keySet();
        return new DisruptionBudget(budget.getMetadata().getNamespace(), selector(budget), allowed, disrupted);
    }

    /** One that makes no sense selects nothing. */
    private static LabelMatcher selector(PodDisruptionBudget budget) {
        try {
            return budget.getSpec() == null
                    ? LabelMatcher.NOTHING
                    : LabelMatcher.of(budget.getSpec().getSelector());
        } catch (IllegalArgumentException e) {
            return LabelMatcher.NOTHING;
        }
    }

    /** As in the reference, a pod without labels is protected by none, whatever it selects. */
    boolean protects(PodInfo pod) {
        return !pod.labels().isEmpty()
                && namespace.equals(pod.namespace())
                && !selector.isEverything()
                && selector.matches(pod.labels())
                && !disrupted.contains(pod.name());
    }
}
