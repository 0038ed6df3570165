package dev.amphora.runtime.docker;

import static org.junit.jupiter.api.Assumptions.abort;

/** A Docker Engine for a test class, with an image to run: skipped with advice where there is none, but not where the build promises one. */
final class LocalDocker {
    /** Holds busybox with a link for each of its programs. */
    static final String IMAGE = "amphora-test/busybox:1";

    private LocalDocker() {}

    static void require() {
        try {
            DockerRuntime.requireEngine();
            BusyboxImage.make(IMAGE);
        } catch (RuntimeException e) {
            if ("true".equals(System.getenv("CI"))) {
                throw new AssertionError(e.getMessage(), e);
            }
            abort(e.getMessage());
        }
    }
}
