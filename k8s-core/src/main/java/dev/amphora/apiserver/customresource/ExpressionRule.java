package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.apiserver.cel.CelFailure;
import dev.amphora.apiserver.cel.CostMeter;
import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.ExpressionScope;
import dev.amphora.apiserver.cel.SchemaType;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One rule of {@code x-kubernetes-validations}, compiled. */
final class ExpressionRule {
    /** The name of the type of {@code self} in messages. */
    static final String SELF = "selfType1";

    private static final int LONGEST_MESSAGE = 5 << 10;

    private final JsonNode source;
    private final Expression rule;
    private final @Nullable Expression message;

    private ExpressionRule(JsonNode source, Expression rule, @Nullable Expression message) {
        this.source = source;
        this.rule = rule;
        this.message = message;
    }

    static ExpressionRule of(JsonNode source, SchemaType self) {
        ExpressionScope scope =
                ExpressionScope.ofValues(self, source.path("optionalOldSelf").asBoolean());
        String expression = source.path("messageExpression").asText("").strip();
        return new ExpressionRule(
                source,
                scope.compile(source.path("rule").asText()),
                expression.isEmpty()
                        ? null
                        : scope.compile(source.path("messageExpression").asText()));
    }

    Expression rule() {
        return rule;
    }

    @Nullable Expression message() {
        return message;
    }

    boolean usesOld() {
        return rule.uses("oldSelf");
    }

    boolean optionalOld() {
        return source.path("optionalOldSelf").asBoolean();
    }

    /** How the reference shows a rule: its own structure. */
    static String shown(JsonNode source) {
        return structure(source)
                .toString()
                .replace("&", "\\u0026")
                .replace("<", "\\u003c")
                .replace(">", "\\u003e");
    }

    static ObjectNode structure(JsonNode source) {
        ObjectNode shown = Json.object();
        shown.put("Rule", source.path("rule").asText(""));
        shown.put("Message", source.path("message").asText(""));
        shown.put("MessageExpression", source.path("messageExpression").asText(""));
        shown.set("Reason", source.hasNonNull("reason") ? source.get("reason") : shown.nullNode());
        shown.put("FieldPath", source.path("fieldPath").asText(""));
        shown.set(
                "OptionalOldSelf",
                source.hasNonNull("optionalOldSelf") ? source.get("optionalOldSelf") : shown.nullNode());
        return shown;
    }

    /**
     * Applies the rule.
     *
     * @param value the value that it is about
     * @param old what was there before, null if nothing was
     * @param meter is charged with what it costs
     * @return what is wrong; empty if nothing, or if the rule is about a change and there is none
     */
    Optional<FieldError> check(JsonNode value, @Nullable JsonNode old, SchemaType type, String path, CostMeter meter) {
        if (!rule.problem().isEmpty()) {
            return Optional.of(FieldError.invalid(
                    ValueResult.shown(path), type.jsonType(), "rule compile error: " + rule.problem()));
        }
        Map<String, Object> variables = new HashMap<>();
        if (usesOld()) {
            if (old == null && !optionalOld()) {
                return Optional.empty();
            }
            Object before = old == null ? null : type.value(old);
            variables.put("oldSelf", optionalOld() ? Optional.ofNullable(before) : before);
        }
        variables.put("self", type.value(value));
        try {
            return Boolean.TRUE.equals(rule.evaluate(variables, meter))
                    ? Optional.empty()
                    : Optional.of(failed(value, path, text(variables, meter)));
        } catch (CelFailure e) {
            return Optional.of(FieldError.invalid(ValueResult.shown(path), type.jsonType(), explained(e.reason())));
        }
    }

    private String explained(String reason) {
        String told = source.path("message").asText("").isEmpty()
                ? source.path("rule").asText().strip()
                : source.path("message").asText();
        if (reason.startsWith("no such overload")) {
            return ("'%s': call arguments did not match a supported operator, function or macro signature for rule:"
                            + " %s")
                    .formatted(reason, told);
        }
        if (reason.startsWith("operation cancelled")) {
            return "'%s': no further validation rules will be run due to call cost exceeds limit for rule: %s"
                    .formatted(reason, told);
        }
        return reason + " evaluating rule: " + told;
    }

    private String text(Map<String, Object> variables, CostMeter meter) {
        if (message != null) {
            try {
                String whole = String.valueOf(message.evaluate(variables, meter));
                String text = whole.strip();
                boolean usable = !text.isEmpty()
                        && text.indexOf('\n') < 0
                        && text.getBytes(StandardCharsets.UTF_8).length <= LONGEST_MESSAGE;
                if (usable) {
                    return whole;
                }
            } catch (CelFailure e) {
                // The fixed message takes its place.
            }
        }
        String fixed = source.path("message").asText("").strip();
        return fixed.isEmpty() ? "failed rule: " + source.path("rule").asText().strip() : fixed;
    }

    private FieldError failed(JsonNode value, String path, String text) {
        String place = ValueResult.shown(path + source.path("fieldPath").asText(""));
        if (place.startsWith(".")) {
            place = place.substring(1);
        }
        boolean plain = !value.isContainerNode();
        switch (source.path("reason").asText("")) {
            case "FieldValueForbidden":
                return FieldError.forbidden(place, text);
            case "FieldValueRequired":
                return FieldError.required(place, text);
            case "FieldValueDuplicate":
                return plain
                        ? FieldError.duplicate(place, value)
                        : new FieldError(FieldError.Type.DUPLICATE, place, FieldError.Type.DUPLICATE.words());
            default:
                return plain
                        ? FieldError.invalid(place, value, text)
                        : new FieldError(FieldError.Type.INVALID, place, FieldError.Type.INVALID.words() + ": " + text);
        }
    }
}
