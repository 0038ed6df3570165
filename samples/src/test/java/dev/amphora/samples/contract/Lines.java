package dev.amphora.samples.contract;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;

/** The events of a watch, each a line of its own. */
final class Lines {
    private final Consumer<JsonNode> events;
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream();

    Lines(Consumer<JsonNode> events) {
        this.events = events;
    }

    void head(int status) {
        if (status != 200) {
            events.accept(Json.object().put("type", "REFUSED " + status));
        }
    }

    synchronized void add(byte[] piece) {
        for (byte each : piece) {
            if (each != '\n') {
                begun.write(each);
            } else {
                byte[] line = begun.toByteArray();
                begun.reset();
                events.accept(Json.read(line));
            }
        }
    }
}
