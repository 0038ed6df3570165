package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** An answer. */
final class Response {
    /** The connection was closed without an answer. */
    static final Response NONE = new Response(0, Map.of(), new byte[0]);

    private final int status;
    private final Map<String, List<String>> headers;
    private final byte[] raw;
    private @Nullable JsonNode parsed;

    /**
     * @param status 0 if there is no answer
     * @param headers lower-case names to their values
     */
    Response(int status, Map<String, List<String>> headers, byte[] raw) {
        this.status = status;
        this.headers = headers;
        this.raw = raw;
    }

    int status() {
        return status;
    }

    boolean answered() {
        return status != 0;
    }

    boolean succeeded() {
        return answered() && status < 300;
    }

    Map<String, List<String>> headers() {
        return headers;
    }

    List<String> header(String name) {
        return headers.getOrDefault(name, List.of());
    }

    byte[] raw() {
        return raw;
    }

    /** The body: JSON, a text, or null if there is none. */
    JsonNode body() {
        JsonNode body = parsed;
        if (body == null) {
            body = Trees.parse(text());
            parsed = body;
        }
        return body;
    }

    String text() {
        return new String(plain(), StandardCharsets.UTF_8);
    }

    private byte[] plain() {
        if (raw.length == 0 || !header("content-encoding").equals(List.of("gzip"))) {
            return raw;
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(raw))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("the body is no gzip", e);
        }
    }

    String brief() {
        return Trees.brief(body());
    }
}
