package dev.amphora.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.Cluster;
import dev.amphora.client.Client;
import dev.amphora.controller.Controller;
import dev.amphora.kernel.SimulatedKernel;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every controller should stand: it reaches the same end whatever happens to it on the way.
 *
 * <p>Extend it, say how a cluster and the controllers are made, what is asked of them, and what the end looks like; run it with JUnit 5.
 * Each test plays the story in simulated time, many times over. {@code -Dsimulation.seeds=1000} tries more seeds.
 */
public abstract class ControllerContract {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** For subclasses. */
    protected ControllerContract() {}

    /**
     * A started cluster that holds what the controllers need: definitions of their kinds, roles.
     *
     * @param kernel what it must run on; closed by the test
     */
    protected abstract Cluster newCluster(SimulatedKernel kernel);

    /** New controllers, as a program makes them when it starts. What they remember outside the cluster must outlive a crash. */
    protected abstract List<Controller> newControllers();

    /** What the controllers, and the informers that they share, work with; all rights unless overridden. */
    protected Client client(Cluster cluster) {
        return cluster.api("controllers-under-test");
    }

    /**
     * Asks for something, lets some time pass, asks for something else.
     *
     * @param user with all rights
     * @param kernel to let time pass by {@code advance}
     */
    protected abstract void story(Client user, SimulatedKernel kernel);

    /** What there is in the end, in words: without uids, times and names that chance gives. */
    protected abstract List<String> endState(Client user);

    /** How long the controllers have to come to rest after the story; five minutes unless overridden. */
    protected Duration rest() {
        return Duration.ofMinutes(5);
    }

    /** How many seeds to try; 10, or the property {@code simulation.seeds}, unless overridden. */
    protected int seeds() {
        return Integer.getInteger("simulation.seeds", 10);
    }

    private record End(List<String> state, List<DisturbedControllers.Write> journal, long digest, int mostPerMinute) {
        int writes() {
            return journal.size();
        }
    }

    private End play(long seed, Disturbance disturbance) {
        SimulatedKernel kernel = new SimulatedKernel(seed);
        try (Cluster cluster = newCluster(kernel);
                DisturbedControllers controllers =
                        new DisturbedControllers(kernel, client(cluster), this::newControllers, disturbance)) {
            controllers.start();
            Client user = cluster.api("user");
            story(user, kernel);
            kernel.advance(rest());
            assertThat(kernel.failures()).isEmpty();
            return new End(
                    endState(user),
                    controllers.journal(),
                    kernel.historyDigest(),
                    controllers.mostWritesWithin(MINUTE));
        } finally {
            kernel.close();
        }
    }

    private @Nullable End peaceful;

    private End undisturbed() {
        if (peaceful == null) {
            peaceful = play(1, Disturbance.none());
        }
        return peaceful;
    }

    @Test
    final void writesNothingOnceAllIsWell() {
        SimulatedKernel kernel = new SimulatedKernel(1);
        try (Cluster cluster = newCluster(kernel);
                DisturbedControllers controllers =
                        new DisturbedControllers(kernel, client(cluster), this::newControllers, Disturbance.none())) {
            controllers.start();
            story(cluster.api("user"), kernel);
            kernel.advance(rest());
            int writes = controllers.writes();

            kernel.advance(Duration.ofHours(1));
            assertThat(controllers.journal().subList(writes, controllers.writes()))
                    .as("writes at rest")
                    .isEmpty();

            controllers.crash();
            kernel.advance(rest());
            assertThat(controllers.journal().subList(writes, controllers.writes()))
                    .as("writes after a start in a world that is as it should be")
                    .isEmpty();
        } finally {
            kernel.close();
        }
    }

    @Test
    final void endsAlikeWhicheverWriteItCrashesAfter() {
        int writes = undisturbed().writes();
        assertThat(writes).as("writes of the story").isPositive();
        for (int after = 1; after <= writes; after++) {
            assertThat(play(1, Disturbance.none().withCrashAfter(after)).state)
                    .as(
                            "crash after write %d of %d: %s",
                            after, writes, undisturbed().journal.get(after - 1))
                    .isEqualTo(undisturbed().state);
        }
    }

    @Test
    final void endsAlikeUnderConflictsFailuresDelaysAndCuts() {
        int writes = undisturbed().writes();
        for (long seed = 1; seed <= seeds(); seed++) {
            Disturbance all = Disturbance.everything().withLostAnswers(0.05);
            End end = play(seed, seed % 2 == 0 ? all : all.withCrashAfter((int) (seed * 7 % writes) + 1));
            assertThat(end.state).as("seed %d", seed).isEqualTo(undisturbed().state);
            assertThat(end.mostPerMinute)
                    .as("most writes in a minute, seed %d", seed)
                    .isLessThanOrEqualTo(4 * writes + 20);
        }
    }

    @Test
    final void theSameSeedGivesTheSameHistory() {
        Disturbance all = Disturbance.everything();
        End first = play(42, all);
        End second = play(42, all);
        assertThat(second.journal)
                .as("the journal; a clock, thread or random number of its own would change it")
                .isEqualTo(first.journal);
        assertThat(second.digest).as("the course of events").isEqualTo(first.digest);
    }

    @Test
    final void ofSeveralInstancesOnlyTheLeaderWrites() {
        for (long seed = 1; seed <= seeds(); seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed);
            try (Cluster cluster = newCluster(kernel);
                    Rivals rivals = new Rivals(kernel, client(cluster), this::newControllers)) {
                rivals.start(2);
                rivals.trouble();
                Client user = cluster.api("user");
                story(user, kernel);
                kernel.advance(rest());
                rivals.peace();
                kernel.advance(rest());
                assertThat(rivals.violations()).as("seed %d", seed).isEmpty();
                assertThat(rivals.leaders()).as("leaders, seed %d", seed).isEqualTo(1);
                assertThat(endState(user)).as("seed %d", seed).isEqualTo(undisturbed().state);
            } finally {
                kernel.close();
            }
        }
    }
}
