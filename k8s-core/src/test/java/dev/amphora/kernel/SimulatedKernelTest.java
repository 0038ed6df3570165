package dev.amphora.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SimulatedKernelTest {
    private final SimulatedKernel kernel = new SimulatedKernel(7);
    private final List<String> seen = new ArrayList<>();

    @Test
    void nothingRunsUntilItIsTold() {
        kernel.actor("a").execute(() -> seen.add("ran"));

        assertThat(seen).isEmpty();
        kernel.runReady();
        assertThat(seen).containsExactly("ran");
    }

    @Test
    void anActorRunsItsTasksInOrder() {
        Actor actor = kernel.actor("a");
        for (int i = 0; i < 5; i++) {
            String name = "task-" + i;
            actor.execute(() -> seen.add(name));
        }

        kernel.runReady();

        assertThat(seen).containsExactly("task-0", "task-1", "task-2", "task-3", "task-4");
    }

    @Test
    void theClockMovesOnlyWhenNothingIsReady() {
        Actor actor = kernel.actor("a");
        actor.schedule(Duration.ofSeconds(10), () -> seen.add("timer at " + elapsed()));
        actor.execute(() -> seen.add("task at " + elapsed()));

        kernel.advance(Duration.ofSeconds(15));

        assertThat(seen).containsExactly("task at PT0S", "timer at PT10S");
        assertThat(elapsed()).isEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void whatIsMeasuredGoesByTheClock() {
        long began = kernel.nanoTime();

        kernel.advance(Duration.ofMillis(1500));

        assertThat(kernel.nanoTime() - began).isEqualTo(1_500_000_000);
    }

    @Test
    void timersRingInOrderOfTimeThenOfSetting() {
        Actor actor = kernel.actor("a");
        actor.schedule(Duration.ofSeconds(2), () -> seen.add("second"));
        actor.schedule(Duration.ofSeconds(1), () -> seen.add("first"));
        actor.schedule(Duration.ofSeconds(2), () -> seen.add("third"));

        kernel.advance(Duration.ofSeconds(2));

        assertThat(seen).containsExactly("first", "second", "third");
    }

    @Test
    void aCancelledTimerStaysSilentEvenWhenItIsDue() {
        Actor actor = kernel.actor("a");
        Actor.Timer timer = actor.schedule(Duration.ofSeconds(1), () -> seen.add("timer"));
        actor.schedule(Duration.ofSeconds(1), () -> {});
        timer.cancel();

        kernel.advance(Duration.ofMinutes(1));

        assertThat(seen).isEmpty();
    }

    @Test
    void aClosedActorDropsWhatHasNotBegun() {
        Actor actor = kernel.actor("a");
        actor.execute(() -> seen.add("task"));
        actor.schedule(Duration.ofSeconds(1), () -> seen.add("timer"));
        actor.close();
        actor.execute(() -> seen.add("late"));

        kernel.advance(Duration.ofMinutes(1));

        assertThat(seen).isEmpty();
    }

    @Test
    void aYieldPointRunsOthersButNeverTheCaller() {
        for (int seed = 0; seed < 50; seed++) {
            SimulatedKernel world = new SimulatedKernel(seed);
            List<String> order = new ArrayList<>();
            Actor caller = world.actor("caller");
            Actor other = world.actor("other");
            caller.execute(() -> {
                order.add("begin");
                world.yieldPoint();
                order.add("end");
            });
            caller.execute(() -> order.add("next"));
            other.execute(() -> order.add("other"));

            world.runReady();

            assertThat(order.indexOf("end")).isLessThan(order.indexOf("next"));
            assertThat(order).hasSize(4);
        }
    }

    @Test
    void theSeedDecidesWhoIsNextAndDecidesTheSameTwice() {
        Set<List<String>> orders = new LinkedHashSet<>();
        for (int seed = 0; seed < 100; seed++) {
            List<String> order = interleaving(seed);
            assertThat(interleaving(seed)).isEqualTo(order);
            orders.add(order);
        }
        assertThat(orders).hasSizeGreaterThan(10);
    }

    @Test
    void chanceAndUidsFollowFromTheSeed() {
        SimulatedKernel one = new SimulatedKernel(3);
        SimulatedKernel two = new SimulatedKernel(3);

        assertThat(one.newUid())
                .isEqualTo(two.newUid())
                .matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
        assertThat(one.random().nextLong()).isEqualTo(two.random().nextLong());
        assertThat(one.newUid()).isNotEqualTo(one.newUid());
    }

    @Test
    void aFailedTaskIsKeptAndDoesNotEndItsActor() {
        Actor actor = kernel.actor("a");
        actor.execute(() -> {
            throw new IllegalStateException("on purpose");
        });
        actor.execute(() -> seen.add("after"));

        kernel.runReady();

        assertThat(seen).containsExactly("after");
        assertThat(kernel.failures()).singleElement().isInstanceOf(IllegalStateException.class);
    }

    @Test
    void awaitingRunsTheWorldUntilTheOutcomeIsThere() {
        CompletableFuture<String> outcome = new CompletableFuture<>();
        kernel.actor("a").schedule(Duration.ofHours(1), () -> outcome.complete("done"));

        assertThat(kernel.await(outcome)).isEqualTo("done");
        assertThat(elapsed()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void awaitingWhatCannotComeIsAnError() {
        assertThatThrownBy(() -> kernel.await(new CompletableFuture<>())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void runningUntilAConditionStopsAtItsFirstMoment() {
        Actor actor = kernel.actor("a");
        for (int i = 1; i <= 5; i++) {
            actor.schedule(Duration.ofSeconds(i), () -> seen.add("tick"));
        }

        assertThat(kernel.runUntil(() -> seen.size() == 3, Duration.ofMinutes(1)))
                .isTrue();
        assertThat(elapsed()).isEqualTo(Duration.ofSeconds(3));
        assertThat(kernel.runUntil(() -> seen.size() == 9, Duration.ofMinutes(1)))
                .isFalse();
    }

    private Duration elapsed() {
        return Duration.between(SimulatedKernel.EPOCH, kernel.instant());
    }

    private static List<String> interleaving(long seed) {
        SimulatedKernel world = new SimulatedKernel(seed);
        List<String> order = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            Actor actor = world.actor(name);
            actor.execute(() -> order.add(name + 1));
            actor.execute(() -> order.add(name + 2));
        }
        world.runReady();
        return order;
    }
}
