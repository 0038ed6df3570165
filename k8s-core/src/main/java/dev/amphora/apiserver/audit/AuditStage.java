package dev.amphora.apiserver.audit;

import java.util.Optional;

/** How far a request has come. */
public enum AuditStage {
    /** It is clear who asks; nothing has been done. */
    REQUEST_RECEIVED("RequestReceived"),
    /** The head of the answer has gone out, and more will follow for long, as with a watch. */
    RESPONSE_STARTED("ResponseStarted"),
    /** The answer is complete. */
    RESPONSE_COMPLETE("ResponseComplete"),
    /** Something failed that should not. */
    PANIC("Panic");

    private final String word;

    AuditStage(String word) {
        this.word = word;
    }

    /** The stage of a name as policies and events have it. */
    static Optional<AuditStage> of(String word) {
        for (AuditStage stage : values()) {
            if (stage.word.equals(word)) {
                return Optional.of(stage);
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
