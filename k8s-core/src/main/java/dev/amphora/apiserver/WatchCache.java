package dev.amphora.apiserver;

import dev.amphora.api.StatusException;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The current objects of one stored resource, its recent changes, and those who watch it.
 *
 * <p>Started when first needed. Everything here is guarded by the {@link StoreFeed}'s lock, which is held for short steps only: objects
 * are decoded, selected and delivered outside, but for the selectors of watchers. Changes are kept for at least 75 seconds, as in the
 * reference, up to a number.
 */
final class WatchCache {
    private static final Duration KEPT = Duration.ofSeconds(75);
    private static final int FEWEST = 100;
    private static final int MOST = 100_000;

    private final Kernel kernel;
    private final Store store;
    private final StoreFeed feed;
    private final String prefix;
    private final Object starting = new Object();
    private final NavigableMap<String, VersionedObject> objects = new TreeMap<>();
    private final ArrayDeque<Change> recent = new ArrayDeque<>();
    private final Watchers watchers;
    private final List<Object> early = new ArrayList<>();
    private final List<Follower> followers = new ArrayList<>();
    private final List<Runnable> untilEmpty = new ArrayList<>();
    private volatile boolean started;
    private boolean reading;
    private long startRevision;
    private long lastChange;
    private long received;
    private long dispatched;
    private long starts;
    private long forgotten;

    WatchCache(Kernel kernel, Store store, StoreFeed feed, String prefix) {
        this.kernel = kernel;
        this.store = store;
        this.feed = feed;
        this.prefix = prefix;
        this.watchers = new Watchers(prefix);
    }

    /**
     * What the cache holds at one moment.
     *
     * @param objects in key order
     * @param revision what they are as recent as
     */
    record Snapshot(List<VersionedObject> objects, long revision) {
        /** Only what comes after a key. */
        Snapshot after(String key) {
            return new Snapshot(
                    objects.stream()
                            .filter(object -> object.key().compareTo(key) > 0)
                            .toList(),
                    revision);
        }
    }

    /** One who keeps in step with everything in the cache. Called under the feed's lock; must be quick. */
    interface Follower {
        /** The cache has been read from the store, for the first time or again. */
        void read(Collection<VersionedObject> objects);

        /** An object has come, changed or gone. */
        void changed(Change change);
    }

    String prefix() {
        return prefix;
    }

    /** Adds a follower, once. If the cache has been read it is told so at once. */
    void follow(Follower follower) {
        synchronized (feed) {
            if (!followers.contains(follower)) {
                followers.add(follower);
                if (started) {
                    follower.read(objects.values());
                }
            }
        }
    }

    /** Runs something once when nothing is left in the cache; at once if nothing is. */
    void whenEmpty(Runnable then) {
        start();
        synchronized (feed) {
            if (!objects.isEmpty()) {
                untilEmpty.add(then);
                return;
            }
        }
        then.run();
    }

    /** Reads the store and begins to take changes, unless that has been done. */
    void start() {
        if (started) {
            return;
        }
        synchronized (starting) {
            if (started) {
                return;
            }
            synchronized (feed) {
                reading = true;
            }
            try {
                feed.register(this);
                Store.Range range = store.range(prefix, null, 0, 0);
                synchronized (feed) {
                    take(range);
                }
            } finally {
                synchronized (feed) {
                    reading = false;
                    early.clear();
                }
            }
        }
    }

    /** Takes what the store holds, and what has come since it was read. Called under the feed's lock. */
    private void take(Store.Range range) {
        objects.clear();
        for (Store.Entry entry : range.entries()) {
            objects.put(entry.key(), decode(entry));
        }
        startRevision = range.revision();
        forgotten = startRevision;
        lastChange = startRevision;
        starts++;
        started = true;
        for (Object each : early) {
            if (each instanceof Store.Event event) {
                apply(event);
            } else {
                apply((Change) each);
            }
        }
        followers.forEach(follower -> follower.read(objects.values()));
    }

    /** Starts again for those who follow, after changes were missed. */
    void resume() {
        boolean followed;
        synchronized (feed) {
            followed = starts > 0 && !followers.isEmpty();
        }
        if (followed) {
            start();
        }
    }

    /** What a caller sees who wants everything that is acknowledged by now; null if the cache cannot keep up. */
    @Nullable Snapshot fresh(String within) {
        start();
        return feed.catchUp() ? current(within) : null;
    }

    /** What the cache holds of a prefix. */
    Snapshot current(String within) {
        start();
        synchronized (feed) {
            return new Snapshot(objects.isEmpty() ? List.of() : new ArrayList<>(within(within)), revision());
        }
    }

    /**
     * What the cache holds of a prefix, as recent as the last change of the resource.
     *
     * @param least a revision that the cache has reached
     */
    Snapshot held(String within, long least) {
        start();
        synchronized (feed) {
            return new Snapshot(new ArrayList<>(within(within)), Math.max(lastChange, least));
        }
    }

    /** What was there at a revision, as far as the changes since are remembered; null if they are not. */
    @Nullable Snapshot past(String within, long revision) {
        start();
        synchronized (feed) {
            if (revision < forgotten || revision > revision()) {
                return null;
            }
            NavigableMap<String, VersionedObject> then = new TreeMap<>();
            within(within).forEach(object -> then.put(object.key(), object));
            for (Iterator<Change> each = recent.descendingIterator(); each.hasNext(); ) {
                Change change = each.next();
                if (change.revision() <= revision) {
                    break;
                }
                if (change.previous() == null) {
                    then.remove(change.key());
                } else if (change.key().startsWith(within)) {
                    then.put(change.key(), change.previous());
                }
            }
            return new Snapshot(List.copyOf(then.values()), revision);
        }
    }

    /** The object as the cache holds it, if it is at that revision. */
    @Nullable VersionedObject known(String key, long revision) {
        if (!started) {
            return null;
        }
        synchronized (feed) {
            VersionedObject object = objects.get(key);
            return object != null && object.revision() == revision ? object : null;
        }
    }

    /** An entry of the store as an object: the cache's own, if it has it. */
    VersionedObject object(Store.Entry entry) {
        VersionedObject known = known(entry.key(), entry.modRevision());
        return known != null ? known : decode(entry);
    }

    /**
     * Adds a watcher that first hears of what is there, then of every change.
     *
     * @param within the keys' prefix
     * @param markEnd whether a bookmark is to say when it has heard of all that is there
     */
    void watchFromNow(CacheWatcher watcher, String within, boolean markEnd) {
        start();
        synchronized (feed) {
            long revision = revision();
            watcher.begin(new ArrayList<>(within(within)), markEnd ? revision : -1, revision);
            watchers.add(watcher);
        }
    }

    /** Adds a watcher that hears of every change from now on, and of nothing that is there. */
    void watchFromNow(CacheWatcher watcher) {
        start();
        synchronized (feed) {
            watcher.begin(List.of(), -1, revision());
            watchers.add(watcher);
        }
    }

    /**
     * Adds a watcher that hears of every change after a revision.
     *
     * @throws StatusException 410 if some of them are forgotten
     */
    void watchFrom(CacheWatcher watcher, long after) {
        start();
        synchronized (feed) {
            if (after < forgotten) {
                throw StatusException.expired("too old resource version: %d (%d)".formatted(after, forgotten));
            }
            watcher.begin(List.of(), -1, after);
            for (Change change : recent) {
                if (change.revision() > after) {
                    watcher.offer(change);
                }
            }
            watchers.add(watcher);
        }
    }

    /** What has been measured; null if the cache is not in use. */
    @Nullable Measurements measure(String group, String resource) {
        synchronized (feed) {
            return started
                    ? new Measurements(group, resource, objects.size(), lastChange, received, dispatched, starts, MOST)
                    : null;
        }
    }

    void remove(CacheWatcher watcher) {
        synchronized (feed) {
            watchers.remove(watcher);
        }
    }

    /** Has a watcher told that it has heard of everything so far. */
    void bookmark(CacheWatcher watcher) {
        synchronized (feed) {
            watcher.offerBookmark(revision());
        }
    }

    /** Takes a change that the store's watch delivers. Called under the feed's lock. */
    void apply(Store.Event event) {
        if (!started) {
            keepEarly(event);
            return;
        }
        VersionedObject previous = objects.get(event.key());
        Store.Entry entry = event.entry();
        apply(new Change(
                event.revision(), event.key(), entry == null ? null : decode(entry), previous, kernel.instant()));
    }

    /** Takes a change. Called under the feed's lock. */
    void apply(Change change) {
        if (!started) {
            keepEarly(change);
            return;
        }
        if (change.revision() <= startRevision) {
            return;
        }
        VersionedObject object = change.object();
        if (object == null) {
            if (objects.remove(change.key()) == null) {
                return;
            }
        } else {
            objects.put(change.key(), object);
        }
        lastChange = change.revision();
        received++;
        for (Follower follower : followers) {
            follower.changed(change);
        }
        if (objects.isEmpty() && !untilEmpty.isEmpty()) {
            List<Runnable> due = List.copyOf(untilEmpty);
            untilEmpty.clear();
            due.forEach(Runnable::run);
        }
        recent.add(change);
        Instant old = change.at().minus(KEPT);
        while (recent.size() > MOST
                || (recent.size() > FEWEST && recent.getFirst().at().isBefore(old))) {
            forgotten = recent.removeFirst().revision();
        }
        dispatched += watchers.offer(change);
    }

    /** What comes while the store is being read is applied afterwards; what comes before is in what will be read. */
    private void keepEarly(Object change) {
        if (reading) {
            early.add(change);
        }
    }

    /** Forgets everything, because changes were missed. Called under the feed's lock. */
    void reset() {
        started = false;
        objects.clear();
        recent.clear();
        early.clear();
        watchers.clear().forEach(CacheWatcher::end);
    }

    void endWatchers() {
        List<CacheWatcher> ended;
        synchronized (feed) {
            ended = watchers.clear();
        }
        ended.forEach(CacheWatcher::end);
    }

    private long revision() {
        return Math.max(startRevision, feed.applied());
    }

    private Collection<VersionedObject> within(String within) {
        if (within.equals(prefix)) {
            return objects.values();
        }
        return objects.subMap(within, true, within + Character.MAX_VALUE, false).values();
    }

    private static VersionedObject decode(Store.Entry entry) {
        return VersionedObject.stored(entry.key(), entry.value(), entry.modRevision());
    }
}
