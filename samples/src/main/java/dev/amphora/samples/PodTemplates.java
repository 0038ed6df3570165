package dev.amphora.samples;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PodAffinityTermBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Map;

/** The pods of the reference's benchmark. */
final class PodTemplates {
    /** Makes a pod of one that has a name and a container. */
    interface Template {
        PodBuilder apply(PodBuilder pod, int number);

        /** This one, then another. */
        default Template and(Template other) {
            return (pod, number) -> other.apply(apply(pod, number), number);
        }
    }

    private PodTemplates() {}

    static Pod pod(String name, Template template, int number) {
        PodBuilder light = new PodBuilder()
                .withNewMetadata()
                .withNamespace(BenchObjects.NAMESPACE)
                .withName(name)
                .withUid("uid-" + name)
                .endMetadata()
                .withNewSpec()
                .withSchedulerName("default-scheduler")
                .addNewContainer()
                .withName("pause")
                .withImage("registry.k8s.io/pause:3.10")
                .endContainer()
                .endSpec();
        return template.apply(light, number).build();
    }

    /** Asks for nothing and goes at once. */
    static final Template LIGHT = (pod, number) ->
            pod.editSpec().withTerminationGracePeriodSeconds(0L).endSpec();

    /** Asks for 100m and 500Mi, as the reference was measured on a machine like ours. */
    static final Template ASKING = asking("100m", "500Mi", false).and(PodTemplates::withPort);

    /** Asks for 100m and 500Mi and gets no more. */
    static final Template PLAIN = asking("100m", "500Mi", true).and(PodTemplates::withPort);

    /** Four of them fill a node. */
    static final Template LOW = asking("900m", "500Mi", true).and(LIGHT);

    /** Needs the room of three of those. */
    static final Template HIGH = asking("3", "500Mi", true).and(priority(10));

    /** Fits nowhere. */
    static final Template TOO_LARGE = asking("9", "500Mi", true).and(priority(10));

    /** Fills a node. */
    static final Template FILLING = asking("3", "500Mi", true);

    private static PodBuilder withPort(PodBuilder pod, int number) {
        return pod.editSpec()
                .editFirstContainer()
                .addNewPort()
                .withContainerPort(80)
                .withProtocol("TCP")
                .endPort()
                .endContainer()
                .endSpec();
    }

    private static Template asking(String cpu, String memory, boolean limited) {
        Map<String, Quantity> amounts = Map.of("cpu", new Quantity(cpu), "memory", new Quantity(memory));
        return (pod, number) -> {
            pod.editSpec()
                    .editFirstContainer()
                    .withNewResources()
                    .withRequests(amounts)
                    .endResources()
                    .endContainer()
                    .endSpec();
            return limited
                    ? pod.editSpec()
                            .editFirstContainer()
                            .editResources()
                            .withLimits(amounts)
                            .endResources()
                            .endContainer()
                            .endSpec()
                    : pod;
        };
    }

    private static Template priority(int priority) {
        return (pod, number) -> pod.editSpec().withPriority(priority).endSpec();
    }

    /** Asks for the resource that only the node of the same number has. */
    static final Template ASKING_ONE_NODE = (pod, number) -> {
        Map<String, Quantity> amounts = Map.of("foo.com/bar-" + number, new Quantity("1"));
        return pod.editSpec()
                .editFirstContainer()
                .withNewResources()
                .withRequests(amounts)
                .withLimits(amounts)
                .endResources()
                .endContainer()
                .endSpec();
    };

    /** Wants port 80 of the node. */
    static final Template HOST_PORT = (pod, number) -> pod.editSpec()
            .editFirstContainer()
            .addNewPort()
            .withContainerPort(80)
            .withHostPort(80)
            .withProtocol("TCP")
            .endPort()
            .endContainer()
            .endSpec();

    static Template labelled(String key, String value) {
        return (pod, number) -> pod.editMetadata().addToLabels(key, value).endMetadata();
    }

    static Template in(String namespace) {
        return (pod, number) -> pod.editMetadata().withNamespace(namespace).endMetadata();
    }

    /** In one of a number of namespaces. */
    static Template spreadOver(String prefix, int namespaces) {
        return (pod, number) -> pod.editMetadata()
                .withNamespace(prefix + "-" + number % namespaces)
                .endMetadata();
    }

    static Template gated(String gate) {
        return (pod, number) -> pod.editSpec().addNewSchedulingGate(gate).endSpec();
    }

    static Template held(String finalizer) {
        return (pod, number) -> pod.editMetadata().addToFinalizers(finalizer).endMetadata();
    }

    // -- nodes -------------------------------------------------------------------------------------------------------

    /** On nodes of some zones. */
    static Template inZones(String... zones) {
        return (pod, number) -> pod.editSpec()
                .editOrNewAffinity()
                .editOrNewNodeAffinity()
                .editOrNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchExpression()
                .withKey(NodeTemplates.ZONE)
                .withOperator("In")
                .withValues(zones)
                .endMatchExpression()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec();
    }

    /** On one node, as pods of daemon sets are. */
    static Template onNode(String name) {
        return (pod, number) -> pod.editSpec()
                .editOrNewAffinity()
                .editOrNewNodeAffinity()
                .editOrNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchField()
                .withKey("metadata.name")
                .withOperator("In")
                .withValues(name)
                .endMatchField()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec();
    }

    // -- other pods --------------------------------------------------------------------------------------------------

    /** Pods of a color, in a domain. */
    static PodAffinityTermBuilder pods(String key, String color) {
        return new PodAffinityTermBuilder()
                .withTopologyKey(key)
                .withNewLabelSelector()
                .withMatchLabels(Map.of("color", color))
                .endLabelSelector();
    }

    /** The same of the namespaces that the reference's pods are in. */
    static PodAffinityTerm podsOfBoth(String key, String color) {
        return pods(key, color).withNamespaces("sched-1", "sched-0").build();
    }

    /** The same of all namespaces of a team. */
    static PodAffinityTerm podsOfTeam(String key, String color) {
        return pods(key, color)
                .withNewNamespaceSelector()
                .withMatchLabels(Map.of("team", "devops"))
                .endNamespaceSelector()
                .build();
    }

    static Template near(PodAffinityTerm term) {
        return (pod, number) -> pod.editSpec()
                .editOrNewAffinity()
                .editOrNewPodAffinity()
                .addToRequiredDuringSchedulingIgnoredDuringExecution(term)
                .endPodAffinity()
                .endAffinity()
                .endSpec();
    }

    static Template apart(PodAffinityTerm term) {
        return (pod, number) -> pod.editSpec()
                .editOrNewAffinity()
                .editOrNewPodAntiAffinity()
                .addToRequiredDuringSchedulingIgnoredDuringExecution(term)
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec();
    }

    static Template ratherNear(PodAffinityTerm term) {
        return (pod, number) -> pod.editSpec()
                .editOrNewAffinity()
                .editOrNewPodAffinity()
                .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                .withWeight(1)
                .withPodAffinityTerm(term)
                .endPreferredDuringSchedulingIgnoredDuringExecution()
                .endPodAffinity()
                .endAffinity()
                .endSpec();
    }

    static Template ratherApart(PodAffinityTerm term) {
        return (pod, number) -> pod.editSpec()
                .editOrNewAffinity()
                .editOrNewPodAntiAffinity()
                .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                .withWeight(1)
                .withPodAffinityTerm(term)
                .endPreferredDuringSchedulingIgnoredDuringExecution()
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec();
    }

    /** Spread over zones with a skew of at most 5. */
    static Template spread(String whenUnsatisfiable) {
        return (pod, number) -> pod.editSpec()
                .addNewTopologySpreadConstraint()
                .withMaxSkew(5)
                .withTopologyKey(NodeTemplates.ZONE)
                .withWhenUnsatisfiable(whenUnsatisfiable)
                .withNewLabelSelector()
                .withMatchLabels(Map.of("color", "blue"))
                .endLabelSelector()
                .endTopologySpreadConstraint()
                .endSpec();
    }

    /** Spread over the nodes that it may run on. */
    static final Template SPREAD_OVER_ITS_NODES = (pod, number) -> pod.editMetadata()
            .addToLabels("foo", "bar")
            .endMetadata()
            .editSpec()
            .addNewTopologySpreadConstraint()
            .withMaxSkew(1)
            .withTopologyKey(NodeTemplates.HOSTNAME)
            .withWhenUnsatisfiable("DoNotSchedule")
            .withNodeAffinityPolicy("Honor")
            .withNodeTaintsPolicy("Honor")
            .withNewLabelSelector()
            .withMatchLabels(Map.of("foo", "bar"))
            .endLabelSelector()
            .endTopologySpreadConstraint()
            .endSpec();
}
