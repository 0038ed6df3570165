package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.apiserver.cel.CelCompilation;
import dev.amphora.apiserver.cel.CelCompilation.CelFailure;
import dev.amphora.apiserver.cel.CelCompilation.Compiled;
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
    private final Compiled rule;
    private final @Nullable Compiled message;

    private ExpressionRule(JsonNode source, Compiled rule, @Nullable Compiled message) {
        this.source = source;
        this.rule = rule;
        this.message = message;
    }

    static ExpressionRule of(JsonNode source, SchemaType self) {
        CelCompilation compilation =
                CelCompilation.of(self, source.path("optionalOldSelf").asBoolean());
        String expression = source.path("messageExpression").asText("").strip();
        return new ExpressionRule(
                source,
                compilation.compile(source.path("rule").asText()),
                expression.isEmpty()
                        ? null
                        : compilation.compile(source.path("messageExpression").asText()));
    }

    Compiled rule() {
        return rule;
    }

    @Nullable Compiled message() {
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
        ObjectNode shown = Json.object();
        shown.put("Rule", source.path("rule").asText(""));
        shown.put("Message", source.path("message").asText(""));
        shown.put("MessageExpression", source.path("messageExpression").asText(""));
        shown.set("Reason", source.hasNonNull("reason") ? source.get("reason") : shown.nullNode());
        shown.put("FieldPath", source.path("fieldPath").asText(""));
        shown.set(
                "OptionalOldSelf",
                source.hasNonNull("optionalOldSelf") ? source.get("optionalOldSelf") : shown.nullNode());
        return shown.toString().replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e");
    }

    /**
     * Applies the rule.
     *
     * @param value the value that it is about
     * @param old what was there before, null if nothing was
     * @return what is wrong; empty if nothing, or if the rule is about a change and there is none
     */
    Optional<FieldError> check(JsonNode value, @Nullable JsonNode old, SchemaType type, String path) {
        if (!rule.error().isEmpty()) {
            return Optional.of(FieldError.invalid(
                    ValueResult.shown(path),
                    type.jsonType(),
                    "rule compile error: compilation failed: " + rule.error()));
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
            return Boolean.TRUE.equals(rule.evaluate(variables))
                    ? Optional.empty()
                    : Optional.of(failed(value, path, text(variables)));
        } catch (CelFailure e) {
            String told = source.path("message").asText("").isEmpty()
                    ? source.path("rule").asText().strip()
                    : source.path("message").asText();
            return Optional.of(FieldError.invalid(
                    ValueResult.shown(path), type.jsonType(), e.reason() + " evaluating rule: " + told));
        }
    }

    private String text(Map<String, Object> variables) {
        if (message != null) {
            try {
                String text = String.valueOf(message.evaluate(variables)).strip();
                boolean usable = !text.isEmpty()
                        && text.indexOf('\n') < 0
                        && text.getBytes(StandardCharsets.UTF_8).length <= LONGEST_MESSAGE;
                if (usable) {
                    return String.valueOf(message.evaluate(variables));
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
