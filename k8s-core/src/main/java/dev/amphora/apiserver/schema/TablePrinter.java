package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Prints objects as {@code Table}s, with the columns that the reference gives each kind. Pure and thread-safe. */
public final class TablePrinter {
    private static final ImmutableMap<String, TableLayout> LAYOUTS = layouts();

    /** A kind that nothing else is known of: its name and when it was made. */
    private static final TableLayout DEFAULT = new TableLayout(
            List.of(
                    new TableLayout.Column("Name", "string", "name", 0),
                    new TableLayout.Column("Created At", "date", "", 0)),
            (row, object, now) -> {
                row.add(object.path("metadata").path("name").asText());
                row.add(Cells.text(object.path("metadata").path("creationTimestamp"), Cells.UNKNOWN));
            });

    private final TableLayout layout;

    private TablePrinter(TableLayout layout) {
        this.layout = layout;
    }

    /** What a row says of its object, the query parameter {@code includeObject}. */
    public enum IncludeObject {
        /** Nothing. */
        NONE,
        /** Its metadata; the default. */
        METADATA,
        /** All of it. */
        OBJECT;

        /** The value of the query parameter; the empty text is the default. */
        public static Optional<IncludeObject> parse(String text) {
            switch (text) {
                case "":
                case "Metadata":
                    return Optional.of(METADATA);
                case "None":
                    return Optional.of(NONE);
                case "Object":
                    return Optional.of(OBJECT);
                default:
                    return Optional.empty();
            }
        }
    }

    /** The printer of a built-in kind. */
    public static TablePrinter of(String group, String kind) {
        return new TablePrinter(LAYOUTS.getOrDefault(group + "/" + kind, DEFAULT));
    }

    /** The printer of a resource's objects. */
    public static TablePrinter of(ResourceInfo resource) {
        return of(resource.group(), resource.kind());
    }

    /**
     * The printer of a custom kind.
     *
     * @param printerColumns the {@code additionalPrinterColumns} of its version; missing or empty for the default
     */
    public static TablePrinter custom(JsonNode printerColumns) {
        return new TablePrinter(CustomColumns.layout(printerColumns));
    }

    /**
     * Prints objects.
     *
     * @param objects one row each
     * @param metadata of the table: that of the list, or the resource version of the only object
     * @param include what rows say of their objects
     * @param now for ages
     * @param apiVersion {@code meta.k8s.io/v1} or {@code meta.k8s.io/v1beta1}, as asked for
     */
    public ObjectNode table(
            List<? extends JsonNode> objects,
            JsonNode metadata,
            IncludeObject include,
            Instant now,
            String apiVersion) {
        ObjectNode table = head(metadata, apiVersion);
        ArrayNode columns = table.putArray("columnDefinitions");
        for (TableLayout.Column column : layout.columns()) {
            columns.addObject()
                    .put("name", column.name())
                    .put("type", column.type())
                    .put("format", column.format())
                    .put("description", column.description())
                    .put("priority", column.priority());
        }
        return rows(table, objects, include, now, apiVersion);
    }

    /** Prints one object of a watch after its first: the columns are not told again. */
    public ObjectNode laterRow(
            JsonNode object, JsonNode metadata, IncludeObject include, Instant now, String apiVersion) {
        ObjectNode table = head(metadata, apiVersion);
        table.putNull("columnDefinitions");
        return rows(table, List.of(object), include, now, apiVersion);
    }

    private static ObjectNode head(JsonNode metadata, String apiVersion) {
        ObjectNode table = JsonNodeFactory.instance.objectNode();
        table.put("kind", "Table").put("apiVersion", apiVersion);
        table.set("metadata", metadata);
        return table;
    }

    private ObjectNode rows(
            ObjectNode table, List<? extends JsonNode> objects, IncludeObject include, Instant now, String apiVersion) {
        ArrayNode rows = table.putArray("rows");
        for (JsonNode object : objects) {
            ObjectNode row = rows.addObject();
            layout.cells().write(row.putArray("cells"), object, now);
            if (layout == PodTable.LAYOUT) {
                PodTable.addCondition(row, object);
            }
            row.set("object", included(object, include, apiVersion));
        }
        return table;
    }

    private static @Nullable JsonNode included(JsonNode object, IncludeObject include, String apiVersion) {
        switch (include) {
            case NONE:
                return JsonNodeFactory.instance.nullNode();
            case METADATA:
                return JsonNodeFactory.instance
                        .objectNode()
                        .put("kind", "PartialObjectMetadata")
                        .put("apiVersion", apiVersion)
                        .set("metadata", object.path("metadata"));
            default:
                return object;
        }
    }

    private static ImmutableMap<String, TableLayout> layouts() {
        ImmutableMap.Builder<String, TableLayout> layouts = ImmutableMap.builder();
        WorkloadTables.register(layouts);
        NetworkTables.register(layouts);
        ClusterTables.register(layouts);
        PolicyTables.register(layouts);
        return layouts.buildOrThrow();
    }
}
