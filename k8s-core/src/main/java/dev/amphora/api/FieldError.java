package dev.amphora.api;

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

    /** The whole text: path and message. */
    public String text() {
        return field + ": " + message;
    }
}
