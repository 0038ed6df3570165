package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A label selector: which objects are meant, by their labels.
 *
 * <p>Written as text ({@code app=web,tier notin (db)}) in queries and as a structure ({@code matchLabels},
 * {@code matchExpressions}) in objects. Immutable.
 */
public final class Selector {
    private static final Selector EVERYTHING = new Selector(List.of(), false);
    private static final Selector NOTHING = new Selector(List.of(), true);

    private static final Comparator<Requirement> BY_KEY = Comparator.comparing(Requirement::key);

    private final List<Requirement> requirements;
    private final boolean nothing;

    private Selector(List<Requirement> requirements, boolean nothing) {
        this.requirements = List.copyOf(requirements);
        this.nothing = nothing;
    }

    /** How a requirement looks at a label. */
    public enum Operator {
        /** The label is there and has one of the values. */
        IN,
        /** The label is missing or has none of the values. */
        NOT_IN,
        /** The label is there. */
        EXISTS,
        /** The label is missing. */
        DOES_NOT_EXIST,
        /** The label is an integer above the value. */
        GREATER_THAN,
        /** The label is an integer below the value. */
        LESS_THAN
    }

    /**
     * One condition.
     *
     * @param key the label
     * @param operator how it is looked at
     * @param values sorted, without repetition; empty for {@link Operator#EXISTS} and {@link Operator#DOES_NOT_EXIST}
     */
    public record Requirement(String key, Operator operator, List<String> values) {
        /** A condition whose values are sorted. */
        public Requirement {
            values = List.copyOf(new TreeSet<>(values));
        }

        boolean matches(@Nullable String value) {
            return switch (operator) {
                case IN -> value != null && values.contains(value);
                case NOT_IN -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case DOES_NOT_EXIST -> value == null;
                case GREATER_THAN -> compare(value) > 0;
                case LESS_THAN -> compare(value) < 0;
            };
        }

        private int compare(@Nullable String value) {
            if (value == null) {
                return 0;
            }
            try {
                return Long.compare(Long.parseLong(value), Long.parseLong(values.get(0)));
            } catch (NumberFormatException e) {
                return 0;
            }
        }
    }

    /** Selects every object. */
    public static Selector everything() {
        return EVERYTHING;
    }

    /** Selects no object. */
    public static Selector nothing() {
        return NOTHING;
    }

    /**
     * Reads the text form.
     *
     * @param text such as {@code app=web,tier!=db}; empty selects everything
     * @throws IllegalArgumentException with the reference's message if it cannot be understood
     */
    public static Selector parse(String text) {
        if (text.isEmpty()) {
            return EVERYTHING;
        }
        return new Selector(new SelectorParser(text).parse(), false);
    }

    /** Selects objects that carry all of these labels; an empty map selects everything. */
    public static Selector ofLabels(@Nullable Map<String, String> labels) {
        if (labels == null || labels.isEmpty()) {
            return EVERYTHING;
        }
        List<Requirement> requirements = new ArrayList<>();
        new TreeMap<>(labels)
                .forEach((key, value) -> requirements.add(new Requirement(key, Operator.IN, List.of(value))));
        return new Selector(requirements, false);
    }

    /**
     * Reads the structured form, a {@code LabelSelector}.
     *
     * @param selector null or missing selects nothing, an empty one everything
     * @throws IllegalArgumentException if an operator is unknown
     */
    public static Selector of(@Nullable JsonNode selector) {
        if (selector == null || !selector.isObject()) {
            return NOTHING;
        }
        List<Requirement> requirements = new ArrayList<>();
        Map<String, String> labels = new TreeMap<>();
        selector.path("matchLabels")
                .fields()
                .forEachRemaining(e -> labels.put(e.getKey(), e.getValue().asText()));
        labels.forEach((key, value) -> requirements.add(new Requirement(key, Operator.IN, List.of(value))));
        for (JsonNode expression : selector.path("matchExpressions")) {
            List<String> values = new ArrayList<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            requirements.add(new Requirement(
                    expression.path("key").asText(),
                    operator(expression.path("operator").asText()),
                    values));
        }
        requirements.sort(BY_KEY);
        return new Selector(requirements, false);
    }

    /**
     * Reads the structured form of the typed model.
     *
     * @param selector null selects nothing, an empty one everything
     * @throws IllegalArgumentException if an operator is unknown
     */
    public static Selector of(io.fabric8.kubernetes.api.model.@Nullable LabelSelector selector) {
        if (selector == null) {
            return NOTHING;
        }
        List<Requirement> requirements = new ArrayList<>(ofLabels(selector.getMatchLabels()).requirements);
        if (selector.getMatchExpressions() != null) {
            selector.getMatchExpressions()
                    .forEach(expression -> requirements.add(new Requirement(
                            expression.getKey(),
                            operator(expression.getOperator()),
                            expression.getValues() == null ? List.of() : expression.getValues())));
        }
        requirements.sort(BY_KEY);
        return new Selector(requirements, false);
    }

    /** The conditions, all of which must hold. */
    public List<Requirement> requirements() {
        return requirements;
    }

    /** Whether every object is selected. */
    public boolean isEverything() {
        return requirements.isEmpty() && !nothing;
    }

    /** Whether an object with these labels is selected. */
    public boolean matches(@Nullable Map<String, String> labels) {
        if (nothing) {
            return false;
        }
        for (Requirement requirement : requirements) {
            if (!requirement.matches(labels == null ? null : labels.get(requirement.key))) {
                return false;
            }
        }
        return true;
    }

    /** Whether an object whose {@code metadata.labels} is this tree is selected. */
    public boolean matches(JsonNode labels) {
        if (nothing) {
            return false;
        }
        for (Requirement requirement : requirements) {
            JsonNode value = labels.get(requirement.key);
            if (!requirement.matches(value == null || value.isNull() ? null : value.asText())) {
                return false;
            }
        }
        return true;
    }

    /** The text form. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Iterator<Requirement> each = requirements.iterator(); each.hasNext(); ) {
            Requirement requirement = each.next();
            switch (requirement.operator) {
                case EXISTS -> text.append(requirement.key);
                case DOES_NOT_EXIST -> text.append('!').append(requirement.key);
                case GREATER_THAN -> text.append(requirement.key).append('>').append(requirement.values.get(0));
                case LESS_THAN -> text.append(requirement.key).append('<').append(requirement.values.get(0));
                case IN -> {
                    if (requirement.values.size() == 1) {
                        text.append(requirement.key).append('=').append(requirement.values.get(0));
                    } else {
                        text.append(requirement.key)
                                .append(" in (")
                                .append(String.join(",", requirement.values))
                                .append(')');
                    }
                }
                case NOT_IN -> {
                    if (requirement.values.size() == 1) {
                        text.append(requirement.key).append("!=").append(requirement.values.get(0));
                    } else {
                        text.append(requirement.key)
                                .append(" notin (")
                                .append(String.join(",", requirement.values))
                                .append(')');
                    }
                }
            }
            if (each.hasNext()) {
                text.append(',');
            }
        }
        return text.toString();
    }

    private static Operator operator(String name) {
        return switch (name) {
            case "In" -> Operator.IN;
            case "NotIn" -> Operator.NOT_IN;
            case "Exists" -> Operator.EXISTS;
            case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
            default ->
                throw new IllegalArgumentException("\"%s\" is not a valid label selector operator".formatted(name));
        };
    }
}
