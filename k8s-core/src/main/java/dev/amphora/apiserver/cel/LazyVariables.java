package dev.amphora.apiserver.cel;

import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.values.StructValue;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The variables of a policy, each computed when it is first asked for. Not for concurrent use. */
@SuppressWarnings("Immutable") // What is computed once looks the same ever after.
final class LazyVariables extends StructValue<String, Object> {
    private final Map<String, Expression> variables;
    private final Map<String, Object> names;
    private final CostMeter meter;
    private final Map<String, Object> values = new HashMap<>();
    private final Map<String, CelFailure> failures = new HashMap<>();

    LazyVariables(Map<String, Expression> variables, Map<String, Object> names, CostMeter meter) {
        this.variables = variables;
        this.names = new HashMap<>(names);
        this.names.put("variables", this);
        this.meter = meter;
    }

    @Override
    public Object value() {
        return this;
    }

    @Override
    public boolean isZeroValue() {
        return variables.isEmpty();
    }

    @Override
    public CelType celType() {
        return SimpleType.DYN;
    }

    @Override
    public Object select(String name) {
        return find(name).orElseThrow(() -> new CelProblem("no such key: " + name));
    }

    @Override
    public Optional<Object> find(String name) {
        CelFailure failure = failures.get(name);
        if (failure != null) {
            throw problem(name, failure);
        }
        Object known = values.get(name);
        Expression expression = variables.get(name);
        if (known == null && expression != null) {
            try {
                known = expression.evaluate(names, meter);
            } catch (CelFailure e) {
                failures.put(name, e);
                throw problem(name, e);
            }
            values.put(name, known);
        }
        return Optional.ofNullable(known);
    }

    private static CelProblem problem(String name, CelFailure failure) {
        return new CelProblem("composited variable \"%s\" fails to evaluate: %s".formatted(name, failure.reason()));
    }
}
