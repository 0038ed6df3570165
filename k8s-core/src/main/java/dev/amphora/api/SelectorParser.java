package dev.amphora.api;

import dev.amphora.api.Selector.Operator;
import dev.amphora.api.Selector.Requirement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Reads the text form of label selectors; refuses with the reference's messages. */
final class SelectorParser {
    private static final String SPECIAL = "=!(),<>";

    private final String text;
    private int position;
    private Token current = new Token(Type.END, "");

    SelectorParser(String text) {
        this.text = text;
    }

    private enum Type {
        IDENTIFIER,
        IN,
        NOT_IN,
        EQUALS,
        NOT_EQUALS,
        NOT,
        GREATER,
        LESS,
        OPEN,
        CLOSE,
        COMMA,
        END,
        ERROR
    }

    private record Token(Type type, String text) {}

    List<Requirement> parse() {
        List<Requirement> requirements = new ArrayList<>();
        advance(false);
        while (current.type != Type.END) {
            if (current.type != Type.IDENTIFIER && current.type != Type.NOT) {
                throw refuse("found '%s', expected: !, identifier, or 'end of string'");
            }
            try {
                requirements.add(requirement());
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("unable to parse requirement: " + e.getMessage(), e);
            }
            if (current.type == Type.END) {
                break;
            }
            if (current.type != Type.COMMA) {
                throw refuse("found '%s', expected: ',' or 'end of string'");
            }
            advance(false);
            if (current.type != Type.IDENTIFIER && current.type != Type.NOT) {
                throw refuse("found '%s', expected: identifier after ','");
            }
        }
        return requirements;
    }

    private Requirement requirement() {
        boolean negated = current.type == Type.NOT;
        if (negated) {
            advance(false);
        }
        if (current.type != Type.IDENTIFIER) {
            throw refuse("found '%s', expected: identifier");
        }
        String key = current.text;
        List<String> wrong = Names.qualifiedName(key);
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(
                    "<nil>: Invalid value: %s: %s".formatted(Json.quote(key), String.join("; ", wrong)));
        }
        advance(true);
        if (negated) {
            return new Requirement(key, Operator.DOES_NOT_EXIST, List.of());
        }
        if (current.type == Type.END || current.type == Type.COMMA) {
            return new Requirement(key, Operator.EXISTS, List.of());
        }
        Operator operator =
                switch (current.type) {
                    case IN, EQUALS -> Operator.IN;
                    case NOT_IN, NOT_EQUALS -> Operator.NOT_IN;
                    case GREATER -> Operator.GREATER_THAN;
                    case LESS -> Operator.LESS_THAN;
                    default -> throw refuse("found '%s', expected: in, notin, =, ==, !=, gt, lt");
                };
        boolean set = current.type == Type.IN || current.type == Type.NOT_IN;
        advance(false);
        List<String> values = set ? set() : List.of(exact());
        check(key, operator, values);
        return new Requirement(key, operator, values);
    }

    private String exact() {
        if (current.type == Type.END || current.type == Type.COMMA) {
            return "";
        }
        if (current.type != Type.IDENTIFIER) {
            throw refuse("found '%s', expected: identifier");
        }
        String value = current.text;
        advance(false);
        return value;
    }

    /** The values between parentheses; a missing one between commas or parentheses is the empty value. */
    private List<String> set() {
        if (current.type != Type.OPEN) {
            throw refuse("found '%s' expected: '('");
        }
        advance(false);
        List<String> values = new ArrayList<>();
        if (current.type != Type.IDENTIFIER && current.type != Type.COMMA && current.type != Type.CLOSE) {
            throw refuse("found '%s', expected: ',', ')' or identifier");
        }
        while (true) {
            if (current.type == Type.IDENTIFIER) {
                values.add(current.text);
                advance(false);
            } else if (current.type == Type.COMMA || current.type == Type.CLOSE) {
                values.add("");
            } else {
                throw refuse("found '%s', expected: ',', or identifier");
            }
            if (current.type == Type.CLOSE) {
                advance(false);
                return values;
            }
            if (current.type != Type.COMMA) {
                throw refuse("found '%s', expected: ',' or ')'");
            }
            advance(false);
        }
    }

    private static void check(String key, Operator operator, List<String> values) {
        List<String> sorted = values.stream().sorted().distinct().toList();
        Set<String> problems = new LinkedHashSet<>();
        for (int i = 0; i < sorted.size(); i++) {
            if ((operator == Operator.GREATER_THAN || operator == Operator.LESS_THAN) && !isInteger(sorted.get(i))) {
                problems.add("values[%d]: Invalid value: %s: for 'Gt', 'Lt' operators, the value must be an integer"
                        .formatted(i, Json.quote(sorted.get(i))));
            }
        }
        for (int i = 0; i < sorted.size(); i++) {
            List<String> wrong = Names.labelValue(sorted.get(i));
            if (!wrong.isEmpty()) {
                problems.add("values[%d][%s]: Invalid value: %s: %s"
                        .formatted(i, key, Json.quote(sorted.get(i)), String.join("; ", wrong)));
            }
        }
        if (!problems.isEmpty()) {
            String all = String.join(", ", problems);
            throw new IllegalArgumentException(problems.size() == 1 ? all : "[" + all + "]");
        }
    }

    private static boolean isInteger(String text) {
        try {
            Long.parseLong(text);
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private IllegalArgumentException refuse(String message) {
        return new IllegalArgumentException(message.formatted(current.text));
    }

    /** Reads the next token; the words {@code in} and {@code notin} are operators only right after a key. */
    private void advance(boolean afterKey) {
        while (position < text.length() && " \t\r\n".indexOf(text.charAt(position)) >= 0) {
            position++;
        }
        if (position == text.length()) {
            current = new Token(Type.END, "");
            return;
        }
        int start = position;
        if (SPECIAL.indexOf(text.charAt(position)) < 0) {
            while (position < text.length() && (SPECIAL + " \t\r\n").indexOf(text.charAt(position)) < 0) {
                position++;
            }
            String word = text.substring(start, position);
            current = switch (afterKey ? word : "") {
                case "in" -> new Token(Type.IN, word);
                case "notin" -> new Token(Type.NOT_IN, word);
                default -> new Token(Type.IDENTIFIER, word);
            };
            return;
        }
        char first = text.charAt(position++);
        boolean equalsFollows = position < text.length() && text.charAt(position) == '=';
        if (equalsFollows && (first == '=' || first == '!')) {
            position++;
        }
        String symbol = text.substring(start, position);
        current = new Token(
                switch (symbol) {
                    case "=", "==" -> Type.EQUALS;
                    case "!=" -> Type.NOT_EQUALS;
                    case "!" -> Type.NOT;
                    case "(" -> Type.OPEN;
                    case ")" -> Type.CLOSE;
                    case "," -> Type.COMMA;
                    case ">" -> Type.GREATER;
                    case "<" -> Type.LESS;
                    default -> Type.ERROR;
                },
                symbol);
    }
}
