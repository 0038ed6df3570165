package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** The rules for the fields by which objects of a custom resource can be selected. */
final class SelectableFieldRules {
    private static final int MOST = 8;
    private static final List<String> TYPES = List.of("string", "boolean", "integer");

    private SelectableFieldRules() {}

    /**
     * Checks lists of fields.
     *
     * @param lists one for all versions, or one for each
     * @param schemas of the versions, in the same way
     */
    static void check(List<Fields> lists, List<Fields> schemas) {
        for (int i = 0; i < lists.size(); i++) {
            Fields list = lists.get(i);
            if (!list.isEmpty() && !hasSchema(schemas, i)) {
                list.invalid("", "may only be set when validations.schema is included");
                continue;
            }
            JsonNode schema = schemas.isEmpty()
                    ? list.value()
                    : schemas.get(Math.min(i, schemas.size() - 1))
                            .at("openAPIV3Schema")
                            .value();
            List<String> seen = new ArrayList<>();
            for (Fields field : list.elements()) {
                Fields path = field.at("jsonPath");
                if (leadsSomewhere(path, schema)) {
                    if (seen.contains(path.text())) {
                        path.duplicate();
                    }
                    seen.add(path.text());
                }
            }
            if (seen.stream().distinct().count() > MOST) {
                list.tooMany(MOST);
            }
        }
    }

    private static boolean hasSchema(List<Fields> schemas, int version) {
        return !schemas.isEmpty()
                && schemas.get(Math.min(version, schemas.size() - 1)).has("openAPIV3Schema");
    }

    private static boolean leadsSomewhere(Fields path, JsonNode schema) {
        if (path.isEmpty()) {
            path.required();
            return false;
        }
        String text = path.text();
        if (!text.startsWith(".") && !text.startsWith("[")) {
            int end = text.indexOf('.') < 0 ? text.length() : text.indexOf('.');
            path.invalid("is an invalid path: expected [ or . but got: " + text.substring(0, end));
            return false;
        }
        JsonNode place = schema;
        for (String step : text.substring(1).split("\\.", -1)) {
            String name = step.indexOf('[') < 0 ? step : step.substring(0, step.indexOf('['));
            place = place.path("properties").path(name);
            if (place.isMissingNode()) {
                path.invalid("is an invalid path: does not refer to a valid field");
                return false;
            }
            if (step.indexOf('[') >= 0) {
                path.invalid("is an invalid path: array notation is not allowed");
                return false;
            }
        }
        if (text.startsWith(".metadata.")) {
            path.invalid("must not point to fields in metadata");
        }
        if (!TYPES.contains(place.path("type").asText())) {
            path.invalid("must point to a field of type string, boolean or integer. Enum string fields and strings with"
                    + " formats are allowed.");
        }
        return true;
    }
}
