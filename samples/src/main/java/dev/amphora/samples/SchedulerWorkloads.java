package dev.amphora.samples;

import static dev.amphora.samples.NodeTemplates.HOSTNAME;
import static dev.amphora.samples.NodeTemplates.ZONE;
import static dev.amphora.samples.PodTemplates.ASKING;
import static dev.amphora.samples.PodTemplates.HIGH;
import static dev.amphora.samples.PodTemplates.LOW;
import static dev.amphora.samples.PodTemplates.apart;
import static dev.amphora.samples.PodTemplates.labelled;
import static dev.amphora.samples.PodTemplates.near;
import static dev.amphora.samples.PodTemplates.pods;
import static dev.amphora.samples.PodTemplates.ratherNear;
import static dev.amphora.samples.PodTemplates.spread;

import dev.amphora.samples.PodTemplates.Template;
import dev.amphora.samples.SchedulerWorkload.Builder;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * The workloads of the benchmark: those that the reference was measured with on a machine like ours, those of its own benchmark
 * ({@link ReferenceWorkloads}), and ours.
 */
final class SchedulerWorkloads {
    private SchedulerWorkloads() {}

    private static final Template BLUE = labelled("color", "blue");

    private static Builder inThreeZones(String name, int init, int measured, Template pod) {
        return SchedulerWorkload.named(name)
                .nodes(5_000, NodeTemplates::inThreeZones)
                .init(init, pod)
                .measured(measured, pod);
    }

    static final SchedulerWorkload BASIC = inThreeZones("basic", 1_000, 10_000, ASKING)
            .measuredAt(238)
            .threshold(680)
            .build();

    static final SchedulerWorkload SPREADING = inThreeZones(
                    "spreading", 1_000, 3_000, ASKING.and(BLUE).and(spread("DoNotSchedule")))
            .measuredAt(84)
            .build();

    /** Pods that a plugin of the user's has a say about, which looks at each node. Compared with {@link #BASIC}. */
    static final SchedulerWorkload USER_PLUGIN = inThreeZones("user-plugin", 1_000, 10_000, ASKING)
            .profile(profile -> profile.with(new PlainPlugin(), 1))
            .build();

    /** All of them, in the order in which they are measured. */
    static List<SchedulerWorkload> all() {
        List<SchedulerWorkload> all = new ArrayList<>();
        all.add(BASIC);
        all.add(inThreeZones(
                        "affinity",
                        1_000,
                        3_000,
                        ASKING.and(BLUE).and(near(pods(ZONE, "blue").build())))
                .measuredAt(48)
                .build());
        all.add(SPREADING);
        all.add(inThreeZones(
                        "anti-affinity",
                        500,
                        1_000,
                        ASKING.and(BLUE).and(apart(pods(HOSTNAME, "blue").build())))
                .measuredAt(76)
                .build());
        all.add(inThreeZones(
                        "preferred-affinity",
                        1_000,
                        2_000,
                        ASKING.and(BLUE).and(ratherNear(pods(HOSTNAME, "blue").build())))
                .measuredAt(103)
                .build());
        all.add(SchedulerWorkload.named("preemption")
                .nodes(5_000, NodeTemplates::inThreeZones)
                .init(20_000, LOW)
                .measured(5_000, HIGH)
                .build());
        all.add(USER_PLUGIN);
        all.addAll(ReferenceWorkloads.all());
        return all;
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

    /** The default profile without what takes the zones of nodes for a wish, as the reference has it for {@code batching}. */
    static Profile withoutSpreading(Profile profile) {
        return profile.without("PodTopologySpread");
    }
}
