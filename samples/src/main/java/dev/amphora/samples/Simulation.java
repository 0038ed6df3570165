package dev.amphora.samples;

import dev.amphora.Cluster;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import java.time.Duration;
import java.util.SortedMap;

/**
 * The quickstart's {@link Scenario} in simulation: a seed decides in which order the parts of the cluster get to act.
 *
 * @param seed the seed
 * @param endState what the scenario left behind; must not depend on the seed
 * @param steps how many tasks ran
 * @param digest the fingerprint of their order; follows from the seed
 * @param revision the store's last revision
 */
record Simulation(long seed, SortedMap<String, String> endState, long steps, long digest, long revision) {

    /** Plays the scenario once. */
    static Simulation run(long seed) {
        try (SimulatedKernel kernel = new SimulatedKernel(seed)) {
            MemoryStore store = new MemoryStore();
            var builder = Cluster.builder().kernel(kernel).store(store);
            for (int i = 1; i <= 3; i++) {
                builder.node("worker-" + i, new FakeRuntime().behave(container -> ContainerBehavior.runs()));
            }
            try (Cluster cluster = builder.start()) {
                Scenario scenario = new Scenario(cluster);
                scenario.load();
                scenario.awaitRollout();
                scenario.setImage(Quickstart.NEW_IMAGE);
                scenario.awaitRollout();
                scenario.rollBack();
                scenario.awaitRollout();
                scenario.scale(Scenario.SCALED);
                scenario.awaitRollout();
                scenario.killAndHeal();
                scenario.loseNode(Quickstart.LOST_NODE);
                scenario.recoverNode(Quickstart.LOST_NODE);
                kernel.advance(Duration.ofMinutes(1));
                if (!kernel.failures().isEmpty()) {
                    throw new IllegalStateException(
                            "a task failed (seed " + seed + ")",
                            kernel.failures().get(0));
                }
                return new Simulation(
                        seed, scenario.endState(), kernel.steps(), kernel.historyDigest(), store.revision());
            }
        }
    }

    /** Plays the scenario for one seed and prints its history's fingerprint, for comparison with another process. */
    public static void main(String[] args) {
        System.out.println(run(Long.parseLong(args[0])));
    }
}
