package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.patch.TypedTree.Comparison;
import dev.amphora.apiserver.schema.TypeSchema;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The note in which {@code kubectl} keeps what it applied by itself, without the server. */
final class LastApplied {
    private static final String ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
    private static final int MAX_ANNOTATIONS = 256 << 10;

    private LastApplied() {}

    private static String of(ObjectNode object) {
        return object.path("metadata").path("annotations").path(ANNOTATION).asText("");
    }

    /** The fields that a client applied by itself and that have still its values, which it may take over as a manager. */
    static FieldSet owned(ObjectNode live, TypeSchema type) {
        String text = of(live);
        if (text.isEmpty()) {
            return FieldSet.EMPTY;
        }
        JsonNode last;
        try {
            last = Json.read(text.getBytes(StandardCharsets.UTF_8));
        } catch (UncheckedIOException e) {
            return FieldSet.EMPTY;
        }
        if (!last.isObject() || !last.path("apiVersion").equals(live.path("apiVersion"))) {
            return FieldSet.EMPTY;
        }
        Comparison difference = TypedTree.compare(last, live, type);
        return TypedTree.fields(last, type).difference(difference.changed()).difference(difference.removed());
    }

    /** Keeps the note in step with what was applied through the server, as long as there is one. */
    static void keepInStep(ObjectNode result, ObjectNode wanted) {
        if (of(result).isEmpty()) {
            return;
        }
        ObjectNode noted = wanted.deepCopy();
        if (noted.path("metadata").path("annotations") instanceof ObjectNode annotations) {
            annotations.remove(ANNOTATION);
        }
        ObjectNode annotations = result.withObject("/metadata").withObject("/annotations");
        annotations.put(ANNOTATION, Json.sorted(noted) + "\n");
        long size = 0;
        for (var annotation : annotations.properties()) {
            size += annotation.getKey().length()
                    + annotation.getValue().asText().length();
        }
        if (size > MAX_ANNOTATIONS) {
            annotations.remove(ANNOTATION);
        }
    }
}
