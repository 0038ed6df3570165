package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.client.ListOptions;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Many pods at once that each need a node of their own, on nodes that are full of less important ones: in whatever order the scheduler
 * hears of nominations, deletions and bindings, soon all of them have one. {@code -Dscheduler.seeds=500} tries many more.
 */
class PreemptionSoakTest {
    private static final int NODES = 20;

    static IntStream seeds() {
        int from = Integer.getInteger("scheduler.seed", 1);
        return IntStream.range(from, from + Integer.getInteger("scheduler.seeds", 8));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whoeverCanPreemptGetsANodeLongBeforeHeIsTriedAgainByTime(int seed) {
        try (SchedulerWorld world = new SchedulerWorld(seed)) {
            SeededChance chance = new SeededChance(seed * 7919L);
            world.priorityClass("high", 1000);
            world.start(DefaultScheduler.create());
            for (int i = 0; i < NODES; i++) {
                world.node("n" + i, "4");
            }
            for (int i = 0; i < 4 * NODES; i++) {
                world.create(pod("low" + i, "900m"));
            }
            world.settle();
            for (int i = 0; i < NODES; i++) {
                world.create(pod("high" + i, "3")
                        .editSpec()
                        .withPriorityClassName("high")
                        .endSpec());
                if (chance.nextInt(4) == 0) {
                    world.kernel.advance(Duration.ofMillis(chance.nextInt(100)));
                }
            }
            world.kernel.advance(Duration.ofMinutes(1));
            assertThat(waiting(world)).isEmpty();
        }
    }

    private static PodBuilder pod(String name, String cpu) {
        return SchedulerWorld.pod(name, cpu)
                .editSpec()
                .withTerminationGracePeriodSeconds(0L)
                .endSpec();
    }

    private static List<String> waiting(SchedulerWorld world) {
        List<String> names = new ArrayList<>();
        for (Pod pod : world.client
                .list(ResourceType.of(Pod.class), "default", ListOptions.all())
                .items()) {
            if (pod.getSpec().getNodeName() == null) {
                names.add(pod.getMetadata().getName() + " " + pod.getStatus());
            }
        }
        return names;
    }
}
