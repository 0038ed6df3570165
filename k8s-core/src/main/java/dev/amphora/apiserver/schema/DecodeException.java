package dev.amphora.apiserver.schema;

/** A text that is no JSON, or a tree that doesn't fit its type. The message is the reference's, without what it is embedded in. */
public final class DecodeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    DecodeException(String reason) {
        super(reason);
        this.reason = reason;
    }

    /** The message, which is always there. */
    public String reason() {
        return reason;
    }
}
