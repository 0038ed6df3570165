package dev.amphora.scheduler.testing;

import static dev.amphora.scheduler.testing.TestNode.node;
import static dev.amphora.scheduler.testing.TestPod.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.Json;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerConfiguration;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The test kit for plugins tells what is so, and says what it found where it is not. */
class SchedulerTesterTest {
    /** Turns down nodes without a size; gives the size as a score. */
    private static final class Size implements FilterPlugin, ScorePlugin {
        private final int limit;

        Size(int limit) {
            this.limit = limit;
        }

        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            return size(node) >= limit ? Status.success() : Status.unresolvable("node(s) were too small");
        }

        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            return size(node);
        }

        @Override
        public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
            ScorePlugin.stretch(scores, false);
        }

        private static int size(NodeInfo node) {
            return Integer.parseInt(node.labels().getOrDefault("size", "0"));
        }
    }

    private static SchedulerTester sized() {
        return SchedulerTester.with(new Size(1), 5)
                .put(node("none"))
                .put(node("small").label("size", "10"))
                .put(node("large").label("size", "20"))
                .put(node("busy").label("size", "30").allocatable("cpu", "100m"));
    }

    @Test
    void tellsTheNodeTheVerdictsAndTheScores() {
        assertThat(sized().schedule(pod("p").requests("cpu", "1")))
                .choseNode("large")
                .choseOneOf("small", "large")
                .hasFeasible("small", "large")
                .rejected("Size", "none")
                .rejected("Size", "none", "node(s) were too small")
                .rejectedForGood("Size", "none")
                .admitted("Size", "busy")
                .rejected("NodeResourcesFit", "busy", "Insufficient cpu")
                .scoredRaw("Size", "small", 10)
                .scored("Size", "small", 50)
                .scoredWeighted("Size", "small", 250)
                .scored("Size", "large", 100)
                .didNotScore("ImageLocalit");
    }

    @Test
    void aPluginAloneIsAskedAlone() {
        assertThat(SchedulerTester.alone(new Size(15))
                        .nodes(3, i -> node("n" + i).label("size", "1" + i))
                        .put(node("busy").label("size", "30").allocatable("cpu", "100m"))
                        .schedule(pod("p").requests("cpu", "1")))
                .choseNode("busy")
                .hasFeasible("busy");

        assertThat(SchedulerTester.alone(
                                "Size",
                                (args, handle) -> new Size(args.path("limit").asInt()),
                                Json.object().put("limit", 12))
                        .nodes(3, i -> node("n" + i).label("size", "1" + i))
                        .schedule(pod("p")))
                .hasFeasible("n2", "n3")
                .scored("Size", "n3", 100)
                .totalled("n3", 100);
    }

    @Test
    void aConfigurationIsTakenAsItIs() {
        SchedulerConfiguration configuration = SchedulerConfiguration.read(
                """
                apiVersion: kubescheduler.config.k8s.io/v1
                kind: KubeSchedulerConfiguration
                profiles:
                - plugins:
                    multiPoint: {enabled: [{name: Size, weight: 7}]}
                  pluginConfig:
                  - {name: Size, args: {limit: 5}}
                """,
                Map.of("Size", (args, handle) -> new Size(args.path("limit").asInt())));

        assertThat(SchedulerTester.of(configuration)
                        .put(node("small").label("size", "4"))
                        .put(node("large").label("size", "6"))
                        .put(node("larger").label("size", "7"))
                        .schedule(pod("p")))
                .choseNode("larger")
                .rejected("Size", "small")
                .scoredWeighted("Size", "larger", 700);
    }

    @Test
    void tellsWhyThereIsNoNodeAndWhomPreemptionWouldTakeOff() {
        SchedulerTester tester = SchedulerTester.of(Profile.named("default-scheduler"))
                .put(node("a").allocatable("cpu", "1"))
                .put(node("b").allocatable("cpu", "1").taint("k", "v", "NoSchedule"))
                .put(pod("low").requests("cpu", "1").on("a"));

        assertThat(tester.schedule(pod("p").requests("cpu", "1")))
                .choseNoNode("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). "
                        + "no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, "
                        + "1 Preemption is not helpful for scheduling.")
                .postFilter(Status.Code.UNSCHEDULABLE);
        assertThat(tester.schedule(pod("p").requests("cpu", "1").priority(10)))
                .choseNoNode()
                .preempts("a", "low")
                .postFilter(Status.Code.SUCCESS);
    }

    @Test
    void tellsWhoHoldsAPodBack() {
        assertThat(SchedulerTester.of(Profile.named("default-scheduler"))
                        .nodes(1)
                        .schedule(pod("p").gate("example.dev/wait")))
                .heldBackBy("SchedulingGates")
                .choseNoNode();
    }

    @Test
    void whatIsPlacedCounts() {
        SchedulerTester tester =
                SchedulerTester.of(Profile.named("default-scheduler")).nodes(2);
        TestPod first = pod("first").label("app", "web");

        String node = tester.place(first).nodeName();

        assertThat(tester.schedule(pod("second").near("kubernetes.io/hostname", "app", "web")))
                .choseNode(String.valueOf(node));
        assertThat(tester.schedule(pod("third").apart("kubernetes.io/hostname", "app", "web")))
                .rejected("InterPodAffinity", String.valueOf(node));
    }

    @Test
    void tellsWhetherAChangeWakesAPod() {
        SchedulerTester tester =
                SchedulerTester.of(Profile.named("default-scheduler")).nodes(1);
        TestPod waiting = pod("p").nodeSelector("disk", "ssd");

        assertThat(tester.added(node("n").label("disk", "ssd").build(), waiting))
                .wakes("NodeAffinity");
        assertThat(tester.added(node("n").label("disk", "hdd").build(), waiting))
                .doesNotWake("NodeAffinity");
        assertThat(tester.changed(
                        node("n").build(), node("n").label("disk", "ssd").build(), waiting))
                .wakes("NodeAffinity")
                .doesNotWake("NodePorts");
        assertThatThrownBy(() ->
                        assertThat(tester.deleted(node("n").build(), waiting)).wakes("NodeAffinity"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("ClusterEvent");
    }

    @Test
    void aFailureTellsWhatWasFoundOfEveryNode() {
        Cycle cycle = sized().schedule(pod("p").requests("cpu", "1"));

        assertThatThrownBy(() -> assertThat(cycle).scored("Size", "small", 51))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("Expected Size's score of small to be 51, not 50.")
                .hasMessageContaining("Pod default/p goes to large")
                .hasMessageContaining("none: Size says UnschedulableAndUnresolvable \"node(s) were too small\"")
                .hasMessageContaining("busy: NodeResourcesFit says UnschedulableAndUnresolvable \"Insufficient cpu\"")
                .hasMessageContaining("Size 100 x 5 (raw 20)");
        assertThatThrownBy(() -> assertThat(cycle).choseNode("small")).hasMessageContaining("to go to small");
        assertThatThrownBy(() -> assertThat(cycle).rejected("Size", "none", "other"))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> assertThat(cycle).scored("Size", "none", 0)).hasMessageContaining("without a score");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> assertThat(cycle).choseNode("smal"))
                .withMessageContaining("there is no node smal among");
    }
}
