package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import dev.amphora.api.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Valid objects of every built-in kind, and of one custom kind, in a namespace {@code fuzz}. */
final class Corpus {
    private Corpus() {}

    /**
     * One object.
     *
     * @param path where it is posted
     */
    record Sample(String path, ObjectNode object) {
        String kind() {
            return object.path("kind").asText();
        }

        String apiVersion() {
            return object.path("apiVersion").asText();
        }

        String name() {
            return object.path("metadata").path("name").asText();
        }
    }

    static List<Sample> samples() {
        try {
            String text =
                    Resources.toString(Resources.getResource(Corpus.class, "objects.jsonl"), StandardCharsets.UTF_8);
            List<Sample> samples = new ArrayList<>();
            for (String line : Splitter.on('\n').omitEmptyStrings().split(text)) {
                JsonNode sample = Json.read(line.getBytes(StandardCharsets.UTF_8));
                samples.add(new Sample(sample.path("path").asText(), (ObjectNode) sample.path("object")));
            }
            return samples;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
