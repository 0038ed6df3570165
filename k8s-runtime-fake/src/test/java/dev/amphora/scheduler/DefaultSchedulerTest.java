package dev.amphora.scheduler;

import static dev.amphora.scheduler.SchedulerWorld.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ReservePlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DefaultSchedulerTest {

    @Test
    void bindsAPodAndSaysSo() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.node("a", "4");
            world.create(pod("p", "1"));
            world.settle();

            assertThat(world.nodeOf("p")).isEqualTo("a");
            assertThat(world.scheduled("p").getStatus()).isEqualTo("True");
            assertThat(world.notes("p", "Scheduled")).containsExactly("Successfully assigned default/p to a");
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @Test
    void leavesPodsOfOtherSchedulersAlone() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.node("a", "4");
            world.create(pod("p", "1").editSpec().withSchedulerName("another").endSpec());
            world.settle();

            assertThat(world.nodeOf("p")).isEmpty();
            assertThat(world.get("p").getStatus().getConditions()).isEmpty();
        }
    }

    @Test
    void anUnschedulablePodCarriesTheReferencesConditionAndIsRetriedWhenTheClusterChanges() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.node("small", "1");
            world.settle();
            world.create(pod("p", "2"));
            world.settle();

            String message =
                    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes"
                            + " are available: 1 Preemption is not helpful for scheduling.";
            assertThat(world.scheduled("p"))
                    .extracting("status", "reason", "message", "observedGeneration")
                    .containsExactly("False", "Unschedulable", message, 1L);
            assertThat(world.notes("p", "FailedScheduling")).containsExactly(message);

            world.node("large", "4");
            world.settle();

            assertThat(world.nodeOf("p")).isEqualTo("large");
            assertThat(world.scheduled("p").getReason()).isNull();
        }
    }

    @Test
    void waitsForNodes() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.create(pod("p", "1"));
            world.settle();
            assertThat(world.scheduled("p").getMessage()).isEqualTo("no nodes available to schedule pods");

            world.node("a", "4");
            world.kernel.advance(Duration.ofSeconds(12));

            assertThat(world.nodeOf("p")).isEqualTo("a");
        }
    }

    @Test
    void anUncordonedNodeTakesTheWaitingPod() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.node("a", "4");
            world.patchNode("a", "{\"spec\":{\"unschedulable\":true}}");
            world.settle();
            world.create(pod("p", "1"));
            world.settle();
            assertThat(world.scheduled("p").getMessage()).contains("1 node(s) were unschedulable");

            world.patchNode("a", "{\"spec\":{\"unschedulable\":null}}");
            world.settle();

            assertThat(world.nodeOf("p")).isEqualTo("a");
        }
    }

    @Test
    void neverGivesANodeMoreThanItHasAndFillsWhatBecomesFree() {
        for (long seed = 1; seed <= 20; seed++) {
            try (SchedulerWorld world = new SchedulerWorld(seed, DefaultScheduler.create())) {
                world.node("a", "4");
                world.node("b", "4");
                for (int i = 0; i < 10; i++) {
                    world.create(pod("p" + i, "1"));
                }
                world.kernel.advance(Duration.ofSeconds(30));

                Map<String, String> before = world.placement();
                assertThat(before.values()).filteredOn("a"::equals).hasSize(4);
                assertThat(before.values()).filteredOn("b"::equals).hasSize(4);

                before.entrySet().stream()
                        .filter(entry -> entry.getValue().equals("b"))
                        .limit(2)
                        .forEach(entry -> world.delete(entry.getKey()));
                world.kernel.advance(Duration.ofSeconds(30));

                assertThat(world.placement().values())
                        .as("seed %s", seed)
                        .hasSize(8)
                        .doesNotContain("null");
                assertThat(world.kernel.failures()).isEmpty();
            }
        }
    }

    @Test
    void makesRoomForAMoreImportantPod() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.priorityClass("high", 1000);
            world.node("a", "2");
            world.create(pod("low", "2"));
            world.settle();
            world.create(
                    pod("high", "2").editSpec().withPriorityClassName("high").endSpec());
            world.settle();

            assertThat(world.get("high").getStatus().getNominatedNodeName()).isEqualTo("a");
            assertThat(world.get("low").getMetadata().getDeletionTimestamp()).isNotNull();
            assertThat(world.notes("low", "Preempted")).hasSize(1);

            world.delete("low");
            world.settle();

            assertThat(world.nodeOf("high")).isEqualTo("a");
            assertThat(world.get("high").getStatus().getNominatedNodeName()).isNull();
        }
    }

    @Test
    void theSameSeedGivesTheSameHistory() {
        assertThat(history(5)).isEqualTo(history(5));
    }

    private static List<Object> history(long seed) {
        try (SchedulerWorld world =
                new SchedulerWorld(seed, DefaultScheduler.builder().seed(seed).build())) {
            for (int i = 0; i < 5; i++) {
                world.node("n" + i, "4");
            }
            for (int i = 0; i < 15; i++) {
                world.create(pod("p" + i, "1"));
            }
            world.settle();
            return List.of(world.placement(), world.kernel.steps(), world.kernel.historyDigest());
        }
    }

    @Test
    void aPluginOfOnesOwnScoresBesideTheDefaultOnes() {
        DefaultScheduler scheduler =
                DefaultScheduler.builder().plugin(new PreferWarmNodes(), 50).build();
        try (SchedulerWorld world = new SchedulerWorld(1, scheduler)) {
            world.node("cold", "8");
            world.node("warm", "4");
            world.create(pod("p", "1"));
            world.settle();

            assertThat(world.nodeOf("p")).isEqualTo("warm");
        }
    }

    private static final class PreferWarmNodes implements ScorePlugin {
        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            return node.name().startsWith("warm") ? MAX_SCORE : MIN_SCORE;
        }
    }

    @Test
    void aHeldPodIsTurnedDownAfterItsTimeAndItsReservationUndone() {
        HoldForever hold = new HoldForever();
        try (SchedulerWorld world =
                new SchedulerWorld(1, DefaultScheduler.builder().plugin(hold, 0).build())) {
            world.node("a", "4");
            world.settle();
            world.create(pod("p", "1"));
            world.settle();
            assertThat(world.get("p").getStatus().getNominatedNodeName()).isEqualTo("a");

            world.kernel.advance(Duration.ofSeconds(6));

            assertThat(world.nodeOf("p")).isEmpty();
            assertThat(hold.log).startsWith("reserve p", "unreserve p");
            assertThat(world.scheduled("p").getMessage())
                    .isEqualTo(
                            "0/1 nodes are available: 1 rejected due to timeout after waiting 10s at plugin HoldForever.");
        }
    }

    private static final class HoldForever implements PermitPlugin, ReservePlugin {
        final List<String> log = new ArrayList<>();

        @Override
        public Status reserve(CycleState state, PodInfo pod, String nodeName) {
            log.add("reserve " + pod.name());
            return Status.success();
        }

        @Override
        public void unreserve(CycleState state, PodInfo pod, String nodeName) {
            log.add("unreserve " + pod.name());
        }

        @Override
        public PermitPlugin.Result permit(CycleState state, PodInfo pod, String nodeName) {
            return PermitPlugin.Result.hold(Duration.ofSeconds(10));
        }
    }

    @Test
    void profilesNeedNamesOfTheirOwnAndASchedulerStartsOnce() {
        assertThatThrownBy(() -> DefaultScheduler.builder()
                        .profile(Profile.named("x"))
                        .profile(Profile.named("x"))
                        .build())
                .hasMessage("two profiles are named x");
        DefaultScheduler scheduler = DefaultScheduler.create();
        try (SchedulerWorld world = new SchedulerWorld(1, scheduler)) {
            assertThatThrownBy(() -> scheduler.start(new Scheduler.Context(world.kernel, world.client)))
                    .isInstanceOf(IllegalStateException.class);
        }
    }
}
