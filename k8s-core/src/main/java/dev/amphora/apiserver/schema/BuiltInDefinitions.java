package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Splitter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The generated resource: one line for discovery, one for each definition. Lines are found at once and parsed when asked for.
 * Thread-safe.
 */
final class BuiltInDefinitions {
    private static final BuiltInDefinitions INSTANCE = load();

    private final String resources;
    private final Map<String, Line> lines;
    private final Map<String, String> namesByKind;
    private final Map<String, TypeSchema> types = new ConcurrentHashMap<>();
    private final SchemaReader reader = new SchemaReader(this::definition);

    private BuiltInDefinitions(String resources, Map<String, Line> lines) {
        this.resources = resources;
        this.lines = lines;
        namesByKind = new HashMap<>();
        lines.forEach((name, line) -> {
            for (String kind : Splitter.on(';').omitEmptyStrings().split(line.kinds())) {
                namesByKind.putIfAbsent(kind, name);
            }
        });
    }

    static BuiltInDefinitions instance() {
        return INSTANCE;
    }

    private static BuiltInDefinitions load() {
        try (InputStream resource = BuiltInDefinitions.class.getResourceAsStream("catalogue.gz")) {
            if (resource == null) {
                throw new IllegalStateException("catalogue.gz is missing from the class path");
            }
            byte[] bytes = new GZIPInputStream(resource, 1 << 16).readAllBytes();
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            int start = text.indexOf('\n') + 1;
            Map<String, Line> lines = new LinkedHashMap<>();
            String resources = text.substring(0, start - 1);
            while (start < text.length()) {
                int schema = text.indexOf('\t', start) + 1;
                int fields = text.indexOf('\t', schema) + 1;
                int kinds = text.indexOf('\t', fields) + 1;
                int newline = text.indexOf('\n', kinds);
                int end = newline < 0 ? text.length() : newline;
                lines.put(text.substring(start, schema - 1), new Line(text, schema, fields, kinds, end));
                start = end + 1;
            }
            return new BuiltInDefinitions(resources, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The served resources as the generated resource has them. */
    String resources() {
        return resources;
    }

    List<String> names() {
        return new ArrayList<>(lines.keySet());
    }

    Optional<String> nameOf(String group, String version, String kind) {
        return Optional.ofNullable(namesByKind.get(group + "/" + version + "/" + kind));
    }

    /** A definition by name; an {@link IllegalArgumentException} if there is none. */
    TypeSchema definition(String name) {
        // Not computeIfAbsent: a definition may be read while another one is.
        TypeSchema known = types.get(name);
        if (known != null) {
            return known;
        }
        Line line = lines.get(name);
        if (line == null) {
            throw new IllegalArgumentException("no definition " + name);
        }
        TypeSchema read = reader.read(name, tree(line.schema()), line.fields());
        TypeSchema other = types.putIfAbsent(name, read);
        return other == null ? read : other;
    }

    /** The small reader of this package: it takes far less time to load than a mapper. */
    private static JsonNode tree(String json) {
        return JsonText.parse(json.getBytes(StandardCharsets.ISO_8859_1));
    }

    boolean contains(String name) {
        return lines.containsKey(name);
    }

    /** The recorded schema of a definition as JSON text. */
    @Nullable String schemaText(String name) {
        Line line = lines.get(name);
        return line == null ? null : line.schema();
    }

    private record Line(String text, int schemaStart, int fieldsStart, int kindsStart, int end) {
        String schema() {
            return text.substring(schemaStart, fieldsStart - 1);
        }

        String fields() {
            return text.substring(fieldsStart, kindsStart - 1);
        }

        String kinds() {
            return text.substring(kindsStart, end);
        }
    }
}
