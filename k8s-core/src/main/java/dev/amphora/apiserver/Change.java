package dev.amphora.apiserver;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One change to one object of a resource, as its watch cache keeps it. */
final class Change {
    private final long revision;
    private final String key;
    private final @Nullable VersionedObject object;
    private final @Nullable VersionedObject previous;
    private final Instant at;
    private @Nullable VersionedObject last;

    /**
     * A change.
     *
     * @param object the new state, null for a deletion
     * @param previous the state before, null for a creation
     */
    Change(
            long revision,
            String key,
            @Nullable VersionedObject object,
            @Nullable VersionedObject previous,
            Instant at) {
        this.revision = revision;
        this.key = key;
        this.object = object;
        this.previous = previous;
        this.at = at;
    }

    long revision() {
        return revision;
    }

    String key() {
        return key;
    }

    @Nullable VersionedObject object() {
        return object;
    }

    @Nullable VersionedObject previous() {
        return previous;
    }

    Instant at() {
        return at;
    }

    /** The state before, with this change's revision: what a watcher sees of an object that goes. */
    synchronized VersionedObject last() {
        if (last == null) {
            if (previous == null) {
                throw new IllegalStateException("nothing was there before " + key + " came");
            }
            last = previous.at(revision);
        }
        return last;
    }
}
