package dev.amphora.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RemoteWatchTest {
    private static final byte[] EVENTS = (event("ADDED", "a")
                    + event("MODIFIED", "ä")
                    + "\n"
                    + event("DELETED", "c")
                    + "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}\n")
            .getBytes(StandardCharsets.UTF_8);

    private final List<String> seen = new ArrayList<>();

    @Test
    void eventsMayComeInPiecesOfAnySize() {
        for (int size = 1; size <= EVENTS.length; size++) {
            seen.clear();
            AsyncBody.Consumer<List<ByteBuffer>> consumer = open();
            for (int begin = 0; begin < EVENTS.length; begin += size) {
                byte[] piece = Arrays.copyOfRange(EVENTS, begin, Math.min(EVENTS.length, begin + size));
                consume(consumer, List.of(ByteBuffer.wrap(piece)));
            }
            assertThat(seen)
                    .as("pieces of %d", size)
                    .containsExactly("ADDED a", "MODIFIED ä", "DELETED c", "BOOKMARK 7");
        }
    }

    @Test
    void onePieceMayConsistOfSeveralBuffersThatAreNotReadFromTheirBeginning() {
        ByteBuffer direct = ByteBuffer.allocateDirect(EVENTS.length + 5);
        direct.position(5).put(EVENTS).flip().position(5);
        ByteBuffer last = direct.duplicate();
        direct.limit(40);
        last.position(40);
        consume(open(), List.of(direct, last.slice()));
        assertThat(seen).containsExactly("ADDED a", "MODIFIED ä", "DELETED c", "BOOKMARK 7");
    }

    private static String event(String type, String name) {
        return "{\"type\":\"%s\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\"}}}\n".formatted(type, name);
    }

    private static void consume(AsyncBody.Consumer<List<ByteBuffer>> consumer, List<ByteBuffer> buffers) {
        try {
            consumer.consume(buffers, body());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** A watch whose body is still to come. */
    private AsyncBody.Consumer<List<ByteBuffer>> open() {
        HttpResponse<?> response = fake(HttpResponse.class, method -> switch (method) {
            case "code" -> 200;
            case "isSuccessful" -> true;
            case "body" -> body();
            default -> throw new UnsupportedOperationException(method);
        });
        HttpClient http = fake(HttpClient.class, method -> CompletableFuture.completedFuture(response));
        return RemoteWatch.open(
                http, fake(HttpRequest.class, method -> null), tree -> Json.fromTree(tree, Pod.class), new Recorder());
    }

    private static AsyncBody body() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        return fake(AsyncBody.class, method -> method.equals("done") ? done : null);
    }

    private static <T> T fake(Class<T> type, Function<String, @Nullable Object> answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> answer.apply(method.getName())));
    }

    private final class Recorder implements Watcher<Pod> {
        @Override
        public void onEvent(EventType type, Pod pod) {
            seen.add(type + " " + pod.getMetadata().getName());
        }

        @Override
        public void onBookmark(String resourceVersion) {
            seen.add("BOOKMARK " + resourceVersion);
        }

        @Override
        public void onClose(@Nullable StatusException error) {
            seen.add("closed");
        }
    }
}
