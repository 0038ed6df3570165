package dev.amphora.rest;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A status, headers in the order they were added, and a body. Not safe for concurrent use. */
final class HttpAnswer {
    private final int status;
    private final List<Map.Entry<String, String>> headers = new ArrayList<>();
    private byte[] body;
    private boolean chunked;

    HttpAnswer(int status, byte[] body) {
        this.status = status;
        this.body = body;
    }

    /** Plain text, as Go's {@code http.Error} sends it. */
    static HttpAnswer text(int status, String text) {
        return new HttpAnswer(status, text.getBytes(StandardCharsets.UTF_8))
                .with("Content-Type", "text/plain; charset=utf-8")
                .with("X-Content-Type-Options", "nosniff");
    }

    /** Adds a header. */
    HttpAnswer with(String name, String value) {
        headers.add(Map.entry(name, value));
        return this;
    }

    /** The same with another body. */
    HttpAnswer withBody(byte[] value) {
        body = value;
        return this;
    }

    /** The body goes out in chunks, however short it is. */
    HttpAnswer inChunks() {
        chunked = true;
        return this;
    }

    boolean isChunked() {
        return chunked;
    }

    int status() {
        return status;
    }

    List<Map.Entry<String, String>> headers() {
        return headers;
    }

    /** The first value of a header; null if there is none. */
    @Nullable String header(String name) {
        for (Map.Entry<String, String> header : headers) {
            if (header.getKey().equalsIgnoreCase(name)) {
                return header.getValue();
            }
        }
        return null;
    }

    byte[] body() {
        return body;
    }
}
