package dev.amphora.controller.daemonset;

import dev.amphora.controller.node.Tolerance;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether a daemon pod belongs on a node.
 *
 * @param shouldRun whether a pod is started there
 * @param mayStay whether one that is there is left alone
 */
record NodeFit(boolean shouldRun, boolean mayStay) {
    private static final NodeFit NO = new NodeFit(false, false);

    /**
     * Looks at names, selectors, affinity and taints; resources don't count.
     *
     * @param spec of the template, as its author wrote it
     * @param tolerations of the pods, with those that every daemon pod has
     */
    static NodeFit of(PodSpec spec, List<Toleration> tolerations, Node node) {
        String wanted = spec.getNodeName();
        if (wanted != null
                && !wanted.isEmpty()
                && !wanted.equals(node.getMetadata().getName())) {
            return NO;
        }
        Map<String, String> labels = node.getMetadata().getLabels() == null
                ? Map.of()
                : node.getMetadata().getLabels();
        if (spec.getNodeSelector() != null
                && !labels.entrySet().containsAll(spec.getNodeSelector().entrySet())) {
            return NO;
        }
        if (!affinity(spec, node, labels)) {
            return NO;
        }
        boolean run = true;
        boolean stay = true;
        for (Taint taint : node.getSpec() == null || node.getSpec().getTaints() == null
                ? List.<Taint>of()
                : node.getSpec().getTaints()) {
            if (!"PreferNoSchedule".equals(taint.getEffect()) && !Tolerance.bears(taint, tolerations)) {
                run = false;
                stay &= !"NoExecute".equals(taint.getEffect());
            }
        }
        return new NodeFit(run, stay);
    }

    private static boolean affinity(PodSpec spec, Node node, Map<String, String> labels) {
        if (spec.getAffinity() == null
                || spec.getAffinity().getNodeAffinity() == null
                || spec.getAffinity().getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution() == null) {
            return true;
        }
        for (NodeSelectorTerm term : spec.getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()) {
            List<NodeSelectorRequirement> expressions = orEmpty(term.getMatchExpressions());
            List<NodeSelectorRequirement> fields = orEmpty(term.getMatchFields());
            if (expressions.isEmpty() && fields.isEmpty()) {
                continue;
            }
            Map<String, String> names =
                    Map.of("metadata.name", node.getMetadata().getName());
            if (expressions.stream().allMatch(requirement -> matches(requirement, labels))
                    && fields.stream().allMatch(requirement -> matches(requirement, names))) {
                return true;
            }
        }
        return false;
    }

    private static List<NodeSelectorRequirement> orEmpty(@Nullable List<NodeSelectorRequirement> list) {
        return list == null ? List.of() : list;
    }

    private static boolean matches(NodeSelectorRequirement requirement, Map<String, String> values) {
        String value = values.get(requirement.getKey());
        return switch (requirement.getOperator()) {
            case "In" -> value != null && requirement.getValues().contains(value);
            case "NotIn" -> value == null || !requirement.getValues().contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> compare(value, requirement) > 0;
            case "Lt" -> compare(value, requirement) < 0;
            default -> false;
        };
    }

    /** How a label compares with the only value of a requirement; zero if one of them is no number. */
    private static int compare(@Nullable String value, NodeSelectorRequirement requirement) {
        if (value == null || requirement.getValues().size() != 1) {
            return 0;
        }
        try {
            return Long.compare(
                    Long.parseLong(value),
                    Long.parseLong(requirement.getValues().get(0)));
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
