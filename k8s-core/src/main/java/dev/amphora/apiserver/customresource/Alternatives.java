package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The rules that combine schemas: {@code anyOf}, {@code oneOf}, {@code allOf} and {@code not}. */
final class Alternatives {
    private Alternatives() {}

    static ValueResult check(
            JsonNode value, Structural schema, String path, BiFunction<JsonNode, Structural, ValueResult> rules) {
        ValueResult result = new ValueResult();
        anyOf(value, schema.anyOf(), path, rules, result);
        oneOf(value, schema.oneOf(), path, rules, result);
        allOf(value, schema.allOf(), path, rules, result);
        Structural not = schema.not();
        if (not != null && rules.apply(value, not).isValid()) {
            result.addGeneral("\"%s\" must not validate the schema (not)".formatted(path));
        }
        result.count();
        return result;
    }

    private static void anyOf(
            JsonNode value,
            List<Structural> schemas,
            String path,
            BiFunction<JsonNode, Structural, ValueResult> rules,
            ValueResult result) {
        @Nullable ValueResult nearest = null;
        for (Structural each : schemas) {
            ValueResult found = rules.apply(value, each);
            if (found.isValid()) {
                return;
            }
            if (nearest == null || found.matches() > nearest.matches()) {
                nearest = found;
            }
        }
        if (nearest != null) {
            result.addGeneral("\"%s\" must validate at least one schema (anyOf)".formatted(path));
            result.merge(nearest);
        }
    }

    private static void oneOf(
            JsonNode value,
            List<Structural> schemas,
            String path,
            BiFunction<JsonNode, Structural, ValueResult> rules,
            ValueResult result) {
        @Nullable ValueResult nearest = null;
        int valid = 0;
        for (Structural each : schemas) {
            ValueResult found = rules.apply(value, each);
            if (found.isValid()) {
                valid++;
                nearest = null;
            } else if (valid == 0 && (nearest == null || found.matches() > nearest.matches())) {
                nearest = found;
            }
        }
        if (schemas.isEmpty() || valid == 1) {
            return;
        }
        result.addGeneral("\"%s\" must validate one and only one schema (oneOf). %s"
                .formatted(path, valid == 0 ? "Found none valid" : "Found " + valid + " valid alternatives"));
        if (nearest != null) {
            result.merge(nearest);
        }
    }

    private static void allOf(
            JsonNode value,
            List<Structural> schemas,
            String path,
            BiFunction<JsonNode, Structural, ValueResult> rules,
            ValueResult result) {
        int valid = 0;
        for (Structural each : schemas) {
            ValueResult found = rules.apply(value, each);
            valid += found.isValid() ? 1 : 0;
            result.merge(found);
        }
        if (valid != schemas.size()) {
            result.addGeneral("\"%s\" must validate all the schemas (allOf)%s"
                    .formatted(path, valid == 0 ? ". None validated" : ""));
        }
    }
}
