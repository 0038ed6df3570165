package dev.amphora.apiserver.cel;

/** Answers the questions of expressions about rights. */
@FunctionalInterface
public interface AccessCheck {

    /**
     * An answer.
     *
     * @param allowed whether it may be done
     * @param denied whether it is refused, whatever others say
     * @param reason why, may be empty
     * @param error what went wrong, empty if nothing did
     */
    record Answer(boolean allowed, boolean denied, String reason, String error) {}

    /** Answers a question. */
    Answer check(AccessQuestion question);
}
