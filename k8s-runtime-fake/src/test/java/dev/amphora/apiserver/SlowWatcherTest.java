package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who doesn't keep up is sent away, and nobody else notices. */
class SlowWatcherTest {
    private static final int WRITES = 20_500;

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store).build();
    private final User admin = User.of("admin", User.MASTERS);
    private final Client client = new InProcessClient(server, admin, "test");

    SlowWatcherTest() {
        server.start();
    }

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    /** Counts what comes. */
    private static final class Counter implements WatchSink {
        int events;
        int errors;
        boolean closed;

        @Override
        public void onEvent(EventType type, VersionedObject object) {
            events++;
        }

        @Override
        public void onError(Status status) {
            errors++;
        }

        @Override
        public void onClose() {
            closed = true;
        }
    }

    @Test
    void aWatcherThatTakesNothingIsEndedAndTheOthersHearOfEverything() {
        Counter slow = new Counter();
        Counter quick = new Counter();
        WatchSink.Handle paused = server.watch(request(), slow);
        server.watch(request(), quick);
        paused.pause();

        for (int i = 0; i < WRITES; i++) {
            write(i);
            if (i % 1000 == 0) {
                kernel.runReady();
            }
        }
        kernel.runReady();

        assertThat(slow.closed).isTrue();
        assertThat(slow.events).isZero();
        assertThat(quick.closed).isFalse();
        assertThat(quick.events).isEqualTo(WRITES);

        Counter again = new Counter();
        server.watch(request(), again);
        kernel.runReady();
        assertThat(again.events).isEqualTo(1);
    }

    @Test
    void aWatcherThatTakesNothingEndsAtItsTime() {
        Counter slow = new Counter();
        server.watch(request(Map.of("watch", List.of("true"), "timeoutSeconds", List.of("5"))), slow)
                .pause();
        write(0);
        kernel.advance(Duration.ofSeconds(6));

        assertThat(slow.closed).isTrue();
        assertThat(slow.events).isZero();
    }

    @Test
    void aWatcherThatTakesNothingDoesNotKeepLargeObjectsForLong() {
        Counter slow = new Counter();
        server.watch(request(), slow).pause();
        String large = "x".repeat(1_000_000);
        for (int i = 0; i < 80; i++) {
            write(i, large + i);
        }
        kernel.runReady();

        assertThat(slow.closed).isTrue();
    }

    private void write(int value) {
        write(value, Integer.toString(value));
    }

    private void write(int value, String text) {
        ConfigMap map = new ConfigMapBuilder()
                .withNewMetadata()
                .withName("a")
                .withNamespace("default")
                .endMetadata()
                .withData(Map.of("k", text))
                .build();
        if (value == 0) {
            client.create(map);
        } else {
            client.update(map);
        }
    }

    private ApiRequest request() {
        return request(Map.of("watch", List.of("true")));
    }

    private ApiRequest request(Map<String, List<String>> query) {
        ResourceType<ConfigMap> maps = ResourceType.of(ConfigMap.class);
        return new ApiRequest(
                admin,
                "test",
                Verb.WATCH,
                maps.group(),
                maps.version(),
                maps.plural(),
                "default",
                "",
                "",
                RequestOptions.parse(query),
                null);
    }
}
