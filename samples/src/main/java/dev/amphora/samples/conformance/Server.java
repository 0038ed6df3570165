package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** The server under test: takes requests in the form of recordings. */
final class Server {
    private static final String JSON = "application/json";
    private static final String GZIPPED = "${gzip of a ConfigMap named gz}";

    private final Transport transport;
    private final String token;
    private final Map<String, String> tokens;
    private final Map<String, Map<String, JsonNode>> resourcesOf = new HashMap<>();

    /**
     * @param token of an administrator, for requests that name nobody
     * @param tokens for the names that stand in recordings; a name that is missing is its own token
     */
    Server(Transport transport, String token, Map<String, String> tokens) {
        this.transport = transport;
        this.token = token;
        this.tokens = tokens;
    }

    Transport transport() {
        return transport;
    }

    String token() {
        return token;
    }

    Response call(JsonNode request) {
        return call(request, false);
    }

    /**
     * Sends a request and waits for the answer.
     *
     * @param allGiven the request's headers are complete but for those about who asks
     */
    Response call(JsonNode request, boolean allGiven) {
        return transport.exchange(request(request, allGiven));
    }

    /** An exchange of the replay's own, without a body. */
    Response call(String method, String path) {
        return call(Trees.object().put("method", method).put("path", path));
    }

    /** An exchange of the replay's own. */
    Response call(String method, String path, JsonNode body, String contentType) {
        ObjectNode request = Trees.object().put("method", method).put("path", path);
        request.put("contentType", contentType).set("body", body);
        return call(request);
    }

    Response post(String path, JsonNode body) {
        return call("POST", path, body, JSON);
    }

    Response get(String path) {
        return call("GET", path);
    }

    /** Begins an exchange whose answer may take long. */
    Runnable open(JsonNode request, Transport.Listener listener) {
        ObjectNode get = Trees.pick(request, List.of("path", "as", "accept", "userAgent"));
        return transport.open(request(get.put("method", "GET"), false), listener);
    }

    /** The collection that an object is posted to. */
    String collectionOf(JsonNode object, @Nullable String namespace) {
        String groupVersion = object.path("apiVersion").asText();
        String root = groupVersion.equals("v1") ? "/api/v1" : "/apis/" + groupVersion;
        JsonNode resource =
                resources(groupVersion, root).get(object.path("kind").asText());
        if (resource == null) {
            throw new IllegalStateException(
                    root + " has no kind " + object.path("kind").asText());
        }
        String own = Trees.at(object, "metadata", "namespace").asText();
        String where = !own.isEmpty() ? own : namespace != null ? namespace : "default";
        return root
                + (resource.path("namespaced").asBoolean() ? "/namespaces/" + where : "")
                + "/"
                + resource.path("name").asText();
    }

    private Map<String, JsonNode> resources(String groupVersion, String root) {
        return resourcesOf.computeIfAbsent(groupVersion, unused -> {
            Map<String, JsonNode> byKind = new HashMap<>();
            for (JsonNode resource : get(root).body().path("resources")) {
                if (!resource.path("name").asText().contains("/")) {
                    byKind.put(resource.path("kind").asText(), resource);
                }
            }
            return byKind;
        });
    }

    private Transport.Request request(JsonNode request, boolean allGiven) {
        byte[] body = body(request);
        return new Transport.Request(
                request.path("method").asText(),
                request.path("path").asText(),
                headers(request, allGiven),
                body == null ? null : new Transport.Body(body));
    }

    private List<Map.Entry<String, String>> headers(JsonNode request, boolean allGiven) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        if (!allGiven) {
            headers.put("Accept", request.path("accept").asText(JSON));
        }
        headers.put("User-Agent", request.path("userAgent").asText("vectors/1.0"));
        String name = request.path("as").asText();
        String shown = request.has("as") ? tokens.getOrDefault(name, name) : token;
        if (!shown.isEmpty()) {
            headers.put("Authorization", "Bearer " + shown);
        }
        if (request.has("contentType")) {
            headers.put("Content-Type", request.path("contentType").asText());
        }
        for (Map.Entry<String, JsonNode> given : Trees.members(request.path("headers"))) {
            headers.remove(given.getKey());
            if (!given.getValue().isNull()) {
                headers.put(given.getKey(), given.getValue().asText());
            }
        }
        return new ArrayList<>(headers.entrySet());
    }

    private static byte @Nullable [] body(JsonNode request) {
        if (request.has("body")) {
            return Trees.write(request.get("body")).getBytes(StandardCharsets.UTF_8);
        }
        if (request.has("bodyText")) {
            String text = request.has("repeat")
                    ? repeated(request.get("repeat"))
                    : request.get("bodyText").asText();
            return text.equals(GZIPPED) ? gzip(Trees.write(Constants.configMap("gz"))) : bytes(text);
        }
        return request.has("bodyBase64")
                ? Base64.getDecoder().decode(request.get("bodyBase64").asText())
                : null;
    }

    private static String repeated(JsonNode repeat) {
        JsonNode element = repeat.path("element");
        String text = element.isTextual() ? element.textValue() : Trees.write(element);
        return "[" + (text + ",").repeat(repeat.path("count").asInt() - 1) + text + "]";
    }

    private static byte[] gzip(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            gzip.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] bytes = out.toByteArray();
        // as the recorder's library says of itself: slowest algorithm, Unix
        bytes[8] = 2;
        bytes[9] = 3;
        return bytes;
    }

    /** UTF-8, in which half of a surrogate pair, as broken clients send, is three bytes of its own. */
    private static byte[] bytes(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        text.codePoints().forEach(c -> {
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                out.write(0xE0 | c >> 12);
                out.write(0x80 | (c >> 6 & 0x3F));
                out.write(0x80 | (c & 0x3F));
            } else {
                out.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
            }
        });
        return out.toByteArray();
    }
}
