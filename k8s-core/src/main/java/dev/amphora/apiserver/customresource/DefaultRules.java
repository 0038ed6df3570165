package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.List;

/** The rules for defaults: they must be what the schema allows. */
final class DefaultRules {
    private DefaultRules() {}

    static List<FieldError> check(Structural schema, String path) {
        List<FieldError> errors = new ArrayList<>();
        check(schema, path, true, errors);
        return errors;
    }

    private static void check(Structural schema, String path, boolean root, List<FieldError> errors) {
        JsonNode value = schema.defaultValue();
        if (value != null && schema.hasDefault()) {
            errors.addAll(check(schema, value, path + ".default", root));
        }
        Structural items = schema.items();
        if (items != null) {
            check(items, path + ".items", false, errors);
        }
        schema.properties()
                .forEach((name, property) -> check(property, path + ".properties[" + name + "]", false, errors));
        Structural additional = schema.additional();
        if (additional != null) {
            check(additional, path + ".additionalProperties", false, errors);
        }
    }

    private static List<FieldError> check(Structural schema, JsonNode value, String path, boolean root) {
        if (Fitting.hasUnknown(value, schema, root || schema.embedded())) {
            return List.of(FieldError.invalid(path, value, "must not have unknown fields"));
        }
        List<FieldError> errors = new ArrayList<>();
        Structural whole = root ? embedded(schema) : schema;
        for (FieldError error : ValueRules.check(value, whole, null)) {
            String place = error.field().equals("<nil>") ? path : path + "." + error.field();
            errors.add(new FieldError(error.type(), place, error.message()));
        }
        if (errors.isEmpty() && ExpressionSchema.hasRules(schema.source())) {
            ExpressionSchema.of(schema, root).check(value, null, errors, new ArrayList<>());
            errors.replaceAll(error -> new FieldError(
                    error.type(), error.field().equals("<nil>") ? path : path + "." + error.field(), error.message()));
        }
        return errors;
    }

    private static Structural embedded(Structural schema) {
        ObjectNode source = Json.object();
        source.setAll((ObjectNode) schema.source());
        source.put("x-kubernetes-embedded-resource", true);
        return Structural.of(source);
    }
}
