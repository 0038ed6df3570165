package dev.amphora.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A watch over HTTP: one line of JSON an event, read as they come. */
final class RemoteWatch<T extends HasMetadata> implements Watch, AsyncBody.Consumer<List<ByteBuffer>> {
    private final Function<JsonNode, T> reader;
    private final Watcher<T> watcher;
    private final AtomicBoolean ended = new AtomicBoolean();
    /** The beginning of a line whose end has not come. Touched by one thread at a time. */
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    private @Nullable AsyncBody body;
    private int code;

    private RemoteWatch(Function<JsonNode, T> reader, Watcher<T> watcher) {
        this.reader = reader;
        this.watcher = watcher;
    }

    /** Opens a watch; returns when the server has begun to answer. */
    static <T extends HasMetadata> RemoteWatch<T> open(
            HttpClient http, HttpRequest request, Function<JsonNode, T> reader, Watcher<T> watcher) {
        RemoteWatch<T> watch = new RemoteWatch<>(reader, watcher);
        HttpResponse<AsyncBody> response = RemoteClient.await(http.consumeBytes(request, watch));
        AsyncBody body = response.body();
        watch.body = body;
        watch.code = response.code();
        if (!response.isSuccessful()) {
            watch.ended.set(true);
            body.consume();
            RemoteClient.await(body.done());
            throw RemoteClient.refusal(response.code(), watch.line.toByteArray());
        }
        body.done()
                .whenComplete((done, failure) -> watch.end(failure == null ? null : RemoteClient.unreachable(failure)));
        body.consume();
        return watch;
    }

    @Override
    public void consume(List<ByteBuffer> buffers, AsyncBody from) {
        for (ByteBuffer buffer : buffers) {
            while (buffer.hasRemaining()) {
                int end = HttpResponse.isSuccessful(code) ? lineFeed(buffer) : -1;
                byte[] piece = new byte[(end < 0 ? buffer.limit() : end) - buffer.position()];
                buffer.get(piece);
                if (end < 0) {
                    line.writeBytes(piece);
                } else {
                    buffer.get();
                    event(line.size() == 0 ? piece : withBeginning(piece));
                }
            }
        }
        from.consume();
    }

    /** Where the line ends; -1 if that has not come. */
    private static int lineFeed(ByteBuffer buffer) {
        for (int i = buffer.position(); i < buffer.limit(); i++) {
            if (buffer.get(i) == '\n') {
                return i;
            }
        }
        return -1;
    }

    private byte[] withBeginning(byte[] rest) {
        line.writeBytes(rest);
        byte[] whole = line.toByteArray();
        line.reset();
        return whole;
    }

    private void event(byte[] text) {
        if (ended.get() || text.length == 0) {
            return;
        }
        try {
            JsonNode event = Json.read(text);
            JsonNode object = event.path("object");
            switch (event.path("type").asText()) {
                case "ADDED" -> watcher.onEvent(Watcher.EventType.ADDED, reader.apply(object));
                case "MODIFIED" -> watcher.onEvent(Watcher.EventType.MODIFIED, reader.apply(object));
                case "DELETED" -> watcher.onEvent(Watcher.EventType.DELETED, reader.apply(object));
                case "BOOKMARK" ->
                    watcher.onBookmark(object.at("/metadata/resourceVersion").asText());
                case "ERROR" -> end(new StatusException(Json.fromTree(object, Status.class)));
                default -> {
                    // a type of a later release
                }
            }
        } catch (StatusException e) {
            end(e);
        } catch (IllegalArgumentException e) {
            end(StatusException.internalError("an event can't be read: " + e.getMessage()));
        }
    }

    private void end(@Nullable StatusException error) {
        if (ended.compareAndSet(false, true)) {
            cancel();
            watcher.onClose(error);
        }
    }

    @Override
    public void close() {
        ended.set(true);
        cancel();
    }

    private void cancel() {
        AsyncBody open = body;
        if (open != null) {
            open.cancel();
        }
    }
}
