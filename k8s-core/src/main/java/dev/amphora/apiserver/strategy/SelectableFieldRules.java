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
            JsonNode schema = schemas.isEmpty()
                    ? list.value()
                    : schemas.get(Math.min(i, schemas.size() - 1))
                            .at("openAPIV3Schema")
                            .value();
            if (list.size() > MOST) {
                list.tooMany(MOST);
            }
            List<String> seen = new ArrayList<>();
            for (Fields field : list.elements()) {
                check(field.at("jsonPath"), schema);
                if (!field.at("jsonPath").isEmpty()
                        && seen.contains(field.at("jsonPath").text())) {
                    field.at("jsonPath").duplicate();
                }
                seen.add(field.at("jsonPath").text());
            }
        }
    }

    private static void check(Fields path, JsonNode schema) {
        if (path.isEmpty()) {
            path.required();
            return;
        }
        String text = path.text();
        if (!text.startsWith(".") && !text.startsWith("[")) {
            int end = text.indexOf('.') < 0 ? text.length() : text.indexOf('.');
            path.invalid("is an invalid path: expected [ or . but got: " + text.substring(0, end));
            return;
        }
        JsonNode place = schema;
        for (String step : text.substring(1).split("\\.", -1)) {
            String name = step.indexOf('[') < 0 ? step : step.substring(0, step.indexOf('['));
            place = place.path("properties").path(name);
            if (place.isMissingNode()) {
                path.invalid("is an invalid path: does not refer to a valid field");
                return;
            }
            if (step.indexOf('[') >= 0) {
                path.invalid("is an invalid path: array notation is not allowed");
                return;
            }
        }
        if (!TYPES.contains(place.path("type").asText())) {
            path.invalid("must point to a field of type string, boolean or integer. Enum string fields and strings with"
                    + " formats are allowed.");
        }
    }
}
