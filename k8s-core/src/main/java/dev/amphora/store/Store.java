package dev.amphora.store;

import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cluster store: a map from keys to bytes in which every change has a revision, with etcd's contract.
 *
 * <p>One counter, the revision, grows by one with each write. A write is a compare-and-swap on the revision at which a key was
 * last modified. Reads can look at any revision since the last compaction, and a watch delivers every change after a revision, in
 * order, without gaps. Keys are compared as bytes of their UTF-8 form.
 *
 * <p>Calls may block on the engine and may come from any thread. What was acknowledged is not lost if the engine is durable.
 * Engines pass the store contract tests. Mirrors etcd's {@code client/v3/kubernetes} interface, with watches, compaction and
 * leases.
 */
public interface Store extends AutoCloseable {

    /**
     * One key at one revision.
     *
     * @param key the key
     * @param value the bytes; not to be modified
     * @param createRevision the revision at which the key came into being
     * @param modRevision the revision of its last change
     * @param version how many writes the key has seen since it came into being, from 1
     */
    record Entry(String key, byte[] value, long createRevision, long modRevision, long version) {}

    /**
     * The answer to a single read.
     *
     * @param entry the key, if present
     * @param revision the store's revision when it was read
     */
    record Got(Optional<Entry> entry, long revision) {}

    /**
     * The answer to a range read.
     *
     * @param entries in key order, at most as many as the limit
     * @param revision the revision that was looked at
     * @param count how many keys the whole range holds at that revision, whatever the limit; a range that starts after a key does
     *     not count those before
     */
    record Range(List<Entry> entries, long revision, long count) {
        /** Whether the limit left keys out. */
        public boolean more() {
            return count > entries.size();
        }
    }

    /**
     * The outcome of a compare-and-swap.
     *
     * @param succeeded whether the condition held and the write was made
     * @param revision the revision of the write, or the store's revision if it was refused
     * @param entry after a put its new state, after a delete the state that was removed; if refused the state found, null if absent
     */
    record Swap(boolean succeeded, long revision, @Nullable Entry entry) {}

    /**
     * One change.
     *
     * @param type put or delete
     * @param key the key
     * @param entry the new state, null for a delete
     * @param previous the state before, null if there was none
     * @param revision the revision of the change
     */
    record Event(Type type, String key, @Nullable Entry entry, @Nullable Entry previous, long revision) {
        /** What happened to the key. */
        public enum Type {
            /** Created or changed. */
            PUT,
            /** Deleted, by a caller or because its time to live ran out. */
            DELETE
        }
    }

    /** Receives a watch's changes. Calls come one at a time; a slow receiver delays only itself. */
    interface Listener {
        /**
         * Changes in order of revision, never empty. All changes of one revision come in one call.
         *
         * @param events to be read at once, not modified
         */
        void onEvents(List<Event> events);

        /**
         * Nothing is pending up to a revision: all changes up to it have been delivered.
         *
         * @param revision the store's revision
         */
        void onProgress(long revision);

        /**
         * The watch has ended and delivers nothing more; not called after {@link Watch#close()}.
         *
         * @param error {@link CompactedException} if the next revision to deliver is gone, else what broke
         */
        void onEnd(StoreException error);
    }

    /** A running watch. */
    interface Watch extends AutoCloseable {
        /** Asks for an {@link Listener#onProgress} as soon as everything up to the current revision is delivered. */
        void requestProgress();

        /**
         * Announces that the caller is about to write, and that the listener learns of the write from the caller itself. Until
         * {@link #release} the watch may keep changes to itself. A hint: by default it is ignored.
         */
        default void hold() {}

        /**
         * Follows {@link #hold}, once the write was made or refused.
         *
         * @param known the listener knows of every change up to this revision, and need not be told of them
         */
        default void release(long known) {}

        /** Ends the watch; no call of the listener begins after this returns. Idempotent. */
        @Override
        void close();
    }

    /**
     * Opens the store. Called before any other method, by whoever runs it; the store that a user hands to a builder is started
     * there. Once closed, a store may be started again, on this kernel or another, and finds what its engine has kept.
     *
     * @param kernel whose clock times to live run on and whose actors deliver watches. Starting again with the same kernel changes
     *     nothing
     * @throws IllegalStateException if it already runs on another kernel
     * @throws StoreException if the engine cannot be reached
     */
    void start(Kernel kernel);

    /**
     * Whether a call may have to wait for something outside this process, such as a network or a disk. Who has a thread that must not
     * stand still then makes its calls on another.
     */
    default boolean mayWait() {
        return true;
    }

    /** The store's revision: that of the last write. Fresh stores may begin at any positive number. */
    long revision();

    /**
     * Reads one key.
     *
     * @param key not empty
     */
    Got get(String key);

    /**
     * Reads the keys with a prefix.
     *
     * @param prefix which keys; not empty
     * @param startAfter only keys greater than this one, null for all: how a next page goes on
     * @param limit at most this many entries; 0 means all
     * @param revision the revision to look at; 0 means the current one
     * @throws CompactedException if that revision has been compacted
     * @throws StoreException if it lies in the future
     */
    Range range(String prefix, @Nullable String startAfter, int limit, long revision);

    /** How many keys have a prefix now. */
    long count(String prefix);

    /**
     * Writes a key if it was last modified at the expected revision.
     *
     * @param key not empty
     * @param value the bytes; not to be modified afterwards
     * @param expectedModRevision 0 means that the key must be absent
     * @param timeToLive after this time the key is deleted as if by a caller; null means never. Replaces an earlier one. Whole
     *     seconds at the least
     */
    Swap put(String key, byte[] value, long expectedModRevision, @Nullable Duration timeToLive);

    /** Writes a key that never expires; see {@link #put(String, byte[], long, Duration)}. */
    default Swap put(String key, byte[] value, long expectedModRevision) {
        return put(key, value, expectedModRevision, null);
    }

    /**
     * Writes keys that are absent and never expire; those that are there stay as they are. For many keys at once: an engine that is far
     * away may write several of them by one step, so that they have one revision.
     *
     * @param values by key, in the order in which they are written; not to be modified afterwards
     */
    default void putAbsent(Map<String, byte[]> values) {
        values.forEach((key, value) -> put(key, value, 0));
    }

    /**
     * Deletes a key if it was last modified at the expected revision.
     *
     * @param key not empty
     * @param expectedModRevision positive
     */
    Swap delete(String key, long expectedModRevision);

    /**
     * Watches the keys with a prefix.
     *
     * @param prefix which keys; not empty
     * @param fromRevision the first revision to deliver; at least 1. One in the future waits for it
     * @param listener receives the changes. If {@code fromRevision} is compacted its {@link Listener#onEnd} is told so
     * @return the running watch
     */
    Watch watch(String prefix, long fromRevision, Listener listener);

    /**
     * Forgets the history before a revision; what is current at it stays readable.
     *
     * @param revision not in the future; one at or before the last compaction changes nothing
     */
    void compact(long revision);

    /** Ends all watches and lets go of the engine. Idempotent. */
    @Override
    void close();
}
