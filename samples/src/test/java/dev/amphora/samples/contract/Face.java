package dev.amphora.samples.contract;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** One way in which a program may speak to the API. */
interface Face extends AutoCloseable {
    String JSON = "application/json";

    /** A request; the body is null for none. */
    Answer send(String method, String target, String contentType, JsonNode body);

    /**
     * A watch.
     *
     * @param target with its query; {@code watch} is set
     * @param events receives each event with its {@code type} and {@code object}
     * @return ends the watch
     */
    Runnable watch(String target, Consumer<JsonNode> events);

    @Override
    default void close() {}

    /**
     * What came of a request.
     *
     * @param body an object, or a Status
     */
    record Answer(int status, JsonNode body) {
        static Answer of(int status, byte[] bytes) {
            boolean json = bytes.length > 0 && bytes[0] == '{';
            return new Answer(
                    status,
                    json ? Json.read(bytes) : Json.object().put("text", new String(bytes, StandardCharsets.UTF_8)));
        }

        boolean succeeded() {
            return status < 300;
        }

        String text(String pointer) {
            return body.at(pointer).asText();
        }
    }
}
