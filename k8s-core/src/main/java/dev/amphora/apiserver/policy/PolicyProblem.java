package dev.amphora.apiserver.policy;

/** Why a policy or the conditions of a webhook could not be applied, as the one who is refused is told. */
public final class PolicyProblem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PolicyProblem(String message) {
        super(message, null, false, false);
    }

    /** Why. */
    public String text() {
        return String.valueOf(getMessage());
    }
}
