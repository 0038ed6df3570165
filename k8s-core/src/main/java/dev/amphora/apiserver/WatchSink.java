package dev.amphora.apiserver;

import io.fabric8.kubernetes.api.model.Status;

/** Receives the events of a watch, one call at a time. */
public interface WatchSink {

    /** The types of events. */
    enum EventType {
        /** It appeared, or began to match. */
        ADDED,
        /** It changed. */
        MODIFIED,
        /** It went, or ceased to match. */
        DELETED,
        /** Everything up to the object's resource version has been delivered. */
        BOOKMARK
    }

    /** Something happened to an object, shared and read-only. A bookmark's object has kind and resourceVersion only. */
    void onEvent(EventType type, VersionedObject object);

    /** No other event is at hand: what the sink has held back to send it together with the next one should go out now. */
    default void onCaughtUp() {}

    /** The watch has failed; {@link #onClose} follows. The transport delivers it as an event of type {@code ERROR}. */
    void onError(Status status);

    /** The watch has ended by itself and delivers nothing more; not called after {@link Handle#close()}. */
    void onClose();

    /** A running watch. */
    interface Handle extends AutoCloseable {
        /** Stops delivery, for a transport that is congested. A watcher that stays paused too long is ended. Idempotent. */
        void pause();

        /** Goes on delivering. Idempotent. */
        void resume();

        /** Ends the watch. Idempotent. */
        @Override
        void close();
    }
}
