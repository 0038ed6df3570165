package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.SchemaType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rules for the rules of a definition: they must compile, say what they may, and not cost too much. */
final class ExpressionRules {
    private static final long RULE_LIMIT = 10_000_000;
    private static final long TOTAL_LIMIT = 100_000_000;
    private static final long LARGEST_REQUEST = 3 * 1024 * 1024;
    private static final int MOST_EXPENSIVE = 4;
    static final String KEYWORD = "x-kubernetes-validations";

    /** The most rules that one schema may have: to compile more would take longer than a request may. */
    static final int MOST = 5_000;

    private static final List<String> REASONS =
            List.of("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired");
    private static final String ADVICE =
            " (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";

    private final List<FieldError> errors = new ArrayList<>();
    private final List<Expense> expenses = new ArrayList<>();
    private long total;

    private record Expense(String path, long cost) {}

    /** What is wrong with the rules that were compiled. */
    List<FieldError> errors() {
        return errors;
    }

    /**
     * What is wrong with all rules together.
     *
     * @param path where the whole schema stands
     */
    List<FieldError> total(String path) {
        List<FieldError> over = new ArrayList<>();
        if (total > TOTAL_LIMIT) {
            expenses.sort(Comparator.comparingLong(Expense::cost).reversed());
            expenses.stream()
                    .filter(each -> each.cost > TOTAL_LIMIT / 100)
                    .limit(MOST_EXPENSIVE)
                    .forEach(
                            each -> over.add(
                                    FieldError.forbidden(
                                            each.path,
                                            "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema")));
            over.add(FieldError.forbidden(
                    path,
                    exceeds(
                            "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema",
                            total,
                            TOTAL_LIMIT)));
        }
        return over;
    }

    /** How many rules a schema has. */
    static int count(JsonNode schema) {
        return schema.findValues(KEYWORD).stream().mapToInt(JsonNode::size).sum();
    }

    /** How often a value occurs below one that occurs so often. */
    static @Nullable Long times(@Nullable Long count, @Nullable JsonNode most) {
        return count == null || most == null || most.isNull() ? null : product(count, most.asLong());
    }

    private static long product(long one, long other) {
        if (one == 0 || other == 0) {
            return 0;
        }
        return one > Long.MAX_VALUE / other ? Long.MAX_VALUE : one * other;
    }

    /**
     * Compiles the rules at one place.
     *
     * @param count how often the value can occur, null if nothing limits that
     * @param uncorrelated the place above which old and new values can't be told to belong together, empty if there is none
     */
    void compile(JsonNode schema, String path, boolean root, @Nullable Long count, String uncorrelated) {
        JsonNode sources = schema.path(KEYWORD);
        if (sources.isEmpty()) {
            return;
        }
        CompiledRules known = CompiledRules.of(schema, root);
        SchemaType type = known.type();
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
                compiled(source, known.rules().get(i), path + "." + KEYWORD + "[" + i + "]", many, uncorrelated);
            }
        }
    }

    /** What is wrong with the rules at one place apart from their expressions. */
    static List<FieldError> texts(JsonNode schema, String path) {
        List<FieldError> errors = new ArrayList<>();
        JsonNode sources = schema.path(KEYWORD);
        for (int i = 0; i < sources.size(); i++) {
            texts(sources.get(i), schema, path + "." + KEYWORD + "[" + i + "]", errors);
        }
        return errors;
    }

    private static void texts(JsonNode source, JsonNode schema, String path, List<FieldError> errors) {
        String message = source.path("message").asText("");
        if (source.path("rule").asText("").isBlank()) {
            errors.add(FieldError.required(path + ".rule", "rule is not specified"));
        } else if (!message.isEmpty() && message.isBlank()) {
            errors.add(FieldError.invalid(path + ".message", message, "must be non-empty if specified"));
        } else if (isBroken(message.strip())) {
            errors.add(FieldError.invalid(path + ".message", message, "message must not contain line breaks"));
        } else if (isBroken(source.path("rule").asText("").strip()) && message.isEmpty()) {
            errors.add(
                    FieldError.required(path + ".message", "message must be specified if rule contains line breaks"));
        }
        String expression = source.path("messageExpression").asText("");
        if (!expression.isEmpty() && expression.isBlank()) {
            errors.add(FieldError.required(
                    path + ".messageExpression", "messageExpression must be non-empty if specified"));
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
            if (isBroken(field)) {
                errors.add(FieldError.invalid(path + ".fieldPath", field, "must not contain line breaks"));
            }
            if (!RulePath.leadsSomewhere(field, schema)) {
                errors.add(FieldError.invalid(path + ".fieldPath", field, "must be a valid path"));
            }
        }
    }

    private static boolean isBroken(String text) {
        return text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0;
    }

    private void compiled(JsonNode source, ExpressionRule rule, String path, long count, String uncorrelated) {
        Expression compiled = rule.rule();
        charge(compiled, count, path + ".rule", "estimated rule cost");
        String shown = ExpressionRule.shown(source);
        if (!compiled.problem().isEmpty()) {
            errors.add(wrong(path + ".rule", shown, compiled.problem()));
        } else if (!compiled.type().equals("bool")) {
            errors.add(wrong(path + ".rule", shown, "cel expression must evaluate to a bool"));
        }
        Expression message = rule.message();
        if (message != null) {
            if (!message.problem().isEmpty()) {
                errors.add(wrong(path + ".messageExpression", shown, "messageExpression " + message.problem()));
            } else if (!message.type().equals("string")) {
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

    private void charge(Expression compiled, long count, String path, String what) {
        if (!compiled.problem().isEmpty()) {
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
