package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.LabelMatcher;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Tolerations;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A topology spread constraint of one pod, ready to be asked many times.
 *
 * @param maxSkew how much fuller one domain may be than the emptiest
 * @param topologyKey the node label whose values are the domains
 * @param selector which pods count
 * @param minDomains with fewer domains the emptiest counts as empty
 * @param honorsAffinity whether nodes that the pod's node affinity rules out are left out of the count
 * @param honorsTaints whether nodes with taints that the pod doesn't tolerate are left out of the count
 */
record SpreadConstraint(
        int maxSkew,
        String topologyKey,
        LabelMatcher selector,
        int minDomains,
        boolean honorsAffinity,
        boolean honorsTaints) {
    static final String HARD = "DoNotSchedule";
    static final String SOFT = "ScheduleAnyway";
    private static final String HOSTNAME = "kubernetes.io/hostname";

    /** Those of a pod's own constraints with an action. */
    static List<SpreadConstraint> of(PodInfo pod, List<TopologySpreadConstraint> constraints, String action) {
        List<SpreadConstraint> result = new ArrayList<>();
        for (TopologySpreadConstraint constraint : constraints) {
            if (action.equals(constraint.getWhenUnsatisfiable())) {
                result.add(of(constraint, selector(pod, constraint)));
            }
        }
        return result;
    }

    static SpreadConstraint of(TopologySpreadConstraint constraint, LabelMatcher selector) {
        return new SpreadConstraint(
                constraint.getMaxSkew() == null ? 0 : constraint.getMaxSkew(),
                constraint.getTopologyKey() == null ? "" : constraint.getTopologyKey(),
                selector,
                constraint.getMinDomains() == null ? 1 : constraint.getMinDomains(),
                !"Ignore".equals(constraint.getNodeAffinityPolicy()),
                "Honor".equals(constraint.getNodeTaintsPolicy()));
    }

    private static LabelMatcher selector(PodInfo pod, TopologySpreadConstraint constraint) {
        LabelMatcher selector = LabelMatcher.of(constraint.getLabelSelector());
        Map<String, String> own = new HashMap<>();
        for (String key : constraint.getMatchLabelKeys()) {
            String value = pod.labels().get(key);
            if (value != null) {
                own.put(key, value);
            }
        }
        if (own.isEmpty()) {
            return selector;
        }
        LabelMatcher matcher = LabelMatcher.of(own);
        return selector.isNothing() ? matcher : matcher.and(selector);
    }

    /** Whether each node is a domain of its own. */
    boolean isByHost() {
        return topologyKey.equals(HOSTNAME);
    }

    /** Whether the pods on a node count. */
    boolean counts(PodInfo pod, NodeInfo node) {
        return (!honorsAffinity || pod.matchesNode(node))
                && (!honorsTaints || Tolerations.tolerateAll(pod.tolerations(), node.taints()));
    }

    /** Whether any pod may count. */
    boolean countsAny() {
        return !selector.isEverything() && !selector.isNothing();
    }

    /** Whether another pod counts, on whatever node it is. */
    boolean counts(PodInfo pod, PodInfo other) {
        return countsAny()
                && !other.isTerminating()
                && other.namespace().equals(pod.namespace())
                && selector.matches(other.labels());
    }

    /** How many of the pods on a node count. */
    int count(PodInfo pod, NodeInfo node) {
        if (!countsAny()) {
            return 0;
        }
        int count = 0;
        List<PodInfo> pods = node.pods();
        for (int i = 0; i < pods.size(); i++) {
            PodInfo other = pods.get(i);
            if (!other.isTerminating()
                    && other.namespace().equals(pod.namespace())
                    && selector.matches(other.labels())) {
                count++;
            }
        }
        return count;
    }

    /** Whether a node has the labels of all constraints. */
    static boolean allApply(List<SpreadConstraint> constraints, Map<String, String> labels) {
        for (int i = 0; i < constraints.size(); i++) {
            if (!labels.containsKey(constraints.get(i).topologyKey)) {
                return false;
            }
        }
        return true;
    }
}
