package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueingHint;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.framework.WaitingPod;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When pods are tried again, in simulation: back-off, events, the limit of five minutes, and pods that are held at Permit. */
class QueueScenariosTest {
    private final SchedulerWorld world = new SchedulerWorld(5);
    private final List<Instant> attempts = new ArrayList<>();

    @AfterEach
    void close() {
        world.close();
    }

    private void advance(long seconds) {
        world.kernel.advance(Duration.ofSeconds(seconds));
    }

    /** Notes when a pod is tried, and answers what it is told to. */
    private final class Recorder implements PreFilterPlugin, EnqueueExtensions {
        private final Supplier<Status> answer;
        private final List<EventToRegister> events;

        Recorder(Supplier<Status> answer, EventToRegister... events) {
            this.answer = answer;
            this.events = List.of(events);
        }

        @Override
        public String name() {
            return "Recorder";
        }

        @Override
        public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
            if (pod.name().equals("a")) {
                attempts.add(world.kernel.instant());
                return Result.of(answer.get());
            }
            return Result.skip();
        }

        @Override
        public List<EventToRegister> eventsToRegister() {
            return events;
        }
    }

    /** Holds pod {@code a}, or answers what it is told to. */
    private static final class Gatekeeper implements PermitPlugin, EnqueueExtensions {
        private final String name;
        private final Result answer;
        private final List<EventToRegister> events;

        Gatekeeper(String name, Result answer, EventToRegister... events) {
            this.name = name;
            this.answer = answer;
            this.events = List.of(events);
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Result permit(CycleState state, PodInfo pod, String nodeName) {
            return pod.name().equals("a") ? answer : Result.allow();
        }

        @Override
        public List<EventToRegister> eventsToRegister() {
            return events;
        }
    }

    private static PermitPlugin.Result hold(long seconds) {
        return PermitPlugin.Result.hold(Duration.ofSeconds(seconds));
    }

    private List<Double> waits() {
        List<Double> waits = new ArrayList<>();
        for (int i = 1; i < attempts.size(); i++) {
            waits.add(Duration.between(attempts.get(i - 1), attempts.get(i)).toMillis() / 1000.0);
        }
        return waits;
    }

    // -- back-off ----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"0, 2.0", "400, 1.6", "999, 1.001"})
    @DisplayName(
            "surprises, Scheduler 17: back-off after errors ends with the first whole second after 1, 2, 4, 8, 10, 10 s cut to the second")
    void afterErrorsAPodWaitsLongerEachTimeUpToTenSeconds(long millis, double first) {
        world.start(DefaultScheduler.builder()
                .plugin(new Recorder(() -> Status.error("broken")), 0)
                .build());
        world.node("n1", "4");
        world.kernel.advance(Duration.ofMillis(millis));
        world.create(SchedulerWorld.pod("a", "1"));
        advance(60);
        assertThat(waits()).startsWith(first, 3.0, 5.0, 9.0, 11.0, 11.0);
    }

    @Test
    @DisplayName("surprises, Scheduler 17: errors are counted apart and forgotten once a plugin turns the pod down")
    void anErrorAfterARejectionIsTheFirstAgain() {
        List<Status> answers = new ArrayList<>(List.of(
                Status.error("broken"),
                Status.error("broken"),
                Status.error("broken"),
                Status.unschedulable("no"),
                Status.error("broken"),
                Status.unschedulable("no")));
        world.start(DefaultScheduler.builder()
                .plugin(
                        new Recorder(
                                () -> answers.remove(0),
                                EventToRegister.always(EventResource.NODE, Actions.UPDATE_NODE_ANNOTATION)),
                        0)
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(20);
        assertThat(waits()).containsExactly(2.0, 3.0, 5.0);
        world.patchNode("n1", "{\"metadata\":{\"annotations\":{\"x\":\"1\"}}}");
        advance(20);
        assertThat(waits()).hasSize(5).endsWith(2.0);
    }

    @Test
    @DisplayName(
            "KEP-5142: with nothing else to do a pod that was turned down is taken out of back-off at once, one that failed is not")
    void aPodInBackoffIsTakenEarly() {
        world.start(DefaultScheduler.builder()
                .plugin(
                        new Recorder(
                                () -> Status.unschedulable("no"),
                                EventToRegister.always(EventResource.NODE, Actions.UPDATE_NODE_ANNOTATION)),
                        0)
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        for (int i = 0; i < 5; i++) {
            world.patchNode("n1", "{\"metadata\":{\"annotations\":{\"x\":\"" + i + "\"}}}");
            world.kernel.advance(Duration.ofMillis(100));
        }
        assertThat(attempts).hasSize(6);
    }

    @Test
    void whatNoEventHelpsIsTriedAgainAfterFiveMinutes() {
        world.start(DefaultScheduler.builder()
                .plugin(new Recorder(() -> Status.unschedulable("no")), 0)
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(1000);
        assertThat(waits()).hasSize(3).allMatch(wait -> wait > 300 && wait <= 330);
    }

    @Test
    void aNewPodDoesNotWaitForOneInBackoff() {
        world.start(DefaultScheduler.builder()
                .plugin(new Recorder(() -> Status.error("broken")), 0)
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(30);
        world.create(SchedulerWorld.pod("b", "1"));
        world.kernel.advance(Duration.ofMillis(100));
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    // -- Permit ------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"5, 5s", "90, 1m30s", "600, 10m0s", "3000, 15m0s"})
    void aPodThatNobodyAllowsIsTurnedDownWhenItsTimeIsOver(long seconds, String text) {
        world.start(DefaultScheduler.builder()
                .plugin(new Gatekeeper("Gate", hold(seconds)), 0)
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(Math.min(seconds, 900) + 1);
        assertThat(world.notes("a", "FailedScheduling"))
                .containsExactly("0/1 nodes are available: 1 rejected due to timeout after waiting " + text
                        + " at plugin Gate.");
        assertThat(world.scheduled("a").getReason()).isEqualTo("Unschedulable");
        assertThat(world.get("a").getStatus().getNominatedNodeName()).isNull();
    }

    @Test
    void whatAPodLetsGoOfIsNoReasonToTryItAgain() {
        world.start(DefaultScheduler.builder()
                .plugin(
                        new Gatekeeper(
                                "Gate",
                                hold(10),
                                // the end of the pod's nomination is an event of its own, which this is not about
                                EventToRegister.judged(
                                        EventResource.ASSIGNED_POD,
                                        Actions.DELETE,
                                        (pod, before, after) -> QueueingHint.Answer.queueIf(before instanceof Pod gone
                                                && gone.getSpec().getNodeName() != null))),
                        0)
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(200);
        assertThat(world.failures("a")).isEqualTo(1);
    }

    @Test
    void aRejectionWithinTheCycleIsNoReasonToTryThePodAgainEither() {
        world.start(DefaultScheduler.builder()
                .plugin(
                        new Gatekeeper(
                                "Gate",
                                PermitPlugin.Result.reject(Status.unschedulable("not today")),
                                EventToRegister.always(EventResource.ASSIGNED_POD, Actions.DELETE)),
                        0)
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(200);
        assertThat(world.failures("a")).isEqualTo(1);
        assertThat(world.scheduled("a").getMessage()).isEqualTo("0/1 nodes are available: 1 not today.");
    }

    @Test
    void whatAHeldPodLetsGoOfWakesThoseWhoWaitForIt() {
        world.start(DefaultScheduler.builder()
                .plugin(new Gatekeeper("Gate", hold(30)), 0)
                .build());
        world.node("n1", "1");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        world.create(SchedulerWorld.pod("b", "1"));
        advance(5);
        assertThat(world.nodeOf("b")).isEmpty();
        advance(25);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    @DisplayName("KEP-4247: what happens while a pod is being tried is judged when it is turned down")
    void anEventWhileAPodIsHeldIsHeldAgainstItsRejection() {
        world.start(DefaultScheduler.builder()
                .plugin(new Gatekeeper("Gate", hold(10), EventToRegister.always(EventResource.NODE, Actions.ADD)), 0)
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        world.node("n2", "4");
        advance(20);
        assertThat(world.failures("a")).isEqualTo(2);
        advance(200);
        assertThat(world.failures("a")).isEqualTo(2);
    }

    @Test
    void aPodGoesOnOnlyWhenAllWhoHoldItAllowIt() {
        Handle[] handle = new Handle[1];
        world.start(DefaultScheduler.builder()
                .plugin(new Gatekeeper("One", hold(60)), 0)
                .plugin("Two", 0, (args, own) -> {
                    handle[0] = own;
                    return new Gatekeeper("Two", hold(60));
                })
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        WaitingPod held = handle[0].waitingPods().get(0);
        assertThat(held.pendingPlugins()).containsExactlyInAnyOrder("One", "Two");
        held.allow("One");
        held.allow("One");
        advance(5);
        assertThat(held.pendingPlugins()).containsExactly("Two");
        assertThat(world.get("a").getStatus().getNominatedNodeName()).isEqualTo("n1");
        assertThat(world.nodeOf("a")).isEmpty();
        held.allow("Two");
        advance(1);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    @Test
    void oneWhoHoldsAPodIsEnoughToTurnItDown() {
        Handle[] handle = new Handle[1];
        world.start(DefaultScheduler.builder()
                .plugin(new Gatekeeper("One", hold(60)), 0)
                .plugin("Two", 0, (args, own) -> {
                    handle[0] = own;
                    return new Gatekeeper("Two", hold(60));
                })
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        WaitingPod held = handle[0].waitingPods().get(0);
        held.reject("Two", "no longer");
        held.allow("One");
        held.allow("Two");
        advance(5);
        assertThat(world.scheduled("a").getMessage()).isEqualTo("0/1 nodes are available: 1 no longer.");
        assertThat(world.nodeOf("a")).isEmpty();
    }

    @Test
    void aHeldPodThatIsActivatedIsTriedAgainAfterItsRejection() {
        Handle[] handle = new Handle[1];
        world.start(DefaultScheduler.builder()
                .plugin("Gate", 0, (args, own) -> {
                    handle[0] = own;
                    return new Gatekeeper("Gate", hold(10));
                })
                .build());
        world.node("n1", "4");
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        handle[0].runInCycle(
                () -> handle[0].activate(List.of(handle[0].waitingPods().get(0).pod())));
        advance(20);
        assertThat(world.failures("a")).isEqualTo(2);
        advance(60);
        assertThat(world.failures("a")).isEqualTo(2);
    }

    @Test
    void aHeldPodThatEndsSlowlyGivesItsRoomBackAtOnce() {
        world.start(DefaultScheduler.builder()
                .plugin(new Gatekeeper("Gate", hold(600)), 0)
                .build());
        world.node("n1", "1");
        world.create(SchedulerWorld.pod("a", "1")
                .editMetadata()
                .addToFinalizers("example.dev/hold")
                .endMetadata());
        advance(5);
        world.create(SchedulerWorld.pod("b", "1"));
        advance(5);
        world.delete("a");
        advance(3);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
        advance(600);
        assertThat(world.nodeOf("a")).isEmpty();
    }
}
