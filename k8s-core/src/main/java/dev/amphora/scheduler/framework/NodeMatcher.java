package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Node selector terms, ready to be asked many times: a node matches if any term does. A term without requirements matches nothing, and
 * so does a term that makes no sense. Immutable.
 */
public final class NodeMatcher {
    private final List<Term> terms;

    private NodeMatcher(List<Term> terms) {
        this.terms = terms;
    }

    /** The terms of a selector. */
    public static NodeMatcher of(NodeSelector selector) {
        List<Term> terms = new ArrayList<>();
        for (NodeSelectorTerm term : selector.getNodeSelectorTerms()) {
            terms.add(Term.of(term));
        }
        return new NodeMatcher(List.copyOf(terms));
    }

    /** One term. */
    public static NodeMatcher of(NodeSelectorTerm term) {
        return new NodeMatcher(List.of(Term.of(term)));
    }

    /** Whether a node matches. */
    public boolean matches(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        return matches(labels == null ? Map.of() : labels, node.getMetadata().getName());
    }

    /** Whether a node with these labels and this name matches. */
    public boolean matches(Map<String, String> labels, String name) {
        for (int i = 0; i < terms.size(); i++) {
            if (terms.get(i).matches(labels, name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether no term can ever match because all are empty. */
    public boolean isEmpty() {
        return terms.stream().allMatch(term -> term.error == null && term.labels.isEmpty() && term.fields.isEmpty());
    }

    /** What is wrong with the first term that makes no sense, such as {@code matchExpressions[0].values: ...}; null if all do. */
    public @Nullable String error() {
        for (Term term : terms) {
            if (term.error != null) {
                return term.error;
            }
        }
        return null;
    }

    private record Term(List<Requirement> labels, List<Requirement> fields, @Nullable String error) {
        static Term of(NodeSelectorTerm term) {
            List<Requirement> labels = new ArrayList<>();
            List<Requirement> fields = new ArrayList<>();
            try {
                List<NodeSelectorRequirement> expressions = term.getMatchExpressions();
                for (int i = 0; i < expressions.size(); i++) {
                    labels.add(Requirement.ofLabel(expressions.get(i), "matchExpressions[" + i + "]"));
                }
                List<NodeSelectorRequirement> fieldExpressions = term.getMatchFields();
                for (int i = 0; i < fieldExpressions.size(); i++) {
                    fields.add(Requirement.ofField(fieldExpressions.get(i), "matchFields[" + i + "]"));
                }
                return new Term(List.copyOf(labels), List.copyOf(fields), null);
            } catch (IllegalArgumentException e) {
                return new Term(List.of(), List.of(), String.valueOf(e.getMessage()));
            }
        }

        boolean matches(Map<String, String> nodeLabels, String name) {
            if (labels.isEmpty() && fields.isEmpty()) {
                return false;
            }
            for (int i = 0; i < labels.size(); i++) {
                Requirement requirement = labels.get(i);
                if (!requirement.matches(nodeLabels.get(requirement.key))) {
                    return false;
                }
            }
            for (int i = 0; i < fields.size(); i++) {
                if (!fields.get(i).matches(name)) {
                    return false;
                }
            }
            return true;
        }
    }

    private enum Operator {
        IN,
        NOT_IN,
        EXISTS,
        DOES_NOT_EXIST,
        GT,
        LT
    }

    private record Requirement(String key, Operator operator, List<String> values, long bound) {

        static Requirement ofLabel(NodeSelectorRequirement expression, String path) {
            List<String> values = values(expression);
            Operator operator = operator(expression, path);
            long bound = 0;
            switch (operator) {
                case IN, NOT_IN -> {
                    if (values.isEmpty()) {
                        throw new IllegalArgumentException(path
                                + ".values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
                    }
                }
                case EXISTS, DOES_NOT_EXIST -> {
                    if (!values.isEmpty()) {
                        throw new IllegalArgumentException(path + ".values: Invalid value: " + list(values)
                                + ": values set must be empty for exists and does not exist");
                    }
                }
                case GT, LT -> {
                    if (values.size() != 1) {
                        throw new IllegalArgumentException(path + ".values: Invalid value: " + list(values)
                                + ": for 'Gt', 'Lt' operators, exactly one value is required");
                    }
                    Long parsed = parse(values.get(0));
                    if (parsed == null) {
                        throw new IllegalArgumentException(path + ".values[0]: Invalid value: \"" + values.get(0)
                                + "\": for 'Gt', 'Lt' operators, the value must be an integer");
                    }
                    bound = parsed;
                }
            }
            String key = expression.getKey() == null ? "" : expression.getKey();
            LabelRules.checkKey(key, path + ".key");
            for (int i = 0; i < values.size(); i++) {
                LabelRules.checkValue(values.get(i), path + ".values[" + i + "]");
            }
            return new Requirement(key, operator, values, bound);
        }

        static Requirement ofField(NodeSelectorRequirement expression, String path) {
            List<String> values = values(expression);
            Operator operator = operator(expression, path);
            if (operator != Operator.IN && operator != Operator.NOT_IN) {
                throw new IllegalArgumentException(path + ".operator: Unsupported value: \"" + expression.getOperator()
                        + "\": supported values: \"In\", \"NotIn\"");
            }
            if (values.size() != 1) {
                throw new IllegalArgumentException(
                        path + ".values: Invalid value: " + list(values) + ": must have one element");
            }
            if (!"metadata.name".equals(expression.getKey())) {
                // the reference selects by a set of fields that holds nothing else: all others are empty
                boolean matches = values.get(0).isEmpty() == (operator == Operator.IN);
                return new Requirement("", matches ? Operator.NOT_IN : Operator.IN, List.of(), 0);
            }
            return new Requirement("metadata.name", operator, values, 0);
        }

        private static List<String> values(NodeSelectorRequirement expression) {
            return expression.getValues() == null ? List.of() : List.copyOf(expression.getValues());
        }

        private static String list(List<String> values) {
            StringBuilder text = new StringBuilder("[");
            for (int i = 0; i < values.size(); i++) {
                text.append(i == 0 ? "\"" : ",\"").append(values.get(i)).append('"');
            }
            return text.append(']').toString();
        }

        private static Operator operator(NodeSelectorRequirement expression, String path) {
            return switch (expression.getOperator() == null ? "" : expression.getOperator()) {
                case "In" -> Operator.IN;
                case "NotIn" -> Operator.NOT_IN;
                case "Exists" -> Operator.EXISTS;
                case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
                case "Gt" -> Operator.GT;
                case "Lt" -> Operator.LT;
                default ->
                    throw new IllegalArgumentException(path + ".operator: Unsupported value: \""
                            + expression.getOperator()
                            + "\": supported values: \"DoesNotExist\", \"Exists\", \"Gt\", \"In\", \"Lt\", \"NotIn\"");
            };
        }

        boolean matches(@Nullable String value) {
            return switch (operator) {
                case IN -> value != null && values.contains(value);
                case NOT_IN -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case DOES_NOT_EXIST -> value == null;
                case GT, LT -> {
                    Long parsed = value == null ? null : parse(value);
                    yield parsed != null && (operator == Operator.GT ? parsed > bound : parsed < bound);
                }
            };
        }

        private static @Nullable Long parse(String text) {
            try {
                return Long.valueOf(text);
            } catch (NumberFormatException e) {
                return null;
            }
        }
    }
}
