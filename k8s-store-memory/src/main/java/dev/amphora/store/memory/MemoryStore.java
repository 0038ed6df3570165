package dev.amphora.store.memory;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.CompactedException;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import dev.amphora.store.memory.Expirations.Expiration;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The store in memory: etcd's contract without a process, a socket or a file.
 *
 * <p>Reads take no lock and look at an immutable snapshot. Writes are made one after the other. A watch reads the history at its
 * own pace, so a slow one costs nobody anything and in the end is told that it has been left behind. What the store holds lives as
 * long as the object: {@link #close()} ends watches and timers, and {@link #start} goes on with what is there.
 *
 * <p>History is kept until {@link #compact}; beyond 256 MiB of it the oldest goes first, as if compacted.
 */
public final class MemoryStore implements Store {
    /** The revision of an empty store; no event belongs to it. */
    static final long FIRST_REVISION = 1;

    private static final long MAX_HISTORY_BYTES = 256L << 20;

    final Object lock = new Object();
    final History history;

    private final Expirations expirations = new Expirations();
    private final List<Feed> feeds = new ArrayList<>();
    /** By key: what the tree of {@link #current} holds, or a moment before that does. Changed under the lock. */
    private final Map<String, Entry> byKey = new ConcurrentHashMap<>();

    private volatile Snapshot current = new Snapshot(KeyTree.EMPTY, FIRST_REVISION);
    private volatile @Nullable Kernel kernel;
    private @Nullable Actor reaper;
    private Actor.@Nullable Timer alarm;
    private @Nullable Instant alarmAt;

    private record Snapshot(KeyTree tree, long revision) {}

    /** An empty store at revision 1, to be {@linkplain #start started} by what it is handed to. */
    public MemoryStore() {
        this(MAX_HISTORY_BYTES);
    }

    /**
     * An empty store at revision 1 that is started already.
     *
     * @param kernel whose clock and actors it runs on
     */
    public MemoryStore(Kernel kernel) {
        this(MAX_HISTORY_BYTES);
        start(kernel);
    }

    MemoryStore(long maxHistoryBytes) {
        history = new History(FIRST_REVISION, maxHistoryBytes);
    }

    @Override
    public void start(Kernel kernel) {
        synchronized (lock) {
            if (this.kernel == kernel) {
                return;
            }
            if (this.kernel != null) {
                throw new IllegalStateException("the store already runs on another kernel");
            }
            reaper = kernel.actor("store/expiry");
            this.kernel = kernel;
            armAlarm();
        }
    }

    @Override
    public boolean mayWait() {
        return false;
    }

    @Override
    public long revision() {
        kernel();
        return current.revision;
    }

    @Override
    public Got get(String key) {
        kernel();
        Snapshot now = current;
        Entry latest = byKey.get(key);
        // what has come since the snapshot was taken isn't in it
        boolean known = latest != null && latest.modRevision() <= now.revision;
        return new Got(Optional.ofNullable(known ? latest : now.tree.get(KeyTree.bytes(key))), now.revision);
    }

    @Override
    public Range range(String prefix, @Nullable String startAfter, int limit, long revision) {
        kernel();
        requireText(prefix, "prefix");
        if (limit < 0 || revision < 0) {
            throw new IllegalArgumentException("limit and revision must not be negative: " + limit + ", " + revision);
        }
        Snapshot now = at(revision);
        byte[] from = KeyTree.bytes(prefix);
        byte[] end = KeyTree.endOf(prefix);
        if (startAfter != null) {
            byte[] after = KeyTree.bytes(startAfter);
            byte[] next = Arrays.copyOf(after, after.length + 1);
            if (Arrays.compareUnsigned(next, from) > 0) {
                from = next;
            }
        }
        int count = Math.max(0, now.tree.rank(end) - now.tree.rank(from));
        int size = limit == 0 ? count : Math.min(limit, count);
        List<Entry> entries = new ArrayList<>(size);
        now.tree.collect(from, end, size, entries);
        return new Range(entries, now.revision, count);
    }

    @Override
    public long count(String prefix) {
        kernel();
        requireText(prefix, "prefix");
        KeyTree tree = current.tree;
        return (long) tree.rank(KeyTree.endOf(prefix)) - tree.rank(KeyTree.bytes(prefix));
    }

    @Override
    public Swap put(String key, byte[] value, long expectedModRevision, @Nullable Duration timeToLive) {
        requireText(key, "key");
        byte[] place = KeyTree.bytes(key);
        synchronized (lock) {
            Kernel running = kernel();
            Snapshot now = current;
            Entry found = byKey.get(key);
            if ((found == null ? 0 : found.modRevision()) != expectedModRevision) {
                return new Swap(false, now.revision, found);
            }
            long revision = now.revision + 1;
            Entry entry = found == null
                    ? new Entry(key, value, revision, revision, 1)
                    : new Entry(found.key(), value, found.createRevision(), revision, found.version() + 1);
            commit(new Event(Event.Type.PUT, entry.key(), entry, found, revision), now.tree.with(place, entry));
            if (timeToLive == null) {
                expirations.clear(entry.key());
            } else {
                expirations.set(
                        new Expiration(running.instant().plus(wholeSeconds(timeToLive)), entry.key(), revision));
                armAlarm();
            }
            return new Swap(true, revision, entry);
        }
    }

    @Override
    public Swap delete(String key, long expectedModRevision) {
        requireText(key, "key");
        if (expectedModRevision <= 0) {
            throw new IllegalArgumentException("the expected revision must be positive: " + expectedModRevision);
        }
        byte[] place = KeyTree.bytes(key);
        synchronized (lock) {
            kernel();
            Snapshot now = current;
            Entry found = byKey.get(key);
            if (found == null || found.modRevision() != expectedModRevision) {
                return new Swap(false, now.revision, found);
            }
            long revision = now.revision + 1;
            commit(new Event(Event.Type.DELETE, key, null, found, revision), now.tree.without(place));
            expirations.clear(key);
            return new Swap(true, revision, found);
        }
    }

    @Override
    public Watch watch(String prefix, long fromRevision, Listener listener) {
        requireText(prefix, "prefix");
        if (fromRevision < 1) {
            throw new IllegalArgumentException("the first revision to watch must be positive: " + fromRevision);
        }
        synchronized (lock) {
            Feed feed = new Feed(this, prefix, fromRevision, listener, kernel().actor("store/watch " + prefix));
            feeds.add(feed);
            if (fromRevision <= history.compacted()) {
                feed.end(new CompactedException(history.compacted()));
            } else {
                feed.begin(current.revision);
            }
            return feed;
        }
    }

    @Override
    public void compact(long revision) {
        synchronized (lock) {
            kernel();
            if (revision > current.revision) {
                throw futureRevision(revision, current.revision);
            }
            if (revision > history.compacted()) {
                feeds.forEach(feed -> feed.compacting(revision));
                history.compact(revision);
            }
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (kernel == null) {
                return;
            }
            for (Feed feed : List.copyOf(feeds)) {
                feed.end(new StoreException("the store is closed", null));
            }
            if (reaper != null) {
                reaper.close();
            }
            reaper = null;
            alarm = null;
            alarmAt = null;
            kernel = null;
        }
    }

    /** The revision, whether or not the store is running. */
    long currentRevision() {
        return current.revision;
    }

    /** Stops feeding a watch. Called under the lock. */
    void forget(Feed feed) {
        feeds.remove(feed);
    }

    private Kernel kernel() {
        Kernel running = kernel;
        if (running == null) {
            throw new StoreException("the store is closed", null);
        }
        return running;
    }

    private Snapshot at(long revision) {
        Snapshot now = current;
        if (revision == 0 || revision == now.revision) {
            return now;
        }
        if (revision > now.revision) {
            throw futureRevision(revision, now.revision);
        }
        History.Past past;
        synchronized (lock) {
            if (revision < history.compacted()) {
                throw new CompactedException(history.compacted());
            }
            past = history.past(revision, current.tree);
        }
        return new Snapshot(past.tree(), revision);
    }

    private void commit(Event event, KeyTree after) {
        history.append(event, after);
        Entry entry = event.entry();
        if (entry == null) {
            byKey.remove(event.key());
        } else {
            byKey.put(event.key(), entry);
        }
        current = new Snapshot(after, event.revision());
        for (Feed feed : feeds) {
            feed.changed(event);
        }
    }

    /** Sets the timer for what expires first. */
    private void armAlarm() {
        Expiration first = expirations.first();
        Kernel running = kernel;
        if (first == null
                || running == null
                || reaper == null
                || (alarmAt != null && !first.at().isBefore(alarmAt))) {
            return;
        }
        if (alarm != null) {
            alarm.cancel();
        }
        alarmAt = first.at();
        alarm = reaper.schedule(Duration.between(running.instant(), first.at()), this::reap);
    }

    private void reap() {
        synchronized (lock) {
            Kernel running = kernel;
            if (running == null) {
                return;
            }
            alarm = null;
            alarmAt = null;
            Instant now = running.instant();
            for (Expiration due = expirations.first();
                    due != null && !due.at().isAfter(now);
                    due = expirations.first()) {
                delete(due.key(), due.modRevision());
            }
            armAlarm();
        }
    }

    private static Duration wholeSeconds(Duration timeToLive) {
        long seconds = timeToLive.plusNanos(999_999_999).toSeconds();
        return Duration.ofSeconds(Math.max(1, seconds));
    }

    private static void requireText(String text, String what) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("the " + what + " must not be empty");
        }
    }

    private static StoreException futureRevision(long revision, long current) {
        return new StoreException("revision " + revision + " lies in the future; the current one is " + current, null);
    }
}
