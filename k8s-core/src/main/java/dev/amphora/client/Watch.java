package dev.amphora.client;

/** A running watch. */
public interface Watch extends AutoCloseable {
    /** Ends the watch; the watcher hears nothing more. Idempotent. */
    @Override
    void close();
}
