package dev.amphora.apiserver.cel;

/** Why an expression has no value, in the reference's words. */
public final class CelFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CelFailure(String message) {
        super(message, null, false, false);
    }

    /** The reason. */
    public String reason() {
        return String.valueOf(getMessage());
    }
}
