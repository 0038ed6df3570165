package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
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
    /** The first run of each seed: more than one test looks at some. */
    private static final Map<Long, Simulation> FIRST = new ConcurrentHashMap<>();

    private static Simulation first(long seed) {
        Simulation known = FIRST.get(seed);
        if (known == null) {
            known = Simulation.run(seed);
            FIRST.put(seed, known);
        }
        return known;
    }

    @Test
    void everySeedComesToTheSameEndOnACourseOfItsOwn() {
        Simulation usual = first(0);
        Set<Long> histories = ConcurrentHashMap.newKeySet();

        LongStream.range(0, SEEDS).parallel().forEach(seed -> {
            Simulation simulation = first(seed);
            assertThat(simulation.endState()).as("the end of seed %d", seed).isEqualTo(usual.endState());
            histories.add(simulation.digest());
        });

        assertThat(histories).hasSize(SEEDS);
    }

    @Test
    void aSeedGivesTheSameHistoryTwice() {
        LongStream.range(0, TWICE).parallel().forEach(seed -> assertThat(Simulation.run(seed))
                .as("a second run of seed %d", seed)
                .isEqualTo(first(seed)));
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
        assertThat(printed.strip()).isEqualTo(first(7).toString());
    }
}
