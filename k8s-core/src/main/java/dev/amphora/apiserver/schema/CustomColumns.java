package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.amphora.api.Json;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The table of a custom kind, as its definition describes it. */
final class CustomColumns {
    private CustomColumns() {}

    /** A layout from {@code additionalPrinterColumns}; without any, the age is shown. */
    static TableLayout layout(JsonNode printerColumns) {
        List<TableLayout.Column> columns = new ArrayList<>();
        columns.add(new TableLayout.Column("Name", "string", "name", 0));
        List<SimpleJsonPath> paths = new ArrayList<>();
        List<String> types = new ArrayList<>();
        if (printerColumns.isEmpty()) {
            columns.add(new TableLayout.Column("Age", "date", "", 0));
            paths.add(SimpleJsonPath.parse(".metadata.creationTimestamp"));
            types.add("date");
        }
        for (JsonNode column : printerColumns) {
            String type = column.path("type").asText();
            columns.add(new TableLayout.Column(
                    column.path("name").asText(),
                    type,
                    column.path("format").asText(),
                    column.path("priority").asInt(),
                    column.path("description")
                            .asText("Custom resource definition column (in JSONPath format): "
                                    + column.path("jsonPath").asText())));
            paths.add(SimpleJsonPath.parse(column.path("jsonPath").asText()));
            types.add(type);
        }
        return new TableLayout(columns, (row, object, now) -> {
            row.add(object.path("metadata").path("name").asText());
            for (int i = 0; i < paths.size(); i++) {
                cell(row, paths.get(i).find(object), types.get(i), now);
            }
        });
    }

    private static void cell(ArrayNode row, List<JsonNode> found, String type, Instant now) {
        if (found.isEmpty()) {
            row.addNull();
            return;
        }
        JsonNode value = found.get(0);
        switch (type) {
            case "integer":
                if (value.isNumber()) {
                    row.add(value.asLong());
                } else {
                    row.addNull();
                }
                return;
            case "number":
                if (value.isIntegralNumber()) {
                    row.add(value.asLong());
                } else if (value.isNumber()) {
                    row.add(value.asDouble());
                } else {
                    row.addNull();
                }
                return;
            case "boolean":
                if (value.isBoolean()) {
                    row.add(value.booleanValue());
                } else {
                    row.addNull();
                }
                return;
            case "date":
                date(row, value, now);
                return;
            default:
                row.add(string(value));
        }
    }

    private static void date(ArrayNode row, JsonNode value, Instant now) {
        if (!value.isTextual()) {
            row.addNull();
            return;
        }
        try {
            Instant.parse(value.asText());
            row.add(Cells.since(value, now));
        } catch (DateTimeException e) {
            row.add("<invalid>");
        }
    }

    private static String string(JsonNode value) {
        if (value.isNull()) {
            return "<no value>";
        }
        return value.isContainerNode() ? Json.sorted(value).toString() : value.asText();
    }
}
