package dev.amphora.samples.conformance;

/** A case can't be replayed with what is at hand; the message says why. It has not passed. */
final class SkipException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SkipException(String reason) {
        super(reason);
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
