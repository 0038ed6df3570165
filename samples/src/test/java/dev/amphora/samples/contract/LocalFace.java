package dev.amphora.samples.contract;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.rest.LocalConnection;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Requests as bytes, without a socket. */
final class LocalFace implements Face {
    private final LocalConnection connection;
    private final String token;

    LocalFace(LocalConnection connection, String token) {
        this.connection = connection;
        this.token = token;
    }

    private List<Map.Entry<String, String>> headers(String contentType, JsonNode body) {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        headers.add(Map.entry("Authorization", "Bearer " + token));
        headers.add(Map.entry("Accept", JSON));
        if (body != null) {
            headers.add(Map.entry("Content-Type", contentType));
        }
        return headers;
    }

    @Override
    public Answer send(String method, String target, String contentType, JsonNode body) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        connection.send(
                method,
                target,
                headers(contentType, body),
                body == null ? new byte[0] : Json.write(body),
                new LocalConnection.Listener() {
                    private int status;

                    @Override
                    public void onHead(int code, List<Map.Entry<String, String>> headers) {
                        status = code;
                    }

                    @Override
                    public void onBytes(byte[] piece) {
                        bytes.writeBytes(piece);
                    }

                    @Override
                    public void onEnd() {
                        answer.complete(Answer.of(status, bytes.toByteArray()));
                    }
                });
        return answer.orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Override
    public Runnable watch(String target, Consumer<JsonNode> events) {
        Lines lines = new Lines(events);
        return connection.send("GET", target, headers(JSON, null), new byte[0], new LocalConnection.Listener() {
            @Override
            public void onHead(int status, List<Map.Entry<String, String>> headers) {
                lines.head(status);
            }

            @Override
            public void onBytes(byte[] piece) {
                lines.add(piece);
            }

            @Override
            public void onEnd() {}
        });
    }
}
