package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.ExpressionScope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A policy with its expressions compiled. Immutable. */
final class Policy {
    private final String name;
    private final JsonNode spec;
    private final ResourceMatch constraints;
    private final ImmutableList<Expression> conditions;
    private final ImmutableMap<String, Expression> variables;
    private final ImmutableList<Validation> validations;
    private final ImmutableMap<String, Expression> annotations;
    private final ImmutableList<Mutation> mutations;

    /**
     * Something that must be true.
     *
     * @param source as the policy has it
     * @param message says what is wrong; null if a fixed text does
     */
    record Validation(JsonNode source, Expression expression, @Nullable Expression message) {}

    /**
     * A change.
     *
     * @param applies whether the value is merged in; otherwise it is a list of operations
     */
    record Mutation(boolean applies, Expression expression) {}

    Policy(ObjectNode policy) {
        name = policy.path("metadata").path("name").asText();
        spec = policy.path("spec");
        constraints = new ResourceMatch(spec.path("matchConstraints"));
        ExpressionScope plain = ExpressionScope.ofRequests(spec.hasNonNull("paramKind"), true);
        ImmutableList.Builder<Expression> allConditions = ImmutableList.builder();
        spec.path("matchConditions").forEach(each -> allConditions.add(plain.compile(text(each, "expression"))));
        conditions = allConditions.build();
        Map<String, Expression> named = new LinkedHashMap<>();
        ExpressionScope scope = plain.withVariables();
        for (JsonNode variable : spec.path("variables")) {
            Expression value = scope.compile(text(variable, "expression"));
            named.put(text(variable, "name"), value);
            scope = scope.with(text(variable, "name"), value);
        }
        variables = ImmutableMap.copyOf(named);
        validations = validations(scope);
        annotations = annotations(scope);
        mutations = mutations(scope.mutating());
    }

    private ImmutableList<Validation> validations(ExpressionScope scope) {
        ImmutableList.Builder<Validation> all = ImmutableList.builder();
        ExpressionScope messages = scope.withoutAuthorizer();
        for (JsonNode each : spec.path("validations")) {
            String message = text(each, "messageExpression");
            all.add(new Validation(
                    each,
                    scope.compile(text(each, "expression")),
                    message.isEmpty() ? null : messages.compile(message)));
        }
        return all.build();
    }

    private ImmutableMap<String, Expression> annotations(ExpressionScope scope) {
        Map<String, Expression> all = new LinkedHashMap<>();
        for (JsonNode each : spec.path("auditAnnotations")) {
            all.put(text(each, "key"), scope.compile(text(each, "valueExpression")));
        }
        return ImmutableMap.copyOf(all);
    }

    private ImmutableList<Mutation> mutations(ExpressionScope scope) {
        ImmutableList.Builder<Mutation> all = ImmutableList.builder();
        for (JsonNode each : spec.path("mutations")) {
            boolean applies = text(each, "patchType").equals("ApplyConfiguration");
            JsonNode patch = each.path(applies ? "applyConfiguration" : "jsonPatch");
            all.add(new Mutation(applies, scope.compile(text(patch, "expression"))));
        }
        return all.build();
    }

    private static String text(JsonNode node, String member) {
        return node.path(member).asText("");
    }

    String name() {
        return name;
    }

    /** What it is for. */
    ResourceMatch constraints() {
        return constraints;
    }

    /** All must be true for it to be applied. */
    ImmutableList<Expression> conditions() {
        return conditions;
    }

    ImmutableMap<String, Expression> variables() {
        return variables;
    }

    ImmutableList<Validation> validations() {
        return validations;
    }

    /** By the part of the key that the policy gives. */
    ImmutableMap<String, Expression> annotations() {
        return annotations;
    }

    ImmutableList<Mutation> mutations() {
        return mutations;
    }

    /** The kind of its parameters: {@code apiVersion} and {@code kind}; missing if it has none. */
    JsonNode parameterKind() {
        return spec.path("paramKind");
    }

    /** Whether what goes wrong refuses the request. */
    boolean failsClosed() {
        return !text(spec, "failurePolicy").equals("Ignore");
    }

    /** Whether it is applied again if others change the object afterwards. */
    boolean isReinvoked() {
        return text(spec, "reinvocationPolicy").equals("IfNeeded");
    }
}
