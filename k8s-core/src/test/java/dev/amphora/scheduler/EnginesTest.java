package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.Resources;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.DefaultPreemption;
import dev.amphora.scheduler.plugins.PreemptionPlan;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine that remembers decides as one does that asks every plugin about every node anew, through long sequences of changes. {@code
 * -Dscheduler.cases=100000} tries many more, {@code -Dscheduler.from} leaves out as many of the first.
 */
class EnginesTest {
    private static final Logger log = LoggerFactory.getLogger(EnginesTest.class);
    private static final int CASES = Integer.getInteger("scheduler.cases", 1_000);
    private static final int FROM = Integer.getInteger("scheduler.from", 0);
    private static final int CASES_PER_CLUSTER = 200;

    @Test
    void decideAlikeWhateverHasHappened() {
        int feasible = 0;
        int refused = 0;
        int preempting = 0;
        int with = 0;
        int victims = 0;
        int extended = 0;
        int byDevices = 0;
        for (int first = FROM; first < FROM + CASES; first += CASES_PER_CLUSTER) {
            Run run = new Run(first);
            for (int i = 0; i < CASES_PER_CLUSTER; i++) {
                run.step();
            }
            feasible += run.feasible;
            refused += run.refused;
            preempting += run.preempting;
            with += run.with;
            victims += run.victims;
            extended += run.extended;
            byDevices += run.byDevices;
        }
        log.info(
                "{} cases from {}: {} placed, {} of them with volumes or devices, {} scored by devices, {} turned down, "
                        + "{} of them by extenders, {} preempting {} pods",
                CASES,
                FROM,
                feasible,
                with,
                byDevices,
                refused,
                extended,
                preempting,
                victims);
        // the cases are worth something
        assertThat(feasible).isGreaterThan(CASES / 4);
        assertThat(refused).isGreaterThan(CASES / 20);
        assertThat(preempting).isPositive();
        assertThat(with).isGreaterThan(CASES / 100);
        assertThat(victims).isGreaterThan(preempting);
        assertThat(extended).isGreaterThan(CASES / 20);
        assertThat(byDevices).isGreaterThan(CASES / 200);
    }

    @Test
    void scoreAlikeByDevicesThatComeAndGoForPodsThatAreAlike() {
        int byDevices = 0;
        for (int seed = FROM; seed < FROM + CASES / 100; seed++) {
            Run run = new Run(seed);
            for (int i = 0; i < 50 && run.cluster.countsDevices; i++) {
                run.cluster.changeDevices();
                run.decide(run.cluster.podForDevice());
            }
            byDevices += run.byDevices;
        }
        log.info("{} pods scored by devices", byDevices);
        assertThat(byDevices).isGreaterThan(CASES / 25);
    }

    private static final class Run {
        final long seed;
        final RandomCluster cluster;
        final PodScheduling remembering;
        final PodScheduling plain;
        final List<String> history = new ArrayList<>();
        int feasible;
        int refused;
        int preempting;
        int with;
        int victims;
        int extended;
        int byDevices;

        Run(long seed) {
            this.seed = seed;
            this.cluster = new RandomCluster(seed);
            this.remembering = new PodScheduling(new SeededChance(seed), cluster.world.cache());
            this.plain = new PodScheduling(new SeededChance(seed));
        }

        void step() {
            cluster.change();
            decide(cluster.pod());
        }

        void decide(Pod pod) {
            CycleState fastState = new CycleState();
            CycleState naiveState = new CycleState();
            Outcome fast = outcome(remembering, cluster.remembering, fastState, pod);
            Outcome naive = outcome(plain, cluster.plain, naiveState, pod);
            assertThat(fast)
                    .as("seed %d, pod %s", seed, pod.getMetadata().getName())
                    .isEqualTo(naive);
            victims += naive.victims.size();
            byDevices += isScoredByDevices(pod, naive) ? 1 : 0;
            extended += naive.message != null && naive.message.contains(RandomExtender.NO) ? 1 : 0;
            assertThat(remembering.nextStartNodeIndex()).isEqualTo(plain.nextStartNodeIndex());
            explain(pod, naive);
            if (naive.node != null) {
                feasible++;
                if (reserve(fastState, naiveState, pod, naive.node)) {
                    cluster.place(pod, naive.node);
                }
            } else {
                refused++;
                preempting += naive.nominated == null || naive.nominated.isEmpty() ? 0 : 1;
                cluster.wait(pod, naive.nominated);
            }
        }

        /** Whether the pod asks for something that scores count and that a node gives which doesn't offer it. */
        private boolean isScoredByDevices(Pod pod, Outcome outcome) {
            Resources wanted = PodInfo.of(pod).requests();
            return cluster.countsDevices
                    && !outcome.totals.isEmpty()
                    && outcome.feasible.stream()
                            .map(name -> cluster.world.snapshot().node(name))
                            .anyMatch(node -> wanted.scalarNames().stream()
                                    .anyMatch(resource ->
                                            node != null && node.allocatable().scalar(resource) == 0));
        }

        /** Takes volumes and devices for the pod and writes that down, or gives them back. */
        private boolean reserve(CycleState fast, CycleState naive, Pod pod, String node) {
            PodInfo info = PodInfo.of(pod);
            Status status = cluster.remembering.runReserve(fast, info, node);
            assertThat(cluster.plain.runReserve(naive, info, node)).isEqualTo(status);
            boolean bound = status.isSuccess() && cluster.luck();
            if (bound) {
                preBind(cluster.remembering, fast, info, node);
                preBind(cluster.plain, naive, info, node);
                with += info.spec().getVolumes().isEmpty()
                                && info.spec().getResourceClaims().isEmpty()
                        ? 0
                        : 1;
            } else {
                cluster.remembering.runUnreserve(fast, info, node);
                cluster.plain.runUnreserve(naive, info, node);
            }
            return bound;
        }

        private static void preBind(Framework framework, CycleState state, PodInfo pod, String node) {
            framework.preBindPlugins().stream()
                    .filter(plugin -> !plugin.preBindPreFlight(state, pod, node).isSkip())
                    .forEach(plugin -> plugin.preBind(state, pod, node));
        }

        /** What asks each plugin about each node says the same of the nodes that were looked at. */
        private void explain(Pod pod, Outcome outcome) {
            Explanation explanation = Explainer.explain(cluster.plain, PodInfo.of(pod));
            if (explanation.error() != null) {
                // it has ended at a node that a search may not have come to
                log.debug("seed {}, pod {}: {}", seed, pod.getMetadata().getName(), explanation.error());
            } else if (explanation.heldBack().isEmpty()) {
                assertThat(explanation.feasible()).containsAll(outcome.feasible);
                outcome.refusals.forEach((node, status) ->
                        assertThat(explanation.refusal(node)).as(node).isEqualTo(status));
            }
        }

        private Outcome outcome(PodScheduling scheduling, Framework framework, CycleState state, Pod pod) {
            cluster.world.cache().snapshot();
            PodInfo info = PodInfo.of(pod);
            PodScheduling.Result result = scheduling.schedule(framework, state, info);
            Map<String, Status> refusals = new LinkedHashMap<>();
            String message = null;
            String nominated = null;
            if (result.diagnosis() != null) {
                Diagnosis diagnosis = result.diagnosis();
                diagnosis.nodes.forEach(refusals::put);
                PostFilterPlugin.Result after = framework.rehearsePostFilter(state, info, diagnosis.nodes);
                diagnosis.postFilterMessage = after.status().message();
                message =
                        diagnosis.message(cluster.world.cache().view().nodes().size()) + diagnosis.unschedulablePlugins;
                nominated = after.nominatedNode();
            } else if (result.error() != null) {
                message = Objects.requireNonNull(result.error()).message();
            }
            PreemptionPlan.Option chosen = DefaultPreemption.chosen(state);
            List<Long> totals = new ArrayList<>();
            if (result.feasible() > 1) {
                for (long total : scheduling.totals()) {
                    totals.add(total);
                }
            }
            return new Outcome(
                    result.nodeName(),
                    result.evaluated(),
                    scheduling.feasible().stream().map(NodeInfo::name).toList(),
                    totals,
                    refusals,
                    message,
                    nominated,
                    chosen == null
                            ? List.of()
                            : chosen.victims().stream().map(PodInfo::key).toList());
        }
    }

    private record Outcome(
            @Nullable String node,
            int evaluated,
            List<String> feasible,
            List<Long> totals,
            Map<String, Status> refusals,
            @Nullable String message,
            @Nullable String nominated,
            List<String> victims) {}
}
