package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A label selector, ready to be asked many times. Immutable; equal if it selects by the same requirements. */
public final class LabelMatcher {
    /** Matches no labels. */
    public static final LabelMatcher NOTHING = new LabelMatcher(List.of(), true);
    /** Matches all labels. */
    public static final LabelMatcher EVERYTHING = new LabelMatcher(List.of(), false);

    private final List<Requirement> requirements;
    private final boolean nothing;

    private LabelMatcher(List<Requirement> requirements, boolean nothing) {
        this.requirements = requirements;
        this.nothing = nothing;
    }

    private enum Operator {
        IN,
        NOT_IN,
        EXISTS,
        DOES_NOT_EXIST
    }

    private record Requirement(String key, Operator operator, List<String> values) {
        boolean matches(@Nullable String value) {
            return switch (operator) {
                case IN -> value != null && values.contains(value);
                case NOT_IN -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case DOES_NOT_EXIST -> value == null;
            };
        }
    }

    /**
     * A selector as the API writes it.
     *
     * @param selector null matches nothing, an empty one everything
     * @throws IllegalArgumentException if it has an unknown operator, values where there must be none, or what can't be a label
     */
    public static LabelMatcher of(@Nullable LabelSelector selector) {
        if (selector == null) {
            return NOTHING;
        }
        LabelMatcher matcher = selector.getMatchLabels() == null ? EVERYTHING : of(selector.getMatchLabels());
        for (Requirement requirement : matcher.requirements) {
            LabelRules.check(requirement.key, requirement.values);
        }
        List<Requirement> all = new ArrayList<>(matcher.requirements);
        for (LabelSelectorRequirement expression : selector.getMatchExpressions()) {
            all.add(requirement(expression.getKey(), expression.getOperator(), expression.getValues()));
        }
        return all.isEmpty() ? EVERYTHING : new LabelMatcher(List.copyOf(all), false);
    }

    /** All of these labels with these values; everything if there are none. */
    public static LabelMatcher of(Map<String, String> labels) {
        if (labels.isEmpty()) {
            return EVERYTHING;
        }
        List<Requirement> all = new ArrayList<>(labels.size());
        new TreeMap<>(labels).forEach((key, value) -> all.add(new Requirement(key, Operator.IN, List.of(value))));
        return new LabelMatcher(List.copyOf(all), false);
    }

    private static Requirement requirement(
            @Nullable String key, @Nullable String operator, @Nullable List<String> values) {
        List<String> given = values == null ? List.of() : List.copyOf(values);
        Operator parsed =
                switch (operator == null ? "" : operator) {
                    case "In" -> Operator.IN;
                    case "NotIn" -> Operator.NOT_IN;
                    case "Exists" -> Operator.EXISTS;
                    case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
                    default ->
                        throw new IllegalArgumentException(
                                "\"" + operator + "\" is not a valid label selector operator");
                };
        boolean needsValues = parsed == Operator.IN || parsed == Operator.NOT_IN;
        if (needsValues == given.isEmpty()) {
            throw new IllegalArgumentException(
                    needsValues
                            ? "for 'in', 'notin' operators, values set can't be empty"
                            : "values set must be empty for exists and does not exist");
        }
        LabelRules.check(key == null ? "" : key, given);
        return new Requirement(key == null ? "" : key, parsed, given);
    }

    /** The labels that match this selector and another. */
    public LabelMatcher and(LabelMatcher other) {
        if (nothing || other.nothing) {
            return NOTHING;
        }
        if (other.requirements.isEmpty()) {
            return this;
        }
        List<Requirement> all = new ArrayList<>(requirements);
        all.addAll(other.requirements);
        return new LabelMatcher(List.copyOf(all), false);
    }

    /** Whether labels match. */
    public boolean matches(Map<String, String> labels) {
        if (nothing) {
            return false;
        }
        for (int i = 0; i < requirements.size(); i++) {
            Requirement requirement = requirements.get(i);
            if (!requirement.matches(labels.get(requirement.key))) {
                return false;
            }
        }
        return true;
    }

    /** Whether this matches all labels. */
    public boolean isEverything() {
        return !nothing && requirements.isEmpty();
    }

    /** Whether this matches no labels. */
    public boolean isNothing() {
        return nothing;
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof LabelMatcher other && nothing == other.nothing && requirements.equals(other.requirements);
    }

    @Override
    public int hashCode() {
        return requirements.hashCode() + (nothing ? 1 : 0);
    }

    @Override
    public String toString() {
        return nothing ? "nothing" : requirements.toString();
    }
}
