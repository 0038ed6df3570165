package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import dev.amphora.apiserver.outside.LocalServer;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An HTTPS server that answers admission and conversion reviews as the member {@code webhooks} of a scenario says: by path, in order, the
 * last answer for all further calls.
 */
final class Webhooks implements AutoCloseable {
    private static final Duration FOR_CALLS = Duration.ofSeconds(5);
    private static final Duration AFTERMATH = Duration.ofMillis(50);
    private static final Duration AFTERMATH_OF_NONE = Duration.ofMillis(200);

    /** Of this server, which talks over sockets even if the cluster under test lives in a simulation. */
    private final Kernel kernel = new ThreadedKernel();

    private final LoopbackHttps server = LoopbackHttps.start(kernel, this::answer);
    private final Map<String, List<JsonNode>> answers = new HashMap<>();
    private final List<JsonNode> calls = new ArrayList<>();

    /** Host and port. */
    String host() {
        return "127.0.0.1:" + server.port();
    }

    /** The base64 of the PEM certificate of the authority that vouches for this server. */
    String caBundle() {
        return Base64.getEncoder().encodeToString(server.authorityPem().getBytes(StandardCharsets.UTF_8));
    }

    /** Begins anew with the answers of a scenario. */
    synchronized void script(JsonNode webhooks) {
        answers.clear();
        calls.clear();
        Trees.members(webhooks).forEach(path -> {
            List<JsonNode> left = new ArrayList<>();
            path.getValue().forEach(left::add);
            answers.put(path.getKey(), left);
        });
    }

    /** The same without a socket, for a cluster that lives in a kernel's time. */
    LocalServer within(Kernel world) {
        return request -> {
            JsonNode review = Trees.parse(new String(request.body(), StandardCharsets.UTF_8));
            JsonNode answer = next(call(
                    request.target(),
                    request.header("Content-Type").orElse(null),
                    request.header("Accept").orElse(null),
                    review));
            Pace pace = new Pace(world);
            pace.pause(answer.path("delay").asDouble());
            pace.close();
            return LocalServer.Reply.of(
                    answer.path("status").asInt(200),
                    answer.path("headers").path("Content-Type").asText("application/json"),
                    body(answer, review).getBytes(StandardCharsets.UTF_8));
        };
    }

    private static ObjectNode call(
            String target, @Nullable String contentType, @Nullable String accept, JsonNode review) {
        ObjectNode call = Trees.object()
                .put("path", target)
                .put("contentType", contentType)
                .put("accept", accept);
        call.set("body", review);
        return call;
    }

    private void answer(HttpExchange exchange) throws IOException {
        Headers headers = exchange.getRequestHeaders();
        JsonNode review = Trees.parse(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        JsonNode answer = next(call(
                exchange.getRequestURI().toString(),
                headers.getFirst("Content-Type"),
                headers.getFirst("Accept"),
                review));
        Pace pace = new Pace(kernel);
        pace.pause(answer.path("delay").asDouble());
        pace.close();
        byte[] bytes = body(answer, review).getBytes(StandardCharsets.UTF_8);
        if (answer.path("headers").isEmpty()) {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
        }
        Trees.members(answer.path("headers")).forEach(header -> exchange.getResponseHeaders()
                .set(header.getKey(), header.getValue().asText()));
        exchange.sendResponseHeaders(answer.path("status").asInt(200), bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
        exchange.close();
    }

    private synchronized JsonNode next(JsonNode call) {
        calls.add(call);
        List<JsonNode> left = answers.get(Cleaner.withoutQuery(call.path("path").asText()));
        if (left == null || left.isEmpty()) {
            ObjectNode none = Trees.object().put("status", 404).put("bodyText", "no such hook");
            none.putObject("headers").put("Content-Type", "text/plain");
            return none;
        }
        return left.size() > 1 ? left.remove(0) : left.get(0);
    }

    private static String body(JsonNode answer, JsonNode review) {
        return answer.has("body")
                ? Trees.write(filled(answer.get("body"), answer, review))
                : answer.path("bodyText").asText();
    }

    private static JsonNode filled(JsonNode body, JsonNode answer, JsonNode review) {
        JsonNode request = review.path("request");
        return Trees.map(body, name -> name, text -> {
            if (text.equals("${notConverted}")) {
                return request.path("objects");
            }
            if (text.equals("${converted}")) {
                ArrayNode converted = Trees.array();
                request.path("objects")
                        .forEach(object -> converted.add(converted(
                                object, request.path("desiredAPIVersion").asText(), answer.path("changeConverted"))));
                return converted;
            }
            return TextNode.valueOf(text.replace(
                            "${reviewUid}", request.path("uid").asText())
                    .replace("${reviewVersion}", review.path("apiVersion").asText()));
        });
    }

    /** The conversion of the scenarios: spec.color (v1) is spec.flavour (v2). */
    private static ObjectNode converted(JsonNode object, String version, JsonNode change) {
        ObjectNode converted = object.deepCopy();
        converted.put("apiVersion", version);
        boolean second = version.endsWith("/v2");
        if (converted.get("spec") instanceof ObjectNode spec && spec.has(second ? "color" : "flavour")) {
            spec.set(second ? "flavour" : "color", spec.remove(second ? "color" : "flavour"));
        }
        Trees.merge(converted, change);
        return converted;
    }

    /** The next calls of the paths that have answers; a call of an earlier scenario may still come in. */
    List<JsonNode> take(int count, Pace pace) {
        pace.until(FOR_CALLS, () -> expected().size() >= count);
        pace.pause(count > 0 ? AFTERMATH : AFTERMATH_OF_NONE);
        synchronized (this) {
            List<JsonNode> taken = expected();
            calls.clear();
            return taken;
        }
    }

    private synchronized List<JsonNode> expected() {
        return calls.stream()
                .filter(call -> answers.containsKey(
                        Cleaner.withoutQuery(call.path("path").asText())))
                .toList();
    }

    @Override
    public void close() {
        server.close();
        kernel.close();
    }
}
