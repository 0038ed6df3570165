package dev.amphora.rest.remote;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The client's side of a remote command over SPDY, in the fourth version of its protocol: towards a kubelet outside the process. */
public final class SpdyCommandClient implements Session, SpdyConnection.Handler {
    private static final String TYPE = "streamtype";
    private static final int LONGEST_STATUS = 1 << 20;

    private final SpdyConnection connection = SpdyConnection.client(this);
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();
    private ByteSink stdin = ByteSink.discarding();
    private ByteSink sizes = ByteSink.discarding();

    private SpdyCommandClient() {}

    /**
     * Begins a command whose connection has just left HTTP: opens its streams, upon which the kubelet starts it.
     *
     * @param join lets somebody speak over the connection
     */
    public static Session start(Streams streams, Output output, Consumer<ByteListener> join) {
        SpdyCommandClient client = new SpdyCommandClient();
        join.accept(client.connection);
        client.open(streams, output);
        return client;
    }

    private void open(Streams streams, Output output) {
        SpdyStream error = connection.open(Map.of(TYPE, "error"));
        error.receive(new Ending());
        error.end();
        if (streams.stdin()) {
            stdin = connection.open(Map.of(TYPE, "stdin"));
        }
        if (streams.stdout()) {
            received(Map.of(TYPE, "stdout"), output.stdout());
        }
        if (streams.ownStderr()) {
            received(Map.of(TYPE, "stderr"), output.stderr());
        }
        if (streams.tty()) {
            sizes = connection.open(Map.of(TYPE, "resize"));
        }
    }

    private void received(Map<String, String> headers, ByteSink to) {
        SpdyStream stream = connection.open(headers);
        stream.receive(to);
        stream.end();
    }

    @Override
    public ByteSink stdin() {
        return stdin;
    }

    @Override
    public void resize(int columns, int rows) {
        sizes.write("{\"Width\":%d,\"Height\":%d}\n".formatted(columns, rows).getBytes(UTF_8));
    }

    @Override
    public CompletionStage<Integer> exitCode() {
        return exit;
    }

    @Override
    public void close() {
        connection.close();
    }

    @Override
    public boolean onStream(SpdyStream stream) {
        return false;
    }

    @Override
    public void onClosed() {
        exit.completeExceptionally(new KubeletFailure("error reading from error stream: EOF", null));
    }

    /** Collects what the kubelet says of the command's end. */
    private final class Ending implements ByteSink {
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();

        @Override
        public CompletionStage<@Nullable Void> write(byte[] piece) {
            if (text.size() + piece.length <= LONGEST_STATUS) {
                text.writeBytes(piece);
            }
            return READY;
        }

        @Override
        public void end() {
            ended(text.toByteArray());
            connection.close();
        }

        @Override
        public void abort() {
            onClosed();
        }
    }

    private void ended(byte[] told) {
        if (told.length == 0) {
            exit.complete(0);
            return;
        }
        JsonNode status;
        try {
            status = Json.read(told);
        } catch (UncheckedIOException | IllegalArgumentException e) {
            status = Json.object();
        }
        String code = "";
        for (JsonNode cause : status.path("details").path("causes")) {
            if (cause.path("reason").asText().equals("ExitCode")) {
                code = cause.path("message").asText();
            }
        }
        if (status.path("status").asText().equals("Success")) {
            exit.complete(0);
        } else if (status.path("reason").asText().equals("NonZeroExitCode") && code.matches("[0-9]{1,9}")) {
            exit.complete(Integer.parseInt(code));
        } else {
            String message = status.path("message").asText(new String(told, UTF_8));
            exit.completeExceptionally(new KubeletFailure(message, status instanceof ObjectNode tree ? tree : null));
        }
    }
}
