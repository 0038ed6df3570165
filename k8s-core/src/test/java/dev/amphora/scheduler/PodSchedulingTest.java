package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodSchedulingTest {

    @ParameterizedTest
    @CsvSource({
        "0, 99, 99",
        "0, 100, 100",
        "0, 500, 230",
        "0, 1000, 420",
        "0, 3000, 780",
        "0, 4999, 549",
        "0, 5000, 500",
        "0, 5625, 281",
        "0, 20000, 1000",
        "30, 257, 100",
        "100, 5000, 5000",
    })
    void theSearchStopsWhenEnoughNodesAreFound(int percentage, int nodes, int enough) {
        assertThat(PodScheduling.numFeasibleNodesToFind(percentage, nodes)).isEqualTo(enough);
    }

    @Test
    void theSearchGoesOnWhereTheLastOneEnded() {
        Bench bench = new Bench(Profile.named("default-scheduler").percentageOfNodesToScore(1));
        for (int i = 0; i < 250; i++) {
            bench.with(node("n" + i));
        }

        bench.schedule(pod("p"));
        assertThat(bench.scheduling.feasible()).hasSize(100).first().hasToString("n0");
        assertThat(bench.scheduling.nextStartNodeIndex()).isEqualTo(100);

        bench.schedule(pod("q"));
        bench.schedule(pod("r"));
        assertThat(bench.scheduling.feasible()).first().hasToString("n200");
        assertThat(bench.scheduling.nextStartNodeIndex()).isEqualTo(50);
    }

    @Test
    void amongEqualsTheSeedDecides() {
        assertThat(choices(7)).isEqualTo(choices(7)).isNotEqualTo(choices(8));
    }

    private static List<String> choices(long seed) {
        Bench bench = new Bench().with(node("a"), node("b"), node("c"), node("d"));
        bench.cache.snapshot();
        PodScheduling scheduling = new PodScheduling(new SeededChance(seed));
        List<String> chosen = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            PodInfo pod = PodInfo.of(pod("p").build());
            chosen.add(String.valueOf(
                    scheduling.schedule(bench.framework, new CycleState(), pod).nodeName()));
        }
        return chosen;
    }

    @Test
    void withoutNodesItSaysSo() {
        assertThat(new Bench().schedule(pod("p"))).isEqualTo("no nodes available to schedule pods");
    }

    @Test
    void onlyTheFirstReasonOfANodeEntersTheMessageSortedAsText() {
        Bench bench = new Bench()
                .with(
                        node("a").editSpec().withUnschedulable(true).endSpec(),
                        node("b")
                                .editSpec()
                                .addNewTaint()
                                .withKey("k")
                                .withEffect("NoSchedule")
                                .endTaint()
                                .endSpec(),
                        node("c"));

        assertThat(bench.schedule(pod("p", "5", null)))
                .isEqualTo(
                        "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were"
                                + " unschedulable. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is"
                                + " not helpful for scheduling.");
    }

    @Test
    void aPluginOfOnesOwnDecidesWithItsWeight() {
        Bench bench = new Bench(Profile.named("default-scheduler").with(new PreferName("c"), 50));

        assertThat(bench.with(node("a"), node("b"), node("c")).schedule(pod("p")))
                .isEqualTo("c");
    }

    private record PreferName(String wanted) implements ScorePlugin {
        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            return node.name().equals(wanted) ? MAX_SCORE : MIN_SCORE;
        }
    }

    @Test
    void aPluginThatFailsEndsTheAttemptInAnError() {
        Bench bench = new Bench(Profile.named("default-scheduler").with(new Broken(), 0));

        assertThat(bench.with(node("a")).schedule(pod("p"))).isEqualTo("running \"Broken\" filter plugin: oops");
    }

    private static final class Broken implements FilterPlugin {
        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            throw new IllegalStateException("oops");
        }
    }

    @Test
    void aScoreOutOfRangeIsAnError() {
        Bench bench = new Bench(Profile.named("default-scheduler").with(new Boastful(), 1));

        assertThat(bench.with(node("a"), node("b")).schedule(pod("p")))
                .startsWith("plugin \"Boastful\" returns an invalid score 101");
    }

    private static final class Boastful implements ScorePlugin {
        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            return 101;
        }
    }
}
