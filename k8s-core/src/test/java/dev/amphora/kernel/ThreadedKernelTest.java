package dev.amphora.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ThreadedKernelTest {
    private final ThreadedKernel kernel = new ThreadedKernel();

    @AfterEach
    void close() {
        kernel.close();
    }

    @Test
    void anActorRunsOneTaskAtATimeInOrder() throws Exception {
        int tasks = 10_000;
        Actor actor = kernel.actor("a");
        AtomicInteger inside = new AtomicInteger();
        List<Integer> order = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(tasks);
        for (int i = 0; i < tasks; i++) {
            int number = i;
            actor.execute(() -> {
                assertThat(inside.incrementAndGet()).isEqualTo(1);
                order.add(number);
                inside.decrementAndGet();
                done.countDown();
            });
        }

        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(order).hasSize(tasks).isSorted();
    }

    @Test
    void actorsRunSideBySide() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        CompletableFuture<Boolean> one = new CompletableFuture<>();
        CompletableFuture<Boolean> two = new CompletableFuture<>();
        for (CompletableFuture<Boolean> met : List.of(one, two)) {
            kernel.actor("a").execute(() -> {
                both.countDown();
                try {
                    met.complete(both.await(10, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    met.completeExceptionally(e);
                }
            });
        }

        assertThat(one.get(20, TimeUnit.SECONDS)).isTrue();
        assertThat(two.get(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void actorsThatWaitDoNotKeepOthersFromRunning() throws Exception {
        int many = 4 * Runtime.getRuntime().availableProcessors() + 8;
        CountDownLatch waiting = new CountDownLatch(many);
        CountDownLatch let = new CountDownLatch(1);
        CountDownLatch through = new CountDownLatch(many);
        for (int i = 0; i < many; i++) {
            kernel.actor("waits").execute(() -> {
                waiting.countDown();
                try {
                    if (let.await(20, TimeUnit.SECONDS)) {
                        through.countDown();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        assertThat(waiting.await(10, TimeUnit.SECONDS)).isTrue();
        kernel.actor("frees them").execute(let::countDown);
        assertThat(through.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aTimerRingsOnItsActorAfterItsDelay() throws Exception {
        CompletableFuture<String> thread = new CompletableFuture<>();
        kernel.actor("clockwork")
                .schedule(
                        Duration.ofMillis(20),
                        () -> thread.complete(Thread.currentThread().getName()));

        assertThat(thread.get(20, TimeUnit.SECONDS)).isEqualTo("amphora-clockwork");
    }

    @Test
    void aFailedTaskDoesNotEndItsActor() throws Exception {
        CompletableFuture<String> after = new CompletableFuture<>();
        Actor actor = kernel.actor("a");
        actor.execute(() -> {
            throw new IllegalStateException("on purpose");
        });
        actor.execute(() -> after.complete("after"));

        assertThat(after.get(20, TimeUnit.SECONDS)).isEqualTo("after");
    }

    @Test
    void closingLeavesNoThread() throws Exception {
        ThreadedKernel other = new ThreadedKernel();
        CompletableFuture<Thread> ran = new CompletableFuture<>();
        CompletableFuture<Thread> blocked = new CompletableFuture<>();
        other.actor("a").execute(() -> ran.complete(Thread.currentThread()));
        other.blocking().execute(() -> blocked.complete(Thread.currentThread()));
        other.actor("b").schedule(Duration.ofHours(1), () -> {});
        Thread worker = ran.join();
        Thread outside = blocked.join();

        other.close();
        other.close();

        worker.join(10_000);
        outside.join(10_000);
        assertThat(worker.isAlive()).isFalse();
        assertThat(outside.isAlive()).isFalse();
        assertThatThrownBy(() -> other.actor("late")).isInstanceOf(IllegalStateException.class);
    }
}
