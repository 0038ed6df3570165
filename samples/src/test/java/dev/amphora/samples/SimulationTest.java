package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The whole scenario, simulated: the seed decides the history, and nothing else does. */
class SimulationTest {
    private static final int SEEDS = 30;

    @Test
    void aSeedGivesTheSameHistoryTwiceAndEverySeedTheSameEnd() {
        Simulation first = Simulation.run(1);
        Set<Long> histories = new HashSet<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            Simulation once = Simulation.run(seed);
            assertThat(Simulation.run(seed)).as("a second run of seed %d", seed).isEqualTo(once);
            assertThat(once.endState()).as("the end of seed %d", seed).isEqualTo(first.endState());
            histories.add(once.digest());
        }
        assertThat(histories).as("different seeds take different courses").hasSize(SEEDS);
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
