package dev.amphora.apiserver.outside;

/** Why a webhook gave no answer that could be used, in the reference's words. */
public final class WebhookProblem extends Exception {
    private static final long serialVersionUID = 1L;

    /** A problem. */
    public WebhookProblem(String message) {
        super(message, null, false, false);
    }

    /** What is wrong. */
    public String text() {
        return String.valueOf(getMessage());
    }
}
