package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.cel.ExpressionScope;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/** Validating and mutating admission policies. */
final class AdmissionPolicyStrategy extends KindStrategy {
    private static final Pattern IDENTIFIER = Pattern.compile("[_a-zA-Z][_a-zA-Z0-9]*");
    private static final String NOTHING = "validations or auditAnnotations must contain at least one item";
    private static final int MOST_ANNOTATIONS = 20;

    private final boolean mutating;

    AdmissionPolicyStrategy(boolean mutating) {
        super(Trait.GENERATION, Trait.VERSION_NEEDED);
        this.mutating = mutating;
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "failurePolicy", "Fail");
        if (spec.path("matchConstraints") instanceof ObjectNode match) {
            MatchRules.resourceDefaults(match);
        }
    }

    @Override
    void statusUpdateRules(Fields policy, ObjectNode old) {
        metadataUpdate(policy, old);
        for (Fields warning :
                policy.at("status", "typeChecking", "expressionWarnings").elements()) {
            warning.at("warning").requireText();
            if (warning.at("fieldRef").text().isBlank()) {
                warning.at("fieldRef").required();
            }
        }
        ConditionRules.check(policy.at("status", "conditions"));
    }

    @Override
    void updateRules(Fields policy, ObjectNode old) {
        metadata(policy);
        rules(policy);
    }

    @Override
    void rules(Fields policy) {
        Fields spec = policy.at("spec");
        if (spec.has("failurePolicy")) {
            spec.at("failurePolicy").oneOf("Fail", "Ignore");
        }
        if (spec.has("paramKind")) {
            parameterKind(spec.at("paramKind"));
        }
        Fields match = spec.at("matchConstraints");
        if (!match.given()) {
            match.required();
        } else {
            MatchRules.resources(match);
            if (match.at("resourceRules").isEmpty()) {
                match.at("resourceRules").required();
            }
            if (mutating) {
                mutable(match.at("resourceRules"));
            }
        }
        boolean params = spec.has("paramKind");
        MatchRules.conditions(spec.at("matchConditions"), ExpressionScope.ofRequests(params, true));
        ExpressionScope plain = ExpressionScope.ofRequests(params, true);
        boolean named = mutating || !spec.at("variables").isEmpty();
        ExpressionScope scope = named ? variables(spec.at("variables"), plain) : plain;
        if (mutating) {
            mutations(spec, scope.mutating());
        } else {
            validations(spec, policy.at("metadata", "name").text(), scope);
        }
    }

    private static void parameterKind(Fields kind) {
        Fields version = kind.at("apiVersion");
        String text = version.text();
        if (version.requireText()) {
            if (text.indexOf('/') != text.lastIndexOf('/')) {
                version.invalid("unexpected GroupVersion string: " + text);
            } else {
                int slash = text.indexOf('/');
                if (slash > 0) {
                    version.check(text.substring(0, slash), Names::subdomain);
                }
                version.check(text.substring(slash + 1), Names::label1035);
            }
        }
        if (kind.at("kind").requireText()) {
            String lower = kind.at("kind").text().toLowerCase(java.util.Locale.ROOT);
            for (String detail : Names.label1035(lower)) {
                kind.at("kind").invalid("may have mixed case, but should otherwise match: " + detail);
            }
        }
    }

    /** What is deleted can't be changed. */
    private static void mutable(Fields rules) {
        for (Fields rule : rules.elements()) {
            for (Fields operation : rule.at("operations").elements()) {
                rules.at("operations").with(operation.value()).oneOf("*", "CONNECT", "CREATE", "UPDATE");
            }
        }
    }

    /** Each variable sees those before it; what stands after them sees all. */
    private static ExpressionScope variables(Fields variables, ExpressionScope start) {
        ExpressionScope scope = start.withVariables();
        for (Fields variable : variables.elements()) {
            Fields name = variable.at("name");
            if (name.isEmpty()) {
                name.required("name is not specified");
            } else if (!IDENTIFIER.matcher(name.text()).matches()) {
                name.invalid("must be a valid CEL identifier");
            }
            if (variable.at("expression").text().isBlank()) {
                variable.at("expression").required("expression is not specified");
            } else {
                scope = scope.with(name.text(), ExpressionRules.compile(variable.at("expression"), scope));
            }
        }
        return scope;
    }

    private static void validations(Fields spec, String name, ExpressionScope scope) {
        Fields validations = spec.at("validations");
        Fields annotations = spec.at("auditAnnotations");
        if (validations.isEmpty() && annotations.isEmpty()) {
            validations.required(NOTHING);
            annotations.required(NOTHING);
            return;
        }
        for (Fields validation : validations.elements()) {
            if (validation.at("expression").text().isBlank()) {
                validation.at("expression").required("expression is not specified");
            } else {
                ExpressionRules.check(validation.at("expression"), scope, "bool");
            }
            Fields message = validation.at("message");
            if (!message.isEmpty() && message.text().isBlank()) {
                message.invalid("must be non-empty if specified");
            } else if (message.text().contains("\n")) {
                message.invalid("must not contain line breaks");
            }
            Fields expression = validation.at("messageExpression");
            if (!expression.isEmpty() && expression.text().isBlank()) {
                expression.invalid("must be non-empty if specified");
            } else if (!expression.isEmpty()) {
                ExpressionRules.check(expression, scope.withoutAuthorizer(), "string");
            }
            if (validation.has("reason")) {
                validation.at("reason").oneOf("Forbidden", "Invalid", "RequestEntityTooLarge");
            }
        }
        if (annotations.size() > MOST_ANNOTATIONS) {
            annotations.invalid("must not have more than %d auditAnnotations".formatted(MOST_ANNOTATIONS));
        }
        Set<String> keys = new HashSet<>();
        for (Fields annotation : annotations.elements()) {
            Fields key = annotation.at("key");
            key.check(name + "/" + key.text(), Names::labelKey);
            if (annotation.at("valueExpression").text().isBlank()) {
                annotation.at("valueExpression").required("valueExpression is not specified");
            } else {
                ExpressionRules.check(annotation.at("valueExpression"), scope, "string", "null_type");
            }
            if (!keys.add(key.text())) {
                key.duplicate();
            }
        }
    }

    private static void mutations(Fields spec, ExpressionScope scope) {
        Fields mutations = spec.at("mutations");
        if (mutations.isEmpty()) {
            mutations.required("mutations must contain at least one item");
        }
        for (Fields mutation : mutations.elements()) {
            mutation(mutation, scope);
        }
        Fields again = spec.at("reinvocationPolicy");
        if (again.isEmpty()) {
            again.required();
        } else {
            again.oneOf("IfNeeded", "Never");
        }
    }

    private static void mutation(Fields mutation, ExpressionScope scope) {
        Fields type = mutation.at("patchType");
        switch (type.text()) {
            case "" -> type.required();
            case "ApplyConfiguration" -> patch(mutation, "applyConfiguration", "jsonPatch", scope);
            case "JSONPatch" -> patch(mutation, "jsonPatch", "applyConfiguration", scope);
            default -> type.oneOf("ApplyConfiguration", "JSONPatch");
        }
    }

    private static void patch(Fields mutation, String wanted, String other, ExpressionScope scope) {
        String type = mutation.at("patchType").text();
        if (!mutation.has(wanted)) {
            mutation.at(wanted).required("must be specified when patchType is " + type);
        } else if (mutation.at(wanted, "expression").text().isBlank()) {
            mutation.at(wanted, "expression").required();
        } else {
            ExpressionRules.check(
                    mutation.at(wanted, "expression"),
                    scope,
                    wanted.equals("jsonPatch") ? "list(JSONPatch)" : "Object");
        }
        if (mutation.has(other)) {
            mutation.at(other).invalid("{" + other + "}", "must not be specified when patchType is " + type);
        }
    }
}
