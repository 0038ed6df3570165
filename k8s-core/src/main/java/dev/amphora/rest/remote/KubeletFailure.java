package dev.amphora.rest.remote;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** A command did not end by itself, in the words of a kubelet outside the process or of those who looked for it. */
public final class KubeletFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable ObjectNode status;

    /**
     * A failure.
     *
     * @param message what the client is told
     * @param status how the kubelet says it; null if it is none of its
     */
    public KubeletFailure(String message, @Nullable ObjectNode status) {
        super(message);
        this.status = status;
    }

    /** How the kubelet says it; null if it is none of its. */
    @Nullable ObjectNode status() {
        return status;
    }
}
