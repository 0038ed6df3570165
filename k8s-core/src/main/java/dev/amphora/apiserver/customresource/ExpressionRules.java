package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.cel.CelCompilation.Compiled;
import dev.amphora.apiserver.cel.SchemaType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rules for the rules of a definition: they must compile, say what they may, and not cost too much. */
final class ExpressionRules {
    private static final long RULE_LIMIT = 10_000_000;
    private static final long TOTAL_LIMIT = 100_000_000;
    private static final long LARGEST_REQUEST = 3 * 1024 * 1024;
    private static final int MOST_EXPENSIVE = 4;
    private static final String KEYWORD = "x-kubernetes-validations";
    private static final List<String> REASONS =
            List.of("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired");
    private static final String ADVICE =
            " (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";

    private final List<FieldError> errors = new ArrayList<>();
    private final List<Expense> expenses = new ArrayList<>();
    private long total;

    private ExpressionRules() {}

    private record Expense(String path, long cost) {}

    static List<FieldError> check(JsonNode schema, String path) {
        ExpressionRules rules = new ExpressionRules();
        rules.schema(schema, path, true, 1L, "");
        if (rules.total > TOTAL_LIMIT) {
            rules.expenses.sort(Comparator.comparingLong(Expense::cost).reversed());
            rules.expenses.stream()
                    .filter(each -> each.cost > TOTAL_LIMIT / 100)
                    .limit(MOST_EXPENSIVE)
                    .forEach(
                            each -> rules.errors.add(
                                    FieldError.forbidden(
                                            each.path,
                                            "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema")));
            rules.errors.add(FieldError.forbidden(
                    path,
                    exceeds(
                            "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema",
                            rules.total,
                            TOTAL_LIMIT)));
        }
        return rules.errors;
    }

    /**
     * Checks the rules of a schema and of what is below.
     *
     * @param count how often the value can occur, null if nothing limits that
     * @param uncorrelated the place above which old and new values can't be told to belong together, empty if there is none
     */
    private void schema(JsonNode schema, String path, boolean root, @Nullable Long count, String uncorrelated) {
        if (!schema.isObject() || !ExpressionSchema.hasRules(schema)) {
            return;
        }
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            String key = property.getKey();
            schema(property.getValue(), path + ".properties[" + key + "]", false, count, uncorrelated);
        }
        schema(
                schema.path("additionalProperties"),
                path + ".additionalProperties",
                false,
                times(count, schema.get("maxProperties")),
                uncorrelated);
        boolean keyed = schema.path("x-kubernetes-list-type").asText("").equals("map");
        schema(
                schema.path("items"),
                path + ".items",
                false,
                times(count, schema.get("maxItems")),
                keyed || !uncorrelated.isEmpty() ? uncorrelated : path);
        rules(schema, path, root, count, uncorrelated);
    }

    private static @Nullable Long times(@Nullable Long count, @Nullable JsonNode most) {
        return count == null || most == null || most.isNull() ? null : product(count, most.asLong());
    }

    private static long product(long one, long other) {
        if (one == 0 || other == 0) {
            return 0;
        }
        return one > Long.MAX_VALUE / other ? Long.MAX_VALUE : one * other;
    }

    private void rules(JsonNode schema, String path, boolean root, @Nullable Long count, String uncorrelated) {
        JsonNode sources = schema.path(KEYWORD);
        if (sources.isEmpty()) {
            return;
        }
        for (int i = 0; i < sources.size(); i++) {
            texts(sources.get(i), schema, path + "." + KEYWORD + "[" + i + "]");
        }
        SchemaType type = SchemaType.of(schema, root, ExpressionRule.SELF);
        if (type == null) {
            errors.add(FieldError.internal(
                    path + "." + KEYWORD,
                    "internal error: failed to construct type information for x-kubernetes-validations rules: unable to"
                            + " convert structural schema to CEL declarations"));
            return;
        }
        long many = count == null ? LARGEST_REQUEST / (type.leastSize() + 1) : count;
        for (int i = 0; i < sources.size(); i++) {
            JsonNode source = sources.get(i);
            if (!source.path("rule").asText("").isBlank()) {
                compiled(
                        source,
                        ExpressionRule.of(source, type),
                        path + "." + KEYWORD + "[" + i + "]",
                        many,
                        uncorrelated);
            }
        }
    }

    private void texts(JsonNode source, JsonNode schema, String path) {
        String message = source.path("message").asText("");
        if (source.path("rule").asText("").isBlank()) {
            errors.add(FieldError.required(path + ".rule", "rule is not specified"));
        }
        if (!message.isEmpty() && message.isBlank()) {
            errors.add(FieldError.invalid(path + ".message", message, "must be non-empty if specified"));
        } else if (message.strip().contains("\n")) {
            errors.add(FieldError.invalid(path + ".message", message, "message must not contain line breaks"));
        } else if (source.path("rule").asText("").strip().contains("\n") && message.isEmpty()) {
            errors.add(
                    FieldError.required(path + ".message", "message must be specified if rule contains line breaks"));
        }
        String expression = source.path("messageExpression").asText("");
        if (!expression.isEmpty() && expression.isBlank()) {
            errors.add(FieldError.required(path + ".messageExpression", "must be non-empty if specified"));
        }
        if (source.hasNonNull("reason")
                && !REASONS.contains(source.path("reason").asText())) {
            errors.add(FieldError.unsupported(path + ".reason", source.path("reason"), REASONS));
        }
        String field = source.path("fieldPath").asText("");
        if (!field.isEmpty()) {
            if (field.isBlank()) {
                errors.add(FieldError.invalid(path + ".fieldPath", field, "must be non-empty if specified"));
            }
            if (field.contains("\n") || field.contains("\r")) {
                errors.add(FieldError.invalid(path + ".fieldPath", field, "must not contain line breaks"));
            }
            if (!RulePath.leadsSomewhere(field, schema)) {
                errors.add(FieldError.invalid(path + ".fieldPath", field, "must be a valid path"));
            }
        }
    }

    private void compiled(JsonNode source, ExpressionRule rule, String path, long count, String uncorrelated) {
        Compiled compiled = rule.rule();
        charge(compiled, count, path + ".rule", "estimated rule cost");
        String shown = ExpressionRule.shown(source);
        if (!compiled.error().isEmpty()) {
            errors.add(wrong(path + ".rule", shown, "compilation failed: " + compiled.error()));
        } else if (!compiled.isBoolean()) {
            errors.add(wrong(path + ".rule", shown, "cel expression must evaluate to a bool"));
        }
        Compiled message = rule.message();
        if (message != null) {
            if (!message.error().isEmpty()) {
                errors.add(wrong(
                        path + ".messageExpression",
                        shown,
                        "messageExpression compilation failed: " + message.error()));
            } else if (!message.isText()) {
                errors.add(wrong(path + ".messageExpression", shown, "messageExpression must evaluate to a string"));
            } else {
                charge(message, count, path + ".messageExpression", "estimated messageExpression cost");
            }
        }
        if (rule.usesOld()) {
            if (!uncorrelated.isEmpty()) {
                errors.add(FieldError.invalid(
                        path + ".rule",
                        source.path("rule").asText(),
                        "oldSelf cannot be used on the uncorrelatable portion of the schema within " + uncorrelated));
            }
        } else if (source.hasNonNull("optionalOldSelf")) {
            errors.add(FieldError.invalid(
                    path + ".optionalOldSelf",
                    source.path("optionalOldSelf"),
                    "may not be set if oldSelf is not used in rule"));
        }
    }

    private void charge(Compiled compiled, long count, String path, String what) {
        if (compiled.ast() == null) {
            return;
        }
        long cost = product(compiled.cost(), count);
        if (cost > RULE_LIMIT) {
            errors.add(FieldError.forbidden(path, exceeds(what, cost, RULE_LIMIT)));
        }
        total = total > Long.MAX_VALUE - cost ? Long.MAX_VALUE : total + cost;
        expenses.add(new Expense(path, cost));
    }

    private static String exceeds(String what, long cost, long limit) {
        double factor = (double) cost / limit;
        String much =
                factor > 100 ? "more than 100x" : factor < 1.5 ? "%fx".formatted(factor) : "%.1fx".formatted(factor);
        return what + " exceeds budget by factor of " + much + ADVICE;
    }

    private static FieldError wrong(String path, String shown, String detail) {
        return new FieldError(
                FieldError.Type.INVALID, path, FieldError.Type.INVALID.words() + ": " + shown + ": " + detail);
    }
}
