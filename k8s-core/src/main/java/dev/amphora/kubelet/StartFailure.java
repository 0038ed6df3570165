package dev.amphora.kubelet;

/** A container could not be started: what its status will show as the reason to wait. */
final class StartFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    /**
     * A failure.
     *
     * @param reason such as {@code ErrImagePull}
     * @param message for people
     */
    StartFailure(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }

    /** The message, which is always there. */
    String text() {
        return String.valueOf(getMessage());
    }
}
