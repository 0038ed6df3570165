package dev.amphora.apiserver.schema;

import java.util.Optional;

/** What happens to fields that a kind doesn't have, and to fields given twice. */
public enum FieldValidation {
    /** They are dropped. */
    IGNORE("Ignore"),
    /** They are dropped with a warning; the default. */
    WARN("Warn"),
    /** The request is refused. */
    STRICT("Strict");

    private final String text;

    FieldValidation(String text) {
        this.text = text;
    }

    /** The value of the query parameter {@code fieldValidation}; the empty text is the default. */
    public static Optional<FieldValidation> parse(String text) {
        if (text.isEmpty()) {
            return Optional.of(WARN);
        }
        for (FieldValidation value : values()) {
            if (value.text.equals(text)) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }
}
