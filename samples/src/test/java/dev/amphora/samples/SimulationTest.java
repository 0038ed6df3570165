package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The whole scenario, simulated: the seed decides the history, and nothing else does. More seeds than the build's share run with
 * {@code -Dsimulation.seeds=1000}.
 */
class SimulationTest {
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 50);
    private static final int TWICE = 10;

    @Test
    void everySeedComesToTheSameEndOnACourseOfItsOwn() {
        Simulation first = Simulation.run(0);
        Set<Long> histories = ConcurrentHashMap.newKeySet();

        LongStream.range(0, SEEDS).parallel().forEach(seed -> {
            Simulation simulation = Simulation.run(seed);
            assertThat(simulation.endState()).as("the end of seed %d", seed).isEqualTo(first.endState());
            histories.add(simulation.digest());
        });

        assertThat(histories).hasSize(SEEDS);
    }

    @Test
    void aSeedGivesTheSameHistoryTwice() {
        for (long seed = 0; seed < TWICE; seed++) {
            assertThat(Simulation.run(seed)).as("a second run of seed %d", seed).isEqualTo(Simulation.run(seed));
        }
    }

    @Test
    void aSeedGivesTheSameHistoryInAnotherProcess() throws IOException {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Simulation.class.getName(),
                        "7")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String printed = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(printed.strip()).isEqualTo(Simulation.run(7).toString());
    }
}
