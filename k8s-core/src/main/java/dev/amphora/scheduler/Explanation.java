package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.PreemptionPlan;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What every plugin says about one pod and every node, and what follows from it. Worked out without regard to how many nodes would do:
 * all are looked at.
 *
 * @param heldBack the PreEnqueue plugins that hold the pod back; if there are any, the rest is empty
 * @param preFilter what the PreFilter plugins say
 * @param filter for each Filter plugin, in order, the nodes that it turns down and why; a node may be turned down by several, and the first
 *     stops it. Extenders follow, each asked only about the nodes that nobody before turns down
 * @param withNominated the first refusal of nodes when pods that are nominated to them are counted in, where it differs
 * @param feasible the nodes that can run the pod, in the order of the search
 * @param scores what the Score plugins say of the feasible nodes, then extenders
 * @param total for each feasible node the weighted sum
 * @param top the feasible nodes with the highest total: one of them is chosen
 * @param nominated the node that is taken because room was made on it, null if there is none
 * @param unschedulablePlugins the plugins whose events make the pod worth another attempt
 * @param pendingPlugins those of them that wait for something outside
 * @param message why no node can run the pod; null if one can
 * @param preemption what preemption could do; null if it isn't needed
 * @param nominatedNode what becomes of the pod's nominated node: null leaves it alone, empty clears it
 * @param postFilter the outcome of PostFilter; null if it didn't run
 * @param error what is broken; null if nothing is
 * @param pod namespace and name of the pod
 * @param nodes the names of all nodes, in the order of the search
 * @param nodesToFind after how many feasible nodes the scheduler would stop its search
 */
public record Explanation(
        List<Status> heldBack,
        PreFilter preFilter,
        Map<String, Map<String, Status>> filter,
        Map<String, Status> withNominated,
        List<String> feasible,
        List<Scores> scores,
        List<Long> total,
        List<String> top,
        @Nullable String nominated,
        Set<String> unschedulablePlugins,
        Set<String> pendingPlugins,
        @Nullable String message,
        @Nullable PreemptionPlan preemption,
        @Nullable String nominatedNode,
        @Nullable Status postFilter,
        @Nullable Status error,
        String pod,
        List<String> nodes,
        int nodesToFind) {

    /**
     * What the PreFilter plugins say.
     *
     * @param ran those that have something to filter, in order
     * @param rejecting those that turn the pod down, each asked for itself
     * @param nodeNames the names that a plugin narrows the nodes to
     * @param nodes the nodes left by that, null for all
     * @param status of the whole
     */
    public record PreFilter(
            List<String> ran,
            List<Status> rejecting,
            Map<String, Set<String>> nodeNames,
            @Nullable List<String> nodes,
            Status status) {
        static final PreFilter NONE = new PreFilter(List.of(), List.of(), Map.of(), null, Status.success());
    }

    /**
     * One plugin's scores, in the order of the feasible nodes.
     *
     * @param plugin the plugin
     * @param weight what they are multiplied with
     * @param raw as the plugin gave them
     * @param normalized brought to 0 to 100
     */
    public record Scores(String plugin, int weight, List<Long> raw, List<Long> normalized) {}

    /** The plugin that stops a node, with its reasons; null if none does. */
    public @Nullable Status refusal(String nodeName) {
        Status counted = withNominated.get(nodeName);
        if (counted != null) {
            return counted;
        }
        for (Map<String, Status> refusals : filter.values()) {
            Status status = refusals.get(nodeName);
            if (status != null) {
                return status;
            }
        }
        return null;
    }
}
