package dev.amphora.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.kernel.SimulatedKernel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WorkQueueTest {
    private final SimulatedKernel kernel = new SimulatedKernel(3);
    private final List<String> worked = new ArrayList<>();

    @Test
    @DisplayName("MACH-1: keys leave in order, and equal keys that wait are worked on once")
    void collapsesDuplicates() {
        WorkQueue<String> queue = new WorkQueue<>(kernel, "test");
        queue.add("a");
        queue.add("b");
        queue.add("a");
        assertThat(queue.length()).isEqualTo(2);
        queue.start(1, worked::add);
        kernel.runReady();
        assertThat(worked).containsExactly("a", "b");
    }

    @Test
    @DisplayName("MACH-1: a key added while it is worked on has one more turn, and never two workers")
    void queuesAgainWhatIsAddedDuringWork() {
        WorkQueue<String> queue = new WorkQueue<>(kernel, "test");
        int[] inside = {0};
        queue.start(4, key -> {
            assertThat(++inside[0]).isEqualTo(1);
            if (worked.isEmpty()) {
                queue.add(key);
                queue.add(key);
            }
            kernel.yieldPoint();
            worked.add(key);
            inside[0]--;
        });
        queue.add("a");
        kernel.runReady();
        assertThat(worked).containsExactly("a", "a");
        assertThat(kernel.failures()).isEmpty();
    }

    @Test
    void severalWorkersShareTheKeys() {
        for (int seed = 0; seed < 50; seed++) {
            SimulatedKernel other = new SimulatedKernel(seed);
            WorkQueue<Integer> queue = new WorkQueue<>(other, "test");
            List<Integer> done = new ArrayList<>();
            queue.start(3, key -> {
                other.yieldPoint();
                done.add(key);
            });
            for (int key = 0; key < 20; key++) {
                queue.add(key);
            }
            other.runReady();
            assertThat(done).hasSize(20).doesNotHaveDuplicates();
        }
    }

    @Test
    void waitsForTheEarliestOfSeveralDelays() {
        WorkQueue<String> queue = new WorkQueue<>(kernel, "test");
        queue.start(1, worked::add);
        queue.addAfter("a", Duration.ofSeconds(10));
        queue.addAfter("a", Duration.ofSeconds(5));
        queue.addAfter("a", Duration.ofSeconds(20));
        kernel.advance(Duration.ofSeconds(4));
        assertThat(worked).isEmpty();
        kernel.advance(Duration.ofSeconds(1));
        assertThat(worked).containsExactly("a");
        kernel.advance(Duration.ofSeconds(60));
        assertThat(worked).containsExactly("a");
    }

    @Test
    @DisplayName("MACH-2: failures wait 5 ms, doubling up to 1000 s; forgetting starts over")
    void backsOffExponentially() {
        RateLimiter<String> limiter = RateLimiter.forControllers(kernel);
        assertThat(limiter.when("a")).isEqualTo(Duration.ofMillis(5));
        assertThat(limiter.when("a")).isEqualTo(Duration.ofMillis(10));
        assertThat(limiter.when("a")).isEqualTo(Duration.ofMillis(20));
        assertThat(limiter.failures("a")).isEqualTo(3);
        limiter.forget("a");
        assertThat(limiter.when("a")).isEqualTo(Duration.ofMillis(5));
        RateLimiter<String> alone = RateLimiter.exponential(Duration.ofMillis(5), Duration.ofSeconds(1000));
        for (int i = 0; i < 100; i++) {
            alone.when("b");
        }
        assertThat(alone.when("b")).isEqualTo(Duration.ofSeconds(1000));
    }

    @Test
    @DisplayName("MACH-2: all keys share a bucket of 10 per second with a burst of 100")
    void sharesABucket() {
        RateLimiter<Integer> limiter = RateLimiter.forControllers(kernel);
        for (int key = 0; key < 100; key++) {
            assertThat(limiter.when(key)).isEqualTo(Duration.ofMillis(5));
        }
        assertThat(limiter.when(100)).isEqualTo(Duration.ofMillis(100));
        assertThat(limiter.when(101)).isEqualTo(Duration.ofMillis(200));
        kernel.advance(Duration.ofSeconds(1));
        assertThat(limiter.when(102)).isEqualTo(Duration.ofMillis(5));
    }

    @Test
    void aClosedQueueWorksNoMore() {
        WorkQueue<String> queue = new WorkQueue<>(kernel, "test");
        queue.start(1, worked::add);
        queue.add("a");
        queue.addAfter("b", Duration.ofSeconds(1));
        queue.close();
        queue.add("c");
        kernel.advance(Duration.ofSeconds(10));
        assertThat(worked).isEmpty();
    }
}
