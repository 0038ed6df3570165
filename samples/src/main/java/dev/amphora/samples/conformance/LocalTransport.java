package dev.amphora.samples.conformance;

import dev.amphora.rest.LocalConnection;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** To a cluster in this process, without a socket. */
final class LocalTransport implements Transport {
    private static final Duration PATIENCE = Duration.ofSeconds(70);

    private final LocalConnection connection;
    private final Pace pace;

    LocalTransport(LocalConnection connection, Pace pace) {
        this.connection = connection;
        this.pace = pace;
    }

    @Override
    public Response exchange(Request request) {
        Whole whole = new Whole();
        open(request, whole);
        return pace.await(whole.done, PATIENCE, Response.NONE);
    }

    @Override
    public Runnable open(Request request, Listener listener) {
        List<Map.Entry<String, String>> headers = new ArrayList<>(request.headers());
        headers.add(Map.entry("Host", "127.0.0.1:443"));
        if (request.body() != null) {
            headers.add(Map.entry("Content-Length", Integer.toString(request.bytes().length)));
        }
        return connection.send(
                request.method(), request.target(), headers, request.bytes(), new LocalConnection.Listener() {
                    @Override
                    public void onHead(int status, List<Map.Entry<String, String>> given) {
                        Map<String, List<String>> byName = new LinkedHashMap<>();
                        given.forEach(header -> byName.computeIfAbsent(
                                        header.getKey().toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                                .add(header.getValue()));
                        listener.onHead(status, byName);
                    }

                    @Override
                    public void onBytes(byte[] piece) {
                        listener.onBytes(piece);
                    }

                    @Override
                    public void onEnd() {
                        listener.onEnd();
                    }
                });
    }

    @Override
    public boolean showsConnection() {
        return false;
    }

    @Override
    public String authority() {
        throw new SkipException("needs a socket");
    }

    @Override
    public void close() {}

    /** Collects an answer. */
    private static final class Whole implements Listener {
        private final CompletableFuture<Response> done = new CompletableFuture<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int status;
        private Map<String, List<String>> headers = Map.of();

        @Override
        public void onHead(int code, Map<String, List<String>> given) {
            status = code;
            headers = given;
        }

        @Override
        public void onBytes(byte[] piece) {
            bytes.writeBytes(piece);
        }

        @Override
        public void onEnd() {
            done.complete(new Response(status, headers, bytes.toByteArray()));
        }
    }
}
