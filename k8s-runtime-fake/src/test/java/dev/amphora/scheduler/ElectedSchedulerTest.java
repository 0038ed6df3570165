package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.client.LeaderElector;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several schedulers, of which one works. */
class ElectedSchedulerTest {
    private static ElectedScheduler candidate(String identity, AtomicInteger running) {
        return new ElectedScheduler(LeaderElector.Settings.of("default", "kube-scheduler", identity), () -> {
            running.incrementAndGet();
            return DefaultScheduler.create();
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anotherTakesOverWhenTheLeaderIsGone(long seed) {
        try (SchedulerWorld world = new SchedulerWorld(seed)) {
            AtomicInteger elections = new AtomicInteger();
            ElectedScheduler a = world.start(candidate("a", elections));
            ElectedScheduler b = world.start(candidate("b", elections));
            assertThat(elections).hasValue(1);
            assertThat(a.isLeading()).isTrue();
            assertThat(b.isLeading()).isFalse();
            world.node("n1", "4");
            world.create(SchedulerWorld.pod("first", "1"));
            world.settle();
            assertThat(world.nodeOf("first")).isEqualTo("n1");

            world.crash(a);
            world.create(SchedulerWorld.pod("second", "1"));
            for (int i = 0; i < 30; i++) {
                world.kernel.advance(Duration.ofSeconds(1));
                assertThat(a.isLeading() && b.isLeading()).isFalse();
            }
            assertThat(b.isLeading()).isTrue();
            assertThat(elections).hasValue(2);
            assertThat(world.nodeOf("second")).isEqualTo("n1");
        }
    }

    @Test
    void whoClosesGivesTheLeaseUpAtOnce() {
        try (SchedulerWorld world = new SchedulerWorld(1)) {
            AtomicInteger elections = new AtomicInteger();
            ElectedScheduler a = world.start(candidate("a", elections));
            ElectedScheduler b = world.start(candidate("b", elections));
            a.close();
            world.settle();
            assertThat(a.isLeading()).isFalse();
            assertThat(b.isLeading()).isTrue();
        }
    }
}
