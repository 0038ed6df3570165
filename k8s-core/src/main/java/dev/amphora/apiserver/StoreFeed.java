package dev.amphora.apiserver;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.CompactedException;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one watch on the store, from which all watch caches are fed in order of revision.
 *
 * <p>The server's own writes arrive by a short cut, in the writer's thread, as soon as every earlier revision has arrived; what the
 * store's watch delivers later is then known already. So a read after a write finds the caches up to date without waiting, also in a
 * simulation, where nothing else runs meanwhile. The feed's lock guards all caches.
 */
final class StoreFeed implements Store.Listener {
    private static final Logger log = LoggerFactory.getLogger(StoreFeed.class);
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final Kernel kernel;
    private final Store store;
    private final String prefix;
    private final Actor actor;
    private final TreeMap<String, WatchCache> caches = new TreeMap<>();
    private final TreeMap<Long, OwnWrite> ahead = new TreeMap<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private Store.@Nullable Watch watch;
    private long applied;
    private boolean closed;

    StoreFeed(Kernel kernel, Store store, String prefix) {
        this.kernel = kernel;
        this.store = store;
        this.prefix = prefix;
        this.actor = kernel.actor("apiserver/feed");
    }

    private record OwnWrite(WatchCache cache, Change change) {}

    private record Waiter(long revision, CompletableFuture<Boolean> done) {}

    /** Begins to follow the store from its current revision. */
    void start() {
        long revision = store.revision();
        synchronized (this) {
            applied = revision;
        }
        watch = store.watch(prefix, revision + 1, this);
    }

    /** Makes the feed deliver to a cache. */
    synchronized void register(WatchCache cache) {
        caches.put(cache.prefix(), cache);
    }

    /** Everything up to this revision has reached the caches. */
    synchronized long applied() {
        return applied;
    }

    /** The store's own revision. */
    long storeRevision() {
        return store.revision();
    }

    /** Waits until the caches hold everything that the store holds now; false if that takes too long. */
    boolean catchUp() {
        return await(store.revision());
    }

    /** Waits until everything up to a revision has reached the caches; false if that takes too long. */
    boolean await(long revision) {
        CompletableFuture<Boolean> done;
        Store.Watch running = watch;
        synchronized (this) {
            if (applied >= revision) {
                return true;
            }
            done = new CompletableFuture<>();
            waiters.add(new Waiter(revision, done));
        }
        Actor.Timer timer = actor.schedule(PATIENCE, () -> done.complete(false));
        if (running != null) {
            running.requestProgress();
        }
        boolean reached = kernel.await(done);
        timer.cancel();
        return reached;
    }

    /** Announces a write that will be told by {@link #wrote}, so that the store's watch need not wake for it; to be closed after that. */
    OwnWrites writing() {
        Store.Watch running = watch;
        if (running == null) {
            return () -> {};
        }
        running.hold();
        return () -> running.release(applied());
    }

    /** A time in which this server writes. */
    interface OwnWrites extends AutoCloseable {
        @Override
        void close();
    }

    /** Takes a write of this server, which the store has acknowledged. */
    synchronized void wrote(WatchCache cache, Change change) {
        if (change.revision() > applied) {
            ahead.put(change.revision(), new OwnWrite(cache, change));
            advance();
        }
    }

    @Override
    public synchronized void onEvents(List<Store.Event> events) {
        for (Store.Event event : events) {
            if (event.revision() > applied) {
                OwnWrite own = ahead.remove(event.revision());
                if (own != null) {
                    own.cache.apply(own.change);
                } else {
                    deliver(event);
                }
            }
        }
        reached(events.get(events.size() - 1).revision());
    }

    @Override
    public synchronized void onProgress(long revision) {
        reached(revision);
    }

    @Override
    public void onEnd(StoreException error) {
        log.warn("The watch on the store has ended and is begun again: {}", error.getMessage());
        actor.schedule(Duration.ofSeconds(1), () -> resume(error instanceof CompactedException));
    }

    private void resume(boolean lost) {
        synchronized (this) {
            if (closed) {
                return;
            }
        }
        try {
            if (lost) {
                long revision = store.revision();
                synchronized (this) {
                    caches.values().forEach(WatchCache::reset);
                    ahead.clear();
                    applied = revision;
                }
            }
            watch = store.watch(prefix, applied() + 1, this);
            if (lost) {
                all().forEach(WatchCache::resume);
            }
        } catch (StoreException e) {
            onEnd(e);
        }
    }

    private synchronized List<WatchCache> all() {
        return List.copyOf(caches.values());
    }

    private void deliver(Store.Event event) {
        Map.Entry<String, WatchCache> nearest = caches.floorEntry(event.key());
        if (nearest != null && event.key().startsWith(nearest.getKey())) {
            nearest.getValue().apply(event);
        }
    }

    private void reached(long revision) {
        if (revision > applied) {
            applied = revision;
            ahead.headMap(revision, true).clear();
        }
        advance();
    }

    private void advance() {
        while (!ahead.isEmpty() && ahead.firstKey() == applied + 1) {
            OwnWrite own = ahead.pollFirstEntry().getValue();
            own.cache.apply(own.change);
            applied++;
        }
        for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
            Waiter waiter = each.next();
            if (waiter.revision <= applied) {
                each.remove();
                waiter.done.complete(true);
            } else if (waiter.done.isDone()) {
                each.remove();
            }
        }
    }

    /** Ends the watch on the store and every watcher. */
    void close() {
        List<WatchCache> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(caches.values());
        }
        actor.close();
        if (watch != null) {
            watch.close();
        }
        all.forEach(WatchCache::endWatchers);
    }
}
