package dev.amphora.scheduler;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirementBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PodAffinityTermBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraintBuilder;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTerm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Pods that ask for several things at once, in every way in which they can be written, with labels and values that many share. */
final class RandomWishes {
    private static final List<String> COLORS = List.of("blue", "green", "red");
    private static final List<String> KEYS =
            List.of("kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack", "disk", "nowhere");

    private final SeededChance chance;

    RandomWishes(SeededChance chance) {
        this.chance = chance;
    }

    private boolean oneIn(int n) {
        return chance.nextInt(n) == 0;
    }

    private <T> T any(List<T> list) {
        return list.get(chance.nextInt(list.size()));
    }

    private <T> List<T> some(int most, Supplier<T> one) {
        List<T> some = new ArrayList<>();
        for (int i = chance.nextInt(most + 1); i > 0; i--) {
            some.add(one.get());
        }
        return some;
    }

    private LabelSelector selector() {
        LabelSelectorBuilder selector = new LabelSelectorBuilder();
        if (oneIn(8)) {
            return selector.build();
        }
        if (oneIn(2)) {
            return selector.withMatchLabels(Map.of("color", any(COLORS))).build();
        }
        String operator = any(List.of("In", "NotIn", "Exists", "DoesNotExist"));
        return selector.addToMatchExpressions(new LabelSelectorRequirementBuilder()
                        .withKey(any(List.of("color", "size")))
                        .withOperator(operator)
                        .withValues(
                                operator.endsWith("In") ? List.of(any(COLORS), any(List.of("s", "red"))) : List.of())
                        .build())
                .build();
    }

    /** Up to three constraints of both sorts. */
    Pod spread(PodBuilder pod) {
        return pod.editSpec()
                .withTopologySpreadConstraints(some(3, this::constraint))
                .addToNodeSelector(oneIn(3) ? Map.of("disk", "ssd") : Map.of())
                .endSpec()
                .build();
    }

    private TopologySpreadConstraint constraint() {
        boolean hard = oneIn(2);
        return new TopologySpreadConstraintBuilder()
                .withMaxSkew(1 + chance.nextInt(3))
                .withTopologyKey(any(KEYS.subList(0, 4)))
                .withWhenUnsatisfiable(hard ? "DoNotSchedule" : "ScheduleAnyway")
                .withMinDomains(hard && oneIn(3) ? 1 + chance.nextInt(4) : null)
                .withNodeAffinityPolicy(any(List.of("Honor", "Ignore")))
                .withNodeTaintsPolicy(any(List.of("Honor", "Ignore")))
                .withMatchLabelKeys(oneIn(3) ? List.of("color") : List.of())
                .withLabelSelector(selector())
                .build();
    }

    /** As the API server stores it: what the keys mean for the labels of the pod itself stands in the selector (KEP-3633). */
    private PodAffinityTerm term(Map<String, String> labels) {
        PodAffinityTermBuilder term = new PodAffinityTermBuilder()
                .withTopologyKey(any(KEYS))
                .withLabelSelector(selector())
                .withNamespaces(oneIn(3) ? List.of(any(List.of("default", "other"))) : List.of())
                .withNamespaceSelector(
                        oneIn(3)
                                ? new LabelSelectorBuilder()
                                        .withMatchLabels(oneIn(2) ? Map.of("team", any(List.of("x", "y"))) : Map.of())
                                        .build()
                                : null);
        for (String key : List.of("color", "size")) {
            if (oneIn(3)) {
                boolean own = oneIn(2);
                term = own ? term.addToMatchLabelKeys(key) : term.addToMismatchLabelKeys(key);
                if (labels.containsKey(key)) {
                    term = term.editLabelSelector()
                            .addNewMatchExpression()
                            .withKey(key)
                            .withOperator(own ? "In" : "NotIn")
                            .withValues(labels.get(key))
                            .endMatchExpression()
                            .endLabelSelector();
                }
            }
        }
        return term.build();
    }

    private WeightedPodAffinityTerm weighted(Map<String, String> labels) {
        return new WeightedPodAffinityTerm(term(labels), 1 + chance.nextInt(100));
    }

    /** Near to some pods and away from others, by need and by wish. */
    Pod company(PodBuilder pod) {
        Map<String, String> labels = pod.buildMetadata().getLabels();
        return pod.editSpec()
                .withNewAffinity()
                .withNewPodAffinity()
                .withRequiredDuringSchedulingIgnoredDuringExecution(oneIn(3) ? some(2, () -> term(labels)) : List.of())
                .withPreferredDuringSchedulingIgnoredDuringExecution(some(2, () -> weighted(labels)))
                .endPodAffinity()
                .withNewPodAntiAffinity()
                .withRequiredDuringSchedulingIgnoredDuringExecution(oneIn(3) ? some(2, () -> term(labels)) : List.of())
                .withPreferredDuringSchedulingIgnoredDuringExecution(some(2, () -> weighted(labels)))
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec()
                .build();
    }

    /** On some nodes, by their labels or their names. */
    Pod nodes(PodBuilder pod, List<String> names) {
        NodeSelectorTermBuilder term = new NodeSelectorTermBuilder();
        String operator = any(List.of("In", "NotIn", "Exists", "DoesNotExist"));
        term.addToMatchExpressions(new NodeSelectorRequirement(
                any(KEYS), operator, operator.endsWith("In") ? List.of("z1", "z2", "r1", "ssd") : List.of()));
        List<NodeSelectorTermBuilder> terms = new ArrayList<>(List.of(term));
        if (oneIn(2)) {
            NodeSelectorTermBuilder named = new NodeSelectorTermBuilder()
                    .addToMatchFields(new NodeSelectorRequirement("metadata.name", "In", List.of(any(names))));
            if (oneIn(2)) {
                terms.clear();
            }
            terms.add(named);
        }
        return pod.editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withNodeSelectorTerms(
                        terms.stream().map(NodeSelectorTermBuilder::build).toList())
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .withTopologySpreadConstraints(oneIn(3) ? some(2, this::constraint) : List.of())
                .endSpec()
                .build();
    }

    /** A port that others may take too, on an address of its own or on all. */
    Pod port(PodBuilder pod) {
        return pod.editSpec()
                .editFirstContainer()
                .addNewPort()
                .withContainerPort(80)
                .withHostPort(80)
                .withHostIP(any(List.of("", "0.0.0.0", "10.0.0.1", "10.0.0.2")))
                .withProtocol(any(List.of("TCP", "UDP")))
                .endPort()
                .endContainer()
                .endSpec()
                .build();
    }
}
