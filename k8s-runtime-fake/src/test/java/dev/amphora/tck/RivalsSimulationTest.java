package dev.amphora.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.client.Client;
import dev.amphora.controller.ChangeFilter;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Of several instances only the leader writes, whatever their clocks say. More seeds run with {@code -Dsimulation.seeds=1000}. */
class RivalsSimulationTest {
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 5);

    /** Writes every half second, so that whoever writes out of turn is found out. */
    private static Controller metronome() {
        return Controller.of("metronome", ConfigMap.class)
                .selecting("beats=yes")
                .when(ChangeFilter.generation()) // its own beats don't wake it
                .reconciler((map, work) -> {
                    ConfigMap next = Json.copy(map);
                    long beats = Long.parseLong(map.getData().get("beats"));
                    next.setData(Map.of("beats", Long.toString(beats + 1)));
                    work.client().update(next);
                    return Result.requeueAfter(Duration.ofMillis(500));
                });
    }

    @Test
    @DisplayName("Clocks, pauses, partitions and crashes never let two write")
    void onlyTheLeaderWrites() {
        int turns = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed);
            try (Cluster cluster = Cluster.builder()
                            .kernel(kernel)
                            .store(new MemoryStore())
                            .api(ApiOptions.defaults().withAdmission(List.of(), List.of("ServiceAccount")))
                            .noControllers()
                            .noScheduler()
                            .start();
                    Rivals rivals = new Rivals(kernel, cluster.api("rival"), () -> List.of(metronome()))) {
                Client user = cluster.api("user");
                user.create(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("beats")
                        .addToLabels("beats", "yes")
                        .endMetadata()
                        .withData(Map.of("beats", "0"))
                        .build());
                rivals.start(3);
                rivals.trouble();
                kernel.advance(Duration.ofMinutes(10));
                rivals.peace();
                kernel.advance(Duration.ofMinutes(1));
                int before = rivals.writes();
                kernel.advance(Duration.ofMinutes(1));

                assertThat(rivals.violations()).as("seed %d", seed).isEmpty();
                assertThat(rivals.leaders()).as("leaders, seed %d", seed).isEqualTo(1);
                assertThat(rivals.writes()).as("writes in peace, seed %d", seed).isGreaterThan(before + 50);
                assertThat(kernel.failures()).isEmpty();
                turns += rivals.turns();
            }
        }
        assertThat(turns).as("turns").isGreaterThan(5 * SEEDS);
    }
}
