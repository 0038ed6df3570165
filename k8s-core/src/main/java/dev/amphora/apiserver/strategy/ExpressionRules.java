package dev.amphora.apiserver.strategy;

import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.ExpressionScope;
import java.util.List;

/** Expressions must compile where they stand, to a type that can be used there. */
final class ExpressionRules {
    private ExpressionRules() {}

    /** An expression whose value is used: of one of some types. */
    static void check(Fields expression, ExpressionScope scope, String... types) {
        Expression compiled = compile(expression, scope);
        if (compiled.problem().isEmpty() && !List.of(types).contains(compiled.type())) {
            String wanted = types.length == 1 ? types[0] : "one of [%s]".formatted(String.join(" ", types));
            expression.invalid("must evaluate to %s but got %s".formatted(wanted, compiled.type()));
        }
    }

    /** An expression of any type. */
    static Expression compile(Fields expression, ExpressionScope scope) {
        Expression compiled = scope.compile(expression.text());
        if (compiled.isBroken()) {
            expression.internal(compiled.problem());
        } else if (!compiled.problem().isEmpty()) {
            expression.invalid(compiled.problem());
        }
        return compiled;
    }

    /** An expression that says whether a device will do; it may be open before there is a device. */
    static void device(Fields expression) {
        Expression compiled = compile(expression, ExpressionScope.ofDevices());
        if (compiled.problem().isEmpty() && !List.of("bool", "dyn").contains(compiled.type())) {
            expression.invalid("must evaluate to bool or the unknown type, not " + compiled.type());
        }
    }
}
