package dev.amphora.client;

import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.HasMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Receives the events of a watch, one at a time.
 *
 * @param <T> the class of the objects
 */
public interface Watcher<T extends HasMetadata> {

    /** What happened to an object, as the watcher's selectors see it. */
    enum EventType {
        /** It appeared, or began to match. */
        ADDED,
        /** It changed. */
        MODIFIED,
        /** It went, or ceased to match. */
        DELETED
    }

    /** An object changed. The object is shared and read-only. */
    void onEvent(EventType type, T object);

    /** Everything up to a resource version has been delivered. */
    void onBookmark(String resourceVersion);

    /**
     * The watch has ended by itself.
     *
     * @param error why, such as 410 {@code Expired}; null if it ended in peace
     */
    void onClose(@Nullable StatusException error);
}
