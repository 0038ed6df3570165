package dev.amphora.kubelet;

/** What a probe is for. */
enum ProbeType {
    /** Whether the container has come up. */
    STARTUP("Startup"),
    /** Whether it may be sent traffic. */
    READINESS("Readiness"),
    /** Whether it is to be restarted. */
    LIVENESS("Liveness");

    private final String title;

    ProbeType(String title) {
        this.title = title;
    }

    /** How events name it. */
    String title() {
        return title;
    }
}
