package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How long Events are kept. */
class EventExpiryTest {
    private static final ResourceType<Event> EVENTS = ResourceType.of(Event.class);

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private ApiServer server = ApiServer.builder(kernel, store).build().start();

    @AfterEach
    void end() {
        server.close();
        store.close();
        kernel.close();
    }

    private Client client() {
        return new InProcessClient(server, User.of("admin", User.MASTERS), "test");
    }

    private void create(String name) {
        client().create(new EventBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewInvolvedObject()
                .withKind("Pod")
                .withNamespace("default")
                .withName("p")
                .endInvolvedObject()
                .withReason("Told")
                .build());
    }

    private List<String> names() {
        return client().list(EVENTS, null, ListOptions.all()).items().stream()
                .map(event -> event.getMetadata().getName())
                .toList();
    }

    private void advance(int minutes) {
        kernel.advance(Duration.ofMinutes(minutes));
    }

    @Test
    @DisplayName("MACH-9: an Event goes an hour after it was written last, and who watches is told")
    void goesAfterAnHour() {
        create("once");
        create("again");
        List<String> gone = new ArrayList<>();
        Watch watch = client().watch(EVENTS, null, ListOptions.all(), new Watcher<Event>() {
            @Override
            public void onEvent(EventType type, Event event) {
                if (type == EventType.DELETED) {
                    gone.add(event.getMetadata().getName());
                }
            }

            @Override
            public void onBookmark(String resourceVersion) {}

            @Override
            public void onClose(@Nullable StatusException error) {}
        });
        advance(59);
        assertThat(names()).containsExactlyInAnyOrder("once", "again");
        Event again = client().get(EVENTS, "default", "again");
        again.setCount(2);
        client().update(again);
        advance(2);
        assertThat(names()).containsExactly("again");
        assertThat(gone).containsExactly("once");
        advance(57);
        assertThat(names()).containsExactly("again");
        advance(2);
        assertThat(names()).isEmpty();
        watch.close();
    }

    @Test
    @DisplayName("MACH-9: another time to live than an hour can be asked for, and none at all")
    void anotherTimeCanBeAskedFor() {
        server.close();
        server = ApiServer.builder(kernel, store)
                .eventTimeToLive(Duration.ofMinutes(5))
                .build()
                .start();
        create("short");
        advance(4);
        assertThat(names()).containsExactly("short");
        advance(2);
        assertThat(names()).isEmpty();
        server.close();
        server = ApiServer.builder(kernel, store)
                .eventTimeToLive(Duration.ZERO)
                .build()
                .start();
        create("kept");
        advance(3000);
        assertThat(names()).containsExactly("kept");
    }

    @Test
    @DisplayName("MACH-9: its hour goes on while the server is away, and other objects stay")
    void goesOnAcrossARestart() {
        create("before");
        advance(30);
        server.close();
        advance(20);
        server = ApiServer.builder(kernel, store).build().start();
        create("after");
        assertThat(names()).containsExactlyInAnyOrder("before", "after");
        advance(11);
        assertThat(names()).containsExactly("after");
        server.close();
        advance(120);
        server = ApiServer.builder(kernel, store).build().start();
        assertThat(names()).isEmpty();
    }
}
