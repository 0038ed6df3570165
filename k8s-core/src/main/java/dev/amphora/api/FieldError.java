package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One thing that is wrong with one field, as {@code k8s.io/apimachinery/pkg/util/validation/field} says it.
 *
 * @param type what kind of error
 * @param field the path, such as {@code spec.containers[0].name}
 * @param message the text without the path, such as {@code Required value}
 */
public record FieldError(Type type, String field, String message) {

    /** The kinds of error and the reasons under which they appear among a status's causes. */
    public enum Type {
        /** A value that is not allowed. */
        INVALID("FieldValueInvalid", "Invalid value"),
        /** A value that must be given. */
        REQUIRED("FieldValueRequired", "Required value"),
        /** A value that another object or element has already. */
        DUPLICATE("FieldValueDuplicate", "Duplicate value"),
        /** A reference to something that does not exist. */
        NOT_FOUND("FieldValueNotFound", "Not found"),
        /** A value outside a closed set. */
        NOT_SUPPORTED("FieldValueNotSupported", "Unsupported value"),
        /** A value that is not permitted here. */
        FORBIDDEN("FieldValueForbidden", "Forbidden"),
        /** A value that is too long. */
        TOO_LONG("FieldValueTooLong", "Too long"),
        /** A list with too many elements. */
        TOO_MANY("FieldValueTooMany", "Too many"),
        /** A value of the wrong type. */
        TYPE_INVALID("FieldValueTypeInvalid", "Invalid value"),
        /** Something that went wrong while looking. */
        INTERNAL("InternalError", "Internal error");

        private final String reason;
        private final String words;

        Type(String reason, String words) {
            this.reason = reason;
            this.words = words;
        }

        /** The reason among a status's causes. */
        public String reason() {
            return reason;
        }

        /** How a message of this type begins. */
        public String words() {
            return words;
        }
    }

    /** Messages as one, as the reference's {@code k8s.io/apimachinery/pkg/util/errors} prints them: one as it is, several in brackets; empty for none. */
    public static String aggregate(Collection<String> messages) {
        return messages.size() > 1 ? "[" + String.join(", ", messages) + "]" : String.join("", messages);
    }

    /** {@code Required value}. */
    public static FieldError required(String field) {
        return new FieldError(Type.REQUIRED, field, Type.REQUIRED.words());
    }

    /** {@code Required value: detail}. */
    public static FieldError required(String field, String detail) {
        return of(Type.REQUIRED, field, detail);
    }

    /** {@code Invalid value: "x": detail}. */
    public static FieldError invalid(String field, String value, String detail) {
        return invalid(field, TextNode.valueOf(value), detail);
    }

    /** {@code Invalid value: 5: detail}. */
    public static FieldError invalid(String field, JsonNode value, String detail) {
        return of(Type.INVALID, field, detail.isEmpty() ? shown(value) : shown(value) + ": " + detail);
    }

    /** {@code Invalid value: "x": detail}, with the reason of a wrong type. */
    public static FieldError typeInvalid(String field, JsonNode value, String detail) {
        return of(Type.TYPE_INVALID, field, shown(value) + ": " + detail);
    }

    /** {@code Unsupported value: "x": supported values: "A", "B"}. */
    public static FieldError unsupported(String field, JsonNode value, List<String> supported) {
        String values = supported.stream().map(FieldError::quoted).collect(Collectors.joining(", "));
        return of(
                Type.NOT_SUPPORTED,
                field,
                supported.isEmpty() ? shown(value) : shown(value) + ": supported values: " + values);
    }

    /** {@code Duplicate value: "x"}. */
    public static FieldError duplicate(String field, JsonNode value) {
        return of(Type.DUPLICATE, field, shown(value));
    }

    /** {@code Not found: "x"}. */
    public static FieldError notFound(String field, JsonNode value) {
        return of(Type.NOT_FOUND, field, shown(value));
    }

    /** {@code Forbidden: detail}. */
    public static FieldError forbidden(String field, String detail) {
        return of(Type.FORBIDDEN, field, detail);
    }

    /** {@code Too long: may not be more than 63 bytes}; a negative maximum is not told of. */
    public static FieldError tooLong(String field, int maximum) {
        if (maximum < 0) {
            return of(Type.TOO_LONG, field, "value is too long");
        }
        return of(
                Type.TOO_LONG, field, "may not be more than %d %s".formatted(maximum, maximum == 1 ? "byte" : "bytes"));
    }

    /** {@code Too many: 3: must have at most 2 items}; a negative maximum is not told of. */
    public static FieldError tooMany(String field, int actual, int maximum) {
        if (maximum < 0) {
            return of(Type.TOO_MANY, field, actual + ": has too many items");
        }
        return of(
                Type.TOO_MANY,
                field,
                "%d: must have at most %d %s".formatted(actual, maximum, maximum == 1 ? "item" : "items"));
    }

    /** {@code Internal error: detail}. */
    public static FieldError internal(String field, String detail) {
        return of(Type.INTERNAL, field, detail);
    }

    private static FieldError of(Type type, String field, String detail) {
        return new FieldError(type, field, type.words() + ": " + detail);
    }

    /** A value as messages show it: text quoted, all else as JSON. */
    private static String shown(JsonNode value) {
        return value.isTextual() ? quoted(value.asText()) : value.toString();
    }

    /** A text in quotes, with what can't be printed escaped. */
    public static String quoted(String text) {
        StringBuilder result = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> result.append("\\\"");
                case '\\' -> result.append("\\\\");
                case '\n' -> result.append("\\n");
                case '\r' -> result.append("\\r");
                case '\t' -> result.append("\\t");
                case 7 -> result.append("\\a");
                case '\b' -> result.append("\\b");
                case '\f' -> result.append("\\f");
                case 11 -> result.append("\\v");
                default -> {
                    if (isStrayByte(c)) {
                        result.append("\\x%02x".formatted(c & 0xff));
                    } else if (c < ' ' || c == 0x7f) {
                        result.append("\\x%02x".formatted(c));
                    } else if (isPrintable(c)) {
                        result.appendCodePoint(c);
                    } else {
                        result.append((c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
                    }
                }
            }
        });
        return result.append('"').toString();
    }

    /**
     * A text without stray bytes. A byte that is no UTF-8 is kept, in the names that paths carry, as a lone low surrogate whose lower
     * eight bits it is.
     */
    static String readable(String text) {
        StringBuilder result = new StringBuilder(text.length());
        text.codePoints().forEach(c -> result.appendCodePoint(isStrayByte(c) ? 0xfffd : c));
        return result.toString();
    }

    private static boolean isStrayByte(int c) {
        return c >= 0xdc80 && c <= 0xdcff;
    }

    private static boolean isPrintable(int c) {
        int type = Character.getType(c);
        return c == ' '
                || !(type == Character.CONTROL
                        || type == Character.FORMAT
                        || type == Character.SURROGATE
                        || type == Character.PRIVATE_USE
                        || type == Character.UNASSIGNED
                        || type == Character.SPACE_SEPARATOR
                        || type == Character.LINE_SEPARATOR
                        || type == Character.PARAGRAPH_SEPARATOR);
    }

    /** The whole text: path and message. */
    public String text() {
        return field + ": " + message;
    }
}
