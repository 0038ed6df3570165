package dev.amphora.apiserver;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the store's history short: every interval it is compacted to the revision that was the newest an interval ago. */
final class Compaction {
    private static final Logger log = LoggerFactory.getLogger(Compaction.class);

    private final Kernel kernel;
    private final Store store;
    private final Duration interval;
    private final Actor actor;
    private long newest;

    /** Zero as interval for compacting only when told to. */
    Compaction(Kernel kernel, Store store, Duration interval) {
        this.kernel = kernel;
        this.store = store;
        this.interval = interval;
        this.actor = kernel.actor("apiserver/compaction");
    }

    void start() {
        if (!interval.isZero()) {
            newest = store.revision();
            await(interval);
        }
    }

    private void await(Duration delay) {
        actor.schedule(delay, () -> kernel.blocking().execute(this::again));
    }

    private void again() {
        try {
            store.compact(newest);
            newest = store.revision();
        } catch (StoreException e) {
            log.warn("The store was not compacted: {}", e.getMessage());
        }
        await(interval);
    }

    /** Compacts to the newest revision. */
    void now() {
        store.compact(store.revision());
    }

    void close() {
        actor.close();
    }
}
