package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The columns of a kind, and the cells of one object.
 *
 * @param columns in order
 * @param cells writes one cell for each column
 */
record TableLayout(List<Column> columns, CellWriter cells) {

    /** What the columns that all kinds have show. */
    private static final ImmutableMap<String, String> COMMON = ImmutableMap.of(
            "Name",
            "What the object is called. No two objects of one kind in a namespace, or in the whole cluster if the kind has no"
                    + " namespaces, have the same name at the same time, and an object keeps its name for as long as it exists.",
            "Age",
            "How long ago the server took the object in, by its own clock: from creationTimestamp, which the server sets and"
                    + " clients cannot change, until the answer was written. It is told in the largest unit or two that say"
                    + " enough.");

    TableLayout {
        columns = ImmutableList.copyOf(columns);
    }

    /**
     * A column.
     *
     * @param priority 0 is always shown, more only on demand
     * @param description what it shows
     */
    record Column(String name, String type, String format, int priority, String description) {
        Column(String name, String type, String format, int priority) {
            this(name, type, format, priority, COMMON.getOrDefault(name, name));
        }
    }

    /** Adds the cells of an object to a row. */
    @FunctionalInterface
    interface CellWriter {
        void write(ArrayNode row, JsonNode object, Instant now);
    }

    /**
     * A layout from a short description: column names separated by {@code |}; {@code *} before a name makes the column wide,
     * {@code :integer} after it gives its type, {@code =what} at the end what the column is described as, by default its name. The first column, the object's name, is understood.
     */
    static TableLayout of(String description, CellWriter cells) {
        List<Column> columns = new ArrayList<>();
        columns.add(new Column("Name", "string", "name", 0));
        columns.addAll(columns(description));
        return new TableLayout(columns, (row, object, now) -> {
            row.add(object.path("metadata").path("name").asText());
            cells.write(row, object, now);
        });
    }

    static List<Column> columns(String description) {
        List<Column> columns = new ArrayList<>();
        for (String part : description.split("\\|", -1)) {
            boolean wide = part.startsWith("*");
            String text = wide ? part.substring(1) : part;
            int equals = text.indexOf('=');
            String typed = equals < 0 ? text : text.substring(0, equals);
            int colon = typed.indexOf(':');
            String name = colon < 0 ? typed : typed.substring(0, colon);
            String type = colon < 0 ? "string" : typed.substring(colon + 1);
            int priority = wide ? 1 : 0;
            columns.add(
                    equals < 0
                            ? new Column(name, type, "", priority)
                            : new Column(name, type, "", priority, text.substring(equals + 1)));
        }
        return columns;
    }
}
