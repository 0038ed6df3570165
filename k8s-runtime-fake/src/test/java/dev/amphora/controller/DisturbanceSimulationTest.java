package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.tck.Disturbance;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Controllers that crash, meet conflicts and come back end where undisturbed ones do. More seeds than the build's share run with
 * {@code -Dsimulation.seeds=1000}.
 */
class DisturbanceSimulationTest {
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 5);
    private static final Duration REST = Duration.ofMinutes(3);
    private static final String NEW_IMAGE =
            "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\"," + "\"image\":\"img:2\"}]}}}}";

    /** What is asked for, and then changed. */
    enum Story {
        rollout(
                "deployment-controller,replicaset-controller",
                world -> world.client.create(DeploymentSimulationTest.deployment(4)),
                Deployment.class,
                "web"),
        ordered(
                "statefulset-controller",
                world -> world.client.create(StatefulSetSimulationTest.set(3).build()),
                StatefulSet.class,
                "db"),
        onEveryNode(
                "daemonset-controller",
                world -> world.client.create(DaemonSetSimulationTest.set()),
                DaemonSet.class,
                "agent"),
        work(
                "job-controller",
                world -> world.client.create(JobSimulationTest.job()
                        .editSpec()
                        .withCompletions(4)
                        .withParallelism(2)
                        .endSpec()
                        .build()),
                null,
                "work");

        final String controllers;
        final Consumer<ControllerWorld> begin;
        final @Nullable Class<? extends HasMetadata> changed;
        final String name;

        Story(
                String controllers,
                Consumer<ControllerWorld> begin,
                @Nullable Class<? extends HasMetadata> changed,
                String name) {
            this.controllers = controllers;
            this.begin = begin;
            this.changed = changed;
            this.name = name;
        }

        /** Plays it until all is quiet. */
        void play(DisturbedWorld disturbed) {
            ControllerWorld world = disturbed.world;
            begin.accept(world);
            world.kernel.advance(Duration.ofSeconds(20));
            if (changed != null) {
                world.merge(changed, name, NEW_IMAGE);
            }
            world.kernel.advance(REST);
        }
    }

    private record End(List<String> state, int writes) {}

    private static End played(Story story, long seed, Disturbance disturbance) {
        try (DisturbedWorld world = new DisturbedWorld(seed, story.controllers, disturbance)) {
            story.play(world);
            assertThat(world.world.kernel.failures()).isEmpty();
            return new End(world.state(), world.writes());
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("JOB-4: a crash after any write leaves nothing behind that a successor doesn't mend")
    void endsAlikeWhereverItCrashes(Story story) {
        End undisturbed = played(story, 1, Disturbance.none());
        assertThat(undisturbed.writes).isPositive().isLessThan(200);
        for (int after = 1; after <= undisturbed.writes; after++) {
            assertThat(played(story, 1, Disturbance.none().withCrashAfter(after)).state)
                    .as("%s crashes after write %d of %d", story, after, undisturbed.writes)
                    .isEqualTo(undisturbed.state);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("MACH-1, MACH-3: conflicts and any order of events lead to the same end, without a hot loop")
    void endsAlikeUnderConflicts(Story story) {
        End undisturbed = played(story, 1, Disturbance.none());
        for (long seed = 1; seed <= SEEDS; seed++) {
            End end = played(
                    story, seed, Disturbance.everything().withCrashAfter((int) (seed * 7 % undisturbed.writes) + 1));
            assertThat(end.state).as("%s, seed %d", story, seed).isEqualTo(undisturbed.state);
            assertThat(end.writes).as("writes of %s, seed %d", story, seed).isLessThan(undisturbed.writes * 4);
        }
    }
}
