package dev.amphora.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Informers and leader election, in whatever order the seed picks. */
class ClientSimulationTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void ofThreeCandidatesNeverTwoLeadAndAlwaysOneDoesInTheEnd(long seed) {
        try (World world = new World(seed)) {
            List<String> leading = new ArrayList<>();
            List<String> history = new ArrayList<>();
            List<LeaderElector> candidates = new ArrayList<>();
            for (String name : List.of("a", "b", "c")) {
                candidates.add(new LeaderElector(
                        world.client,
                        world.kernel,
                        LeaderElector.Settings.of("kube-system", "lock", name),
                        new LeaderElector.Callbacks() {
                            @Override
                            public void onStartedLeading() {
                                leading.add(name);
                                history.add(String.join("+", leading));
                            }

                            @Override
                            public void onStoppedLeading() {
                                leading.remove(name);
                            }
                        }));
            }
            candidates.forEach(LeaderElector::start);
            while (!candidates.isEmpty()) {
                world.kernel.advance(Duration.ofMinutes(1));
                assertThat(leading).hasSize(1);
                LeaderElector leader = candidates.stream()
                        .filter(LeaderElector::isLeading)
                        .findFirst()
                        .orElseThrow();
                leader.close();
                candidates.remove(leader);
            }
            world.kernel.advance(Duration.ofMinutes(1));
            assertThat(history).containsExactlyInAnyOrder("a", "b", "c");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @DisplayName(
            "MACH-3, MACH-8: an informer ends up with what the server has, whatever is written, deleted or compacted")
    void informersCatchUp(long seed) {
        try (World world = new World(seed);
                Informers informers = new Informers(world.client, world.kernel)) {
            Informer<ConfigMap> informer = informers.of(ConfigMap.class);
            world.kernel.advance(Duration.ofSeconds(1));
            ConfigMap last = world.write("first", "1");
            for (int i = 0; i < 30; i++) {
                last = world.write("map-" + i % 7, Integer.toString(i));
                if (i % 5 == 4) {
                    world.client.delete(
                            ResourceType.of(ConfigMap.class), "default", "map-" + i % 7, DeleteOptions.defaults());
                }
                if (i % 10 == 9) {
                    world.store.compact(world.store.revision());
                }
            }
            boolean[] seen = {false};
            informer.whenSeen(
                    last.getMetadata().getResourceVersion(), world.kernel.actor("test"), () -> seen[0] = true);
            world.kernel.advance(Duration.ofMinutes(2));
            assertThat(seen[0]).isTrue();
            assertThat(informer.list())
                    .isEqualTo(world.client
                            .list(ResourceType.of(ConfigMap.class), null, ListOptions.all())
                            .items());
        }
    }

    private static final class World implements AutoCloseable {
        final SimulatedKernel kernel;
        final MemoryStore store;
        final ApiServer server;
        final Client client;

        World(long seed) {
            kernel = new SimulatedKernel(seed);
            store = new MemoryStore(kernel);
            server = ApiServer.builder(kernel, store).build();
            server.start();
            client = new InProcessClient(server, User.of("admin", User.MASTERS), "test");
        }

        ConfigMap write(String name, String value) {
            ConfigMap map = new ConfigMapBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .withNamespace("default")
                    .endMetadata()
                    .withData(Map.of("k", value))
                    .build();
            return client.find(ResourceType.of(ConfigMap.class), "default", name)
                            .isPresent()
                    ? client.update(map)
                    : client.create(map);
        }

        @Override
        public void close() {
            server.close();
            store.close();
            kernel.close();
        }
    }
}
