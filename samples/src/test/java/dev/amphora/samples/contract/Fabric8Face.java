package dev.amphora.samples.contract;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The fabric8 client's own transport, in process or over the network. */
final class Fabric8Face implements Face {
    private final KubernetesClient client;
    private final HttpClient http;
    private final String base;

    Fabric8Face(KubernetesClient client) {
        this.client = client;
        this.http = client.getHttpClient();
        this.base = client.getMasterUrl().toString().replaceFirst("/$", "");
    }

    @Override
    public void close() {
        client.close();
    }

    @Override
    public Answer send(String method, String target, String contentType, JsonNode body) {
        HttpRequest.Builder request =
                http.newHttpRequestBuilder().uri(base + target).setHeader("Accept", JSON);
        request.method(
                method,
                body == null ? null : contentType,
                body == null ? null : new String(Json.write(body), StandardCharsets.UTF_8));
        HttpResponse<byte[]> response = http.sendAsync(request.build(), byte[].class)
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        return Answer.of(response.code(), response.body());
    }

    @Override
    public Runnable watch(String target, Consumer<JsonNode> events) {
        Lines lines = new Lines(events);
        HttpRequest request = http.newHttpRequestBuilder()
                .uri(base + target)
                .setHeader("Accept", JSON)
                .forStreaming()
                .build();
        CompletableFuture<HttpResponse<AsyncBody>> response = http.consumeBytes(request, (pieces, body) -> {
            for (ByteBuffer piece : pieces) {
                byte[] bytes = new byte[piece.remaining()];
                piece.get(bytes);
                lines.add(bytes);
            }
            body.consume();
        });
        AsyncBody body = response.orTimeout(60, TimeUnit.SECONDS)
                .thenApply(answer -> {
                    lines.head(answer.code());
                    answer.body().consume();
                    return answer.body();
                })
                .join();
        return body::cancel;
    }
}
