package dev.amphora.apiserver.patch;

/** Why an operation of a JSON patch fails. */
public final class JsonPatchProblem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean failedTest;

    private JsonPatchProblem(String detail, boolean failedTest) {
        super(detail, null, false, false);
        this.failedTest = failedTest;
    }

    static JsonPatchProblem of(String detail) {
        return new JsonPatchProblem(detail, false);
    }

    /** A value is not the one that was expected. */
    static JsonPatchProblem ofTest(String detail) {
        return new JsonPatchProblem(detail, true);
    }

    /** What is wrong, such as {@code remove operation does not apply: doc is missing path: "/a": missing value}. */
    public String detail() {
        return String.valueOf(getMessage());
    }

    /** Whether nothing is wrong but that a value is not the one that was expected. */
    public boolean isFailedTest() {
        return failedTest;
    }
}
