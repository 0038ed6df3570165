package dev.amphora.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A field selector: which objects are meant, by the few fields that their kind lets one select. Immutable.
 *
 * @param terms the conditions, all of which must hold
 */
public record FieldSelector(List<Term> terms) {
    private static final FieldSelector EVERYTHING = new FieldSelector(List.of());

    /**
     * One condition.
     *
     * @param field such as {@code spec.nodeName}
     * @param value what it is compared with
     * @param negated whether it must differ
     */
    public record Term(String field, String value, boolean negated) {}

    /** A selector whose terms cannot change. */
    public FieldSelector {
        terms = List.copyOf(terms);
    }

    /** Selects every object. */
    public static FieldSelector everything() {
        return EVERYTHING;
    }

    /**
     * Reads the text form.
     *
     * @param text such as {@code spec.nodeName=n1,status.phase!=Failed}; a backslash takes the next character as it is
     * @throws IllegalArgumentException with the reference's message if it cannot be understood
     */
    public static FieldSelector parse(String text) {
        List<Term> terms = new ArrayList<>();
        List<String> parts = split(text);
        parts.sort(null);
        for (String part : parts) {
            if (!part.isEmpty()) {
                terms.add(term(text, part));
            }
        }
        terms.removeIf(term -> term.field.isEmpty() && term.value.isEmpty() && !term.negated);
        return terms.isEmpty() ? EVERYTHING : new FieldSelector(terms);
    }

    /** Whether every object is selected. */
    public boolean isEverything() {
        return terms.isEmpty();
    }

    /**
     * Whether an object is selected.
     *
     * @param fields the values of the object's fields; null for one that it lacks, which compares as empty
     */
    public boolean matches(Function<String, @Nullable String> fields) {
        for (Term term : terms) {
            String value = Objects.requireNonNullElse(fields.apply(term.field), "");
            if (value.equals(term.value) == term.negated) {
                return false;
            }
        }
        return true;
    }

    /** The value that a field must have, null if no term says so. */
    public @Nullable String required(String field) {
        for (Term term : terms) {
            if (!term.negated && term.field.equals(field)) {
                return term.value;
            }
        }
        return null;
    }

    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        int start = 0;
        boolean escaped = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (escaped) {
                escaped = false;
            } else if (c == '\\') {
                escaped = true;
            } else if (c == ',') {
                parts.add(text.substring(start, i));
                start = i + 1;
            }
        }
        parts.add(text.substring(start));
        return parts;
    }

    private static Term term(String text, String part) {
        for (int i = 0; i < part.length(); i++) {
            String rest = part.substring(i);
            String operator =
                    rest.startsWith("!=") ? "!=" : rest.startsWith("==") ? "==" : rest.startsWith("=") ? "=" : "";
            if (!operator.isEmpty()) {
                return new Term(
                        part.substring(0, i), unescape(rest.substring(operator.length())), operator.equals("!="));
            }
        }
        throw new IllegalArgumentException("invalid selector: '%s'; can't understand '%s'".formatted(text, part));
    }

    private static String unescape(String value) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\') {
                i++;
                if (i == value.length()) {
                    throw new IllegalArgumentException("invalid field selector: invalid escape sequence: \\");
                }
                char next = value.charAt(i);
                if (next != '\\' && next != ',' && next != '=') {
                    throw new IllegalArgumentException("invalid field selector: invalid escape sequence: \\" + next);
                }
                plain.append(next);
            } else if (c == '=' || c == ',') {
                throw new IllegalArgumentException("invalid field selector: unescaped character in value: " + (int) c);
            } else {
                plain.append(c);
            }
        }
        return plain.toString();
    }
}
