package dev.amphora.samples;

import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Pods that are scheduled while it is measured how fast that goes: the workloads of the reference's own benchmark.
 *
 * @param name what is special about the pods
 * @param init how many there are before
 * @param measured how many are measured
 * @param reference pods per second of the reference, end to end on a machine like ours; 0 where it was not measured
 * @param before makes the pods that are there before
 * @param pod makes the pods that are measured
 */
record SchedulerWorkload(
        String name,
        int init,
        int measured,
        int reference,
        UnaryOperator<PodBuilder> before,
        UnaryOperator<PodBuilder> pod) {
    private static final String HOSTNAME = "kubernetes.io/hostname";
    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final Map<String, String> BLUE = Map.of("color", "blue");

    private static SchedulerWorkload of(
            String name, int init, int measured, int reference, UnaryOperator<PodBuilder> pod) {
        return new SchedulerWorkload(name, init, measured, reference, pod, pod);
    }

    static final SchedulerWorkload BASIC = of("basic", 1_000, 10_000, 238, pod -> pod);

    static final SchedulerWorkload AFFINITY = of("affinity", 1_000, 3_000, 48, pod -> labelled(pod)
            .editSpec()
            .editOrNewAffinity()
            .editOrNewPodAffinity()
            .addNewRequiredDuringSchedulingIgnoredDuringExecution()
            .withTopologyKey(ZONE)
            .withNewLabelSelector()
            .withMatchLabels(BLUE)
            .endLabelSelector()
            .endRequiredDuringSchedulingIgnoredDuringExecution()
            .endPodAffinity()
            .endAffinity()
            .endSpec());

    static final SchedulerWorkload SPREADING = of("spreading", 1_000, 3_000, 84, pod -> labelled(pod)
            .editSpec()
            .addNewTopologySpreadConstraint()
            .withMaxSkew(5)
            .withTopologyKey(ZONE)
            .withWhenUnsatisfiable("DoNotSchedule")
            .withNewLabelSelector()
            .withMatchLabels(BLUE)
            .endLabelSelector()
            .endTopologySpreadConstraint()
            .endSpec());

    static final SchedulerWorkload ANTI_AFFINITY = of("anti-affinity", 500, 1_000, 76, pod -> labelled(pod)
            .editSpec()
            .editOrNewAffinity()
            .editOrNewPodAntiAffinity()
            .addNewRequiredDuringSchedulingIgnoredDuringExecution()
            .withTopologyKey(HOSTNAME)
            .withNewLabelSelector()
            .withMatchLabels(BLUE)
            .endLabelSelector()
            .endRequiredDuringSchedulingIgnoredDuringExecution()
            .endPodAntiAffinity()
            .endAffinity()
            .endSpec());

    static final SchedulerWorkload PREFERRED = of("preferred-affinity", 1_000, 2_000, 103, pod -> labelled(pod)
            .editSpec()
            .editOrNewAffinity()
            .editOrNewPodAffinity()
            .addNewPreferredDuringSchedulingIgnoredDuringExecution()
            .withWeight(1)
            .withNewPodAffinityTerm()
            .withTopologyKey(HOSTNAME)
            .withNewLabelSelector()
            .withMatchLabels(BLUE)
            .endLabelSelector()
            .endPodAffinityTerm()
            .endPreferredDuringSchedulingIgnoredDuringExecution()
            .endPodAffinity()
            .endAffinity()
            .endSpec());

    static final SchedulerWorkload PREFERRED_ANTI = of("preferred-anti", 1_000, 2_000, 0, pod -> labelled(pod)
            .editSpec()
            .editOrNewAffinity()
            .editOrNewPodAntiAffinity()
            .addNewPreferredDuringSchedulingIgnoredDuringExecution()
            .withWeight(1)
            .withNewPodAffinityTerm()
            .withTopologyKey(HOSTNAME)
            .withNewLabelSelector()
            .withMatchLabels(BLUE)
            .endLabelSelector()
            .endPodAffinityTerm()
            .endPreferredDuringSchedulingIgnoredDuringExecution()
            .endPodAntiAffinity()
            .endAffinity()
            .endSpec());

    static final SchedulerWorkload PREFERRED_SPREAD = of("preferred-spread", 1_000, 3_000, 0, pod -> labelled(pod)
            .editSpec()
            .addNewTopologySpreadConstraint()
            .withMaxSkew(5)
            .withTopologyKey(ZONE)
            .withWhenUnsatisfiable("ScheduleAnyway")
            .withNewLabelSelector()
            .withMatchLabels(BLUE)
            .endLabelSelector()
            .endTopologySpreadConstraint()
            .endSpec());

    static final SchedulerWorkload NODE_AFFINITY = of("node-affinity", 5_000, 10_000, 0, pod -> pod.editSpec()
            .editOrNewAffinity()
            .editOrNewNodeAffinity()
            .editOrNewRequiredDuringSchedulingIgnoredDuringExecution()
            .addNewNodeSelectorTerm()
            .addNewMatchExpression()
            .withKey(ZONE)
            .withOperator("In")
            .withValues("zone0", "zone1")
            .endMatchExpression()
            .endNodeSelectorTerm()
            .endRequiredDuringSchedulingIgnoredDuringExecution()
            .endNodeAffinity()
            .endAffinity()
            .endSpec());

    /** Pods that affinity pods were placed before, but that want nothing themselves. */
    static final SchedulerWorkload MIXED = new SchedulerWorkload("mixed", 2_000, 5_000, 0, AFFINITY.pod, pod -> pod);

    /** Pods that a plugin of the user's has a say about, which looks at each node. */
    static final SchedulerWorkload USER_PLUGIN = of("user-plugin", 1_000, 10_000, 0, pod -> pod);

    static final SchedulerWorkload PREEMPTION = new SchedulerWorkload(
            "preemption",
            20_000,
            5_000,
            0,
            pod -> asking(pod, "900m", "500Mi")
                    .editSpec()
                    .withTerminationGracePeriodSeconds(0L)
                    .endSpec(),
            pod -> asking(pod, "3", "500Mi").editSpec().withPriority(10).endSpec());

    /** All of them, in the order in which they are measured. */
    static final List<SchedulerWorkload> ALL = List.of(
            BASIC,
            AFFINITY,
            SPREADING,
            ANTI_AFFINITY,
            PREFERRED,
            PREFERRED_ANTI,
            PREFERRED_SPREAD,
            NODE_AFFINITY,
            MIXED,
            USER_PLUGIN,
            PREEMPTION);

    /** The same with other counts; those that are negative stay. */
    SchedulerWorkload sized(int otherInit, int otherMeasured) {
        return new SchedulerWorkload(
                name,
                otherInit < 0 ? init : otherInit,
                otherMeasured < 0 ? measured : otherMeasured,
                reference,
                before,
                pod);
    }

    /** What schedules the pods: as it is by default, or with a plugin that is written in the plain way. */
    Profile profile() {
        Profile profile = Profile.named(Profile.DEFAULT_SCHEDULER_NAME);
        return name.equals(USER_PLUGIN.name) ? profile.with(new PlainPlugin(), 1) : profile;
    }

    /** A Filter and a Score of a node by its name, as a user would write them first: asked about every node that is looked at. */
    private static final class PlainPlugin implements FilterPlugin, ScorePlugin {
        @Override
        public String name() {
            return "Plain";
        }

        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            return node.name().endsWith("7") ? Status.unschedulable("node is unlucky") : Status.success();
        }

        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            return node.name().length();
        }
    }

    private static PodBuilder labelled(PodBuilder pod) {
        return pod.editMetadata().addToLabels(BLUE).endMetadata();
    }

    private static PodBuilder asking(PodBuilder pod, String cpu, String memory) {
        return pod.editSpec()
                .editFirstContainer()
                .withNewResources()
                .addToRequests("cpu", new Quantity(cpu))
                .addToRequests("memory", new Quantity(memory))
                .endResources()
                .endContainer()
                .endSpec();
    }

    /** A pod by number; those from {@code init} on are measured. */
    Pod pod(int number) {
        PodBuilder plain = new PodBuilder()
                .withNewMetadata()
                .withNamespace(BenchObjects.NAMESPACE)
                .withName("p" + number)
                .withUid("uid-" + number)
                .endMetadata()
                .withNewSpec()
                .withSchedulerName("default-scheduler")
                .addNewContainer()
                .withName("c")
                .withImage("registry.k8s.io/pause:3.10")
                .addNewPort()
                .withContainerPort(80)
                .withProtocol("TCP")
                .endPort()
                .endContainer()
                .endSpec();
        return (number < init ? before : pod)
                .apply(asking(plain, "100m", "500Mi"))
                .build();
    }

    /** A node by number, in one of three zones. */
    static Node node(int number) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName("node-" + number)
                .addToLabels(HOSTNAME, "node-" + number)
                .addToLabels(ZONE, "zone" + number % 3)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addToCapacity("cpu", new Quantity("4"))
                .addToCapacity("memory", new Quantity("32Gi"))
                .addToCapacity("pods", new Quantity("110"))
                .addToAllocatable("cpu", new Quantity("4"))
                .addToAllocatable("memory", new Quantity("32Gi"))
                .addToAllocatable("pods", new Quantity("110"))
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
    }
}
