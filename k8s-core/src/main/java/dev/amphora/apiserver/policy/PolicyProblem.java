package dev.amphora.apiserver.policy;

/** Why a policy could not be applied, as the one who is refused is told. */
final class PolicyProblem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PolicyProblem(String message) {
        super(message, null, false, false);
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
