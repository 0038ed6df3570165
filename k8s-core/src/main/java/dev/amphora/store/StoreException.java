package dev.amphora.store;

import org.jspecify.annotations.Nullable;

/** The store could not do what was asked: it is unreachable, closed, or the request cannot be met. */
public class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with its cause.
     *
     * @param message what failed
     * @param cause why, if known
     */
    public StoreException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
