package dev.amphora.runtime.fake;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Answers the HTTP requests that a container receives. */
@FunctionalInterface
public interface HttpHandler {

    /**
     * A request.
     *
     * @param method such as {@code GET}
     * @param path path and query
     * @param headers by lower-case name
     * @param body may be empty
     */
    record Request(String method, String path, Map<String, String> headers, byte[] body) {}

    /**
     * A reply.
     *
     * @param status such as 200
     * @param contentType of the body
     * @param body may be empty
     */
    record Reply(int status, String contentType, byte[] body) {
        /** 200 with a text. */
        public static Reply text(String text) {
            return text(200, text);
        }

        /** A text with a status. */
        public static Reply text(int status, String text) {
            return new Reply(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Answers one request. May block. */
    Reply answer(Request request);
}
