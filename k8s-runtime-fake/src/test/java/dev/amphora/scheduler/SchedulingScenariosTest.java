package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClassBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of pods when things happen between their steps, in simulation. */
class SchedulingScenariosTest {
    private final SchedulerWorld world = new SchedulerWorld(7, DefaultScheduler.create());

    @AfterEach
    void close() {
        world.close();
    }

    /** A pod that ends at once when it is deleted, for there is no kubelet. */
    private static PodBuilder pod(String name, String cpu) {
        return SchedulerWorld.pod(name, cpu)
                .editSpec()
                .withTerminationGracePeriodSeconds(0L)
                .endSpec();
    }

    private static PodBuilder pod(String name, String cpu, String priorityClass) {
        return pod(name, cpu).editSpec().withPriorityClassName(priorityClass).endSpec();
    }

    private void advance(long seconds) {
        world.kernel.advance(Duration.ofSeconds(seconds));
    }

    private boolean exists(String name) {
        return world.client.find(ResourceType.of(Pod.class), "default", name).isPresent();
    }

    private void deleteNode(String name) {
        world.client.delete(ResourceType.of(Node.class), null, name, DeleteOptions.defaults());
    }

    // -- binding goes wrong ------------------------------------------------------------------------------------------

    @Test
    void aPodWhoseBindingMeetsAConflictIsTriedAgain() {
        world.node("n1", "4");
        world.failBindings(1, StatusException.conflict("", "pods", "a", "somebody else was faster"));
        world.create(pod("a", "1"));
        advance(15);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        assertThat(world.notes("a", "FailedScheduling"))
                .anyMatch(note -> note.contains("binding rejected: running Bind plugin \"DefaultBinder\": "));
    }

    @Test
    void aServerThatFailsForAWhileDelaysNoPodForLongerThanItsBackoff() {
        world.node("n1", "4");
        world.failBindings(3, StatusException.internalError("down"));
        world.create(pod("a", "1"));
        world.create(pod("b", "1"));
        advance(30);
        assertThat(world.placement()).doesNotContainValue("null");
    }

    @Test
    void roomThatABindingDidNotTakeWakesThoseWhoWaitForIt() {
        world.node("n1", "1");
        List<String> order = new ArrayList<>();
        world.fault = (method, arguments) -> {
            if (SchedulerWorld.isBinding(method, arguments)) {
                order.add(String.valueOf(arguments[2]));
                if (order.size() == 1) {
                    world.create(pod("b", "1"));
                    world.kernel.yieldPoint();
                    world.delete("a");
                    throw StatusException.notFound("", "pods", "a");
                }
            }
        };
        world.create(pod("a", "1"));
        advance(30);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void aNodeThatIsLostBeforeTheBindingLeavesThePodToTheOthers() {
        world.node("n1", "4");
        boolean[] lost = {false};
        world.fault = (method, arguments) -> {
            if (SchedulerWorld.isBinding(method, arguments) && !lost[0]) {
                lost[0] = true;
                deleteNode("n1");
                throw StatusException.internalError("down");
            }
        };
        world.create(pod("a", "1"));
        world.settle();
        world.node("n2", "4");
        advance(20);
        assertThat(world.nodeOf("a")).isEqualTo("n2");
    }

    @Test
    void aNodeThatIsCordonedBeforeTheBindingFailsIsNotChosenAgain() {
        world.node("n1", "4");
        boolean[] done = {false};
        world.fault = (method, arguments) -> {
            if (SchedulerWorld.isBinding(method, arguments) && !done[0]) {
                done[0] = true;
                world.patchNode("n1", "{\"spec\":{\"unschedulable\":true}}");
                throw StatusException.internalError("down");
            }
        };
        world.create(pod("a", "1"));
        advance(20);
        assertThat(world.nodeOf("a")).isEmpty();
        world.patchNode("n1", "{\"spec\":{\"unschedulable\":null}}");
        advance(20);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    // -- the scheduler ends ------------------------------------------------------------------------------------------

    @Test
    void aCrashBeforeTheBindingLosesNothing() {
        world.node("n1", "1");
        world.fault = (method, arguments) -> {
            if (SchedulerWorld.isBinding(method, arguments)) {
                world.fault = (again, nothing) -> {};
                world.crashAll();
                throw StatusException.internalError("crashed");
            }
        };
        world.create(pod("a", "1"));
        world.settle();
        assertThat(world.nodeOf("a")).isEmpty();
        world.start(DefaultScheduler.create());
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    @Test
    void aSuccessorKnowsWhatIsTaken() {
        world.node("n1", "1");
        world.create(pod("a", "1"));
        world.settle();
        world.crashAll();
        world.create(pod("b", "1"));
        world.start(DefaultScheduler.create());
        assertThat(world.nodeOf("b")).isEmpty();
        world.delete("a");
        advance(20);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void aSuccessorKeepsTheRoomOfNominatedPods() {
        world.priorityClass("high", 1000);
        world.node("n1", "1");
        world.create(pod("low", "1")
                .editMetadata()
                .addToFinalizers("example.dev/hold")
                .endMetadata());
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(10);
        assertThat(world.get("high").getStatus().getNominatedNodeName()).isEqualTo("n1");
        world.crashAll();
        world.create(pod("late", "1"));
        world.start(DefaultScheduler.create());
        world.client.patch(
                ResourceType.of(Pod.class),
                "default",
                "low",
                Patch.merge(Json.read("{\"metadata\":{\"finalizers\":null}}".getBytes(StandardCharsets.UTF_8))),
                null);
        world.delete("low", false);
        advance(30);
        assertThat(world.nodeOf("high")).isEqualTo("n1");
        assertThat(world.nodeOf("late")).isEmpty();
    }

    // -- preemption --------------------------------------------------------------------------------------------------

    @Test
    void victimsAreTheLowestThatMakeEnoughRoom() {
        world.priorityClass("high", 1000);
        world.priorityClass("middle", 500);
        world.node("n1", "3");
        world.create(pod("low", "1"));
        world.create(pod("middle-1", "1", "middle"));
        world.create(pod("middle-2", "1", "middle"));
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(20);
        assertThat(world.placement().keySet()).containsExactly("high", "middle-1", "middle-2");
        assertThat(world.nodeOf("high")).isEqualTo("n1");
    }

    @Test
    void aPodThatNeverPreemptsWaits() {
        world.client.create(new PriorityClassBuilder()
                .withNewMetadata()
                .withName("patient")
                .endMetadata()
                .withValue(1000)
                .withPreemptionPolicy("Never")
                .build());
        world.node("n1", "1");
        world.create(pod("low", "1"));
        world.settle();
        world.create(pod("high", "1", "patient"));
        advance(60);
        assertThat(exists("low")).isTrue();
        assertThat(world.notes("high", "FailedScheduling"))
                .anyMatch(note -> note.contains("not eligible due to preemptionPolicy=Never."));
        world.delete("low");
        advance(20);
        assertThat(world.nodeOf("high")).isEqualTo("n1");
    }

    @Test
    void aNodeWhereNoBudgetIsHurtIsPreferred() {
        world.priorityClass("high", 1000);
        world.node("n1", "1");
        world.create(
                pod("guarded", "1").editMetadata().addToLabels("app", "guarded").endMetadata());
        world.settle();
        world.node("n2", "1");
        world.create(pod("plain", "1"));
        world.settle();
        world.client.create(new PodDisruptionBudgetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("budget")
                .endMetadata()
                .withNewSpec()
                .withNewMinAvailable(1)
                .withNewSelector()
                .addToMatchLabels("app", "guarded")
                .endSelector()
                .endSpec()
                .build());
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(20);
        assertThat(exists("guarded")).isTrue();
        assertThat(exists("plain")).isFalse();
        assertThat(world.nodeOf("high")).isEqualTo("n2");
    }

    @Test
    void aHigherPodTakesTheRoomOfANominatedOne() {
        world.priorityClass("high", 1000);
        world.priorityClass("highest", 2000);
        world.node("n1", "1");
        world.create(pod("low", "1")
                .editMetadata()
                .addToFinalizers("example.dev/hold")
                .endMetadata());
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(5);
        world.create(pod("highest", "1", "highest"));
        advance(5);
        world.client.patch(
                ResourceType.of(Pod.class),
                "default",
                "low",
                Patch.merge(Json.read("{\"metadata\":{\"finalizers\":null}}".getBytes(StandardCharsets.UTF_8))),
                null);
        world.delete("low", false);
        advance(30);
        assertThat(world.nodeOf("highest")).isEqualTo("n1");
        assertThat(world.nodeOf("high")).isEmpty();
    }

    // -- the queue ---------------------------------------------------------------------------------------------------

    @Test
    void aPodWithGatesIsNotTriedUntilTheLastIsGone() {
        world.node("n1", "1");
        world.create(pod("a", "1")
                .editSpec()
                .addNewSchedulingGate("one")
                .addNewSchedulingGate("two")
                .endSpec());
        advance(600);
        assertThat(world.scheduled("a").getReason()).isEqualTo("SchedulingGated");
        assertThat(world.notes("a", "FailedScheduling")).isEmpty();
        ungate("a", "[{\"name\":\"two\"}]");
        advance(10);
        assertThat(world.nodeOf("a")).isEmpty();
        ungate("a", "null");
        advance(10);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    private void ungate(String pod, String left) {
        world.client.patch(
                ResourceType.of(Pod.class),
                "default",
                pod,
                Patch.merge(
                        Json.read(("{\"spec\":{\"schedulingGates\":" + left + "}}").getBytes(StandardCharsets.UTF_8))),
                null);
    }

    @Test
    void aChangeThatHelpsNobodyWakesNobody() {
        world.node("n1", "1");
        world.create(pod("a", "2"));
        advance(20);
        int before = world.failures("a");
        world.patchNode("n1", "{\"metadata\":{\"labels\":{\"colour\":\"red\"}}}");
        advance(60);
        assertThat(world.failures("a")).isEqualTo(before);
    }

    @Test
    void twoProfilesHaveTheirPodsAndLeaveOthersAlone() {
        world.crashAll();
        world.start(DefaultScheduler.builder()
                .profile(Profile.named("one"))
                .profile(Profile.named("two").without("NodeUnschedulable"))
                .build());
        world.node("n1", "4");
        world.patchNode("n1", "{\"spec\":{\"unschedulable\":true}}");
        world.settle();
        for (String name : List.of("one", "two", "three")) {
            world.create(pod(name, "1").editSpec().withSchedulerName(name).endSpec());
        }
        advance(20);
        assertThat(world.placement()).isEqualTo(Map.of("one", "null", "two", "n1", "three", "null"));
        assertThat(world.get("three").getStatus().getConditions()).isNullOrEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void whateverGoesWrongAllPodsThatFitAreBoundOnceAndNoNodeHoldsTooMany(long seed) {
        try (SchedulerWorld disturbed = new SchedulerWorld(seed)) {
            DefaultScheduler first = DefaultScheduler.create();
            disturbed.start(first);
            int[] writes = {0};
            disturbed.fault = (method, arguments) -> {
                boolean isWrite = SchedulerWorld.isBinding(method, arguments) || method.equals("patch");
                if (isWrite && disturbed.kernel.random().nextInt(4) == 0) {
                    throw StatusException.conflict("", "pods", "x", "somebody else was faster");
                }
                if (isWrite && ++writes[0] == 5) {
                    disturbed.crash(first);
                    throw StatusException.internalError("crashed");
                }
            };
            disturbed.node("n1", "3");
            disturbed.node("n2", "3");
            for (int i = 0; i < 8; i++) {
                disturbed.create(pod("p" + i, "1"));
            }
            disturbed.settle();
            disturbed.crash(first);
            disturbed.start(DefaultScheduler.create());
            disturbed.kernel.advance(Duration.ofMinutes(12));
            List<String> places = List.copyOf(disturbed.placement().values());
            assertThat(places.stream().filter("n1"::equals)).hasSize(3);
            assertThat(places.stream().filter("n2"::equals)).hasSize(3);
        }
    }
}
