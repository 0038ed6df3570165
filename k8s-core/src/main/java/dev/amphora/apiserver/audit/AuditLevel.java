package dev.amphora.apiserver.audit;

import java.util.Optional;

/** How much is told of a request; a later level tells all that an earlier one does. */
public enum AuditLevel {
    /** Nothing. */
    NONE("None"),
    /** Who wants what, and with what outcome. */
    METADATA("Metadata"),
    /** The object sent with it too. */
    REQUEST("Request"),
    /** The object sent back too. */
    REQUEST_RESPONSE("RequestResponse");

    private final String word;

    AuditLevel(String word) {
        this.word = word;
    }

    /** The level of a name as policies and events have it. */
    static Optional<AuditLevel> of(String word) {
        for (AuditLevel level : values()) {
            if (level.word.equals(word)) {
                return Optional.of(level);
            }
        }
        return Optional.empty();
    }

    /** As policies and events have it. */
    @Override
    public String toString() {
        return word;
    }
}
