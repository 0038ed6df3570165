package dev.amphora.apiserver.cel;

/** Why an expression has no value, in the reference's words. */
final class CelProblem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CelProblem(String message) {
        super(message, null, false, false);
    }
}
