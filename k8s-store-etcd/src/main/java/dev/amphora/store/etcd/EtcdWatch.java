package dev.amphora.store.etcd;

import dev.amphora.kernel.Actor;
import dev.amphora.store.CompactedException;
import dev.amphora.store.Store.Entry;
import dev.amphora.store.Store.Event;
import dev.amphora.store.Store.Listener;
import dev.amphora.store.Store.Watch;
import dev.amphora.store.StoreException;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watch, kept alive over any number of streams to the server.
 *
 * <p>An actor owns the place it has come to. A stream that fails, that has been silent although asked for a sign of life, or that outruns the
 * listener is dropped, and a new one begins at that place: nothing is skipped, nothing comes twice, and what waits for a slow listener
 * is bounded.
 */
final class EtcdWatch implements Watch {
    private static final Logger log = LoggerFactory.getLogger(EtcdWatch.class);
    private static final int MAX_WAITING_EVENTS = 10_000;
    private static final Duration LIVENESS_INTERVAL = Duration.ofSeconds(5);
    private static final int SILENT_INTERVALS = 3;
    private static final Duration MIN_RETRY = Duration.ofMillis(100);
    private static final Duration MAX_RETRY = Duration.ofSeconds(5);

    private final EtcdStore store;
    private final EtcdClient client;
    private final String prefix;
    private final Listener listener;
    private final Actor actor;

    // Below: the actor's own.
    private long next;
    private @Nullable Stream stream;
    private Duration retry = MIN_RETRY;
    private boolean progressWanted;
    private long progressTarget = Long.MAX_VALUE;

    private volatile boolean ended;

    EtcdWatch(EtcdStore store, EtcdClient client, String prefix, long from, Listener listener, Actor actor) {
        this.store = store;
        this.client = client;
        this.prefix = prefix;
        this.next = from;
        this.listener = listener;
        this.actor = actor;
    }

    void begin() {
        actor.execute(this::open);
        actor.schedule(LIVENESS_INTERVAL, this::checkLiveness);
    }

    @Override
    public void requestProgress() {
        actor.execute(() -> {
            progressWanted = true;
            askForProgress();
        });
    }

    @Override
    public void close() {
        if (!ended) {
            ended = true;
            actor.execute(this::release);
            store.forget(this);
        }
    }

    /** Tells the listener that this watch is over. */
    void end(StoreException error) {
        actor.execute(() -> {
            if (!ended) {
                ended = true;
                release();
                store.forget(this);
                listener.onEnd(error);
            }
        });
    }

    private void release() {
        drop();
        actor.close();
    }

    private void open() {
        if (ended) {
            return;
        }
        Stream opened = new Stream();
        stream = opened;
        try {
            // From one revision earlier, which tells for certain whether the one wanted has been compacted.
            opened.watcher = client.watch(prefix, Math.max(1, next - 1), opened);
        } catch (RuntimeException e) {
            failed(opened, e);
            return;
        }
        if (progressWanted) {
            askForProgress();
        }
    }

    private void drop() {
        Stream dropped = stream;
        stream = null;
        if (dropped != null) {
            dropped.dead = true;
            if (dropped.watcher != null) {
                dropped.watcher.close();
            }
        }
    }

    private void failed(Stream failed, @Nullable Throwable error) {
        if (stream != failed || ended) {
            return;
        }
        drop();
        if (error instanceof io.etcd.jetcd.common.exception.CompactedException compacted) {
            end(new CompactedException(compacted.getCompactedRevision()));
            return;
        }
        log.debug("The watch on {} begins a new stream at revision {} in {}", prefix, next, retry, error);
        actor.schedule(retry, this::open);
        retry = retry.multipliedBy(2).compareTo(MAX_RETRY) < 0 ? retry.multipliedBy(2) : MAX_RETRY;
    }

    private void received(Stream from, WatchResponse response) {
        List<WatchEvent> received = response.getEvents();
        from.waiting.addAndGet(-received.size());
        if (stream != from || ended) {
            return;
        }
        retry = MIN_RETRY;
        List<Event> events = new ArrayList<>(received.size());
        long fenced = 0;
        for (WatchEvent each : received) {
            KeyValue kv = each.getKeyValue();
            String key = client.name(kv.getKey());
            if (key.equals(Fence.NAME)) {
                fenced = kv.getModRevision();
            } else if (kv.getModRevision() >= next && key.startsWith(prefix)) {
                events.add(event(each));
            }
        }
        if (!received.isEmpty()) {
            next = Math.max(
                    next, received.get(received.size() - 1).getKeyValue().getModRevision() + 1);
        }
        try {
            if (!events.isEmpty()) {
                listener.onEvents(events);
            }
            if (!ended && fenced != 0) {
                tellProgress(fenced);
            } else if (!ended && progressWanted && next > progressTarget) {
                tellProgress(progressTarget);
            }
        } catch (RuntimeException | Error e) {
            end(new StoreException("the listener of the watch on " + prefix + " failed", e));
            throw e;
        }
    }

    private void askForProgress() {
        client.currentRevision()
                .whenComplete((revision, error) -> actor.execute(() -> {
                    if (ended || !progressWanted || error != null) {
                        return;
                    }
                    if (next > revision) {
                        tellProgress(revision);
                    } else {
                        progressTarget = revision;
                        client.fence().raise();
                    }
                }));
    }

    private void tellProgress(long revision) {
        progressWanted = false;
        progressTarget = Long.MAX_VALUE;
        listener.onProgress(revision);
    }

    private void checkLiveness() {
        Stream current = stream;
        if (current != null && current.watcher != null) {
            if (current.heard.getAndSet(0) > 0) {
                current.silent = 0;
            } else if (++current.silent >= SILENT_INTERVALS) {
                log.warn("The watch on {} has gone silent and begins a new stream", prefix);
                failed(current, null);
                current = null;
            }
            if (current != null) {
                current.watcher.requestProgress();
            }
        }
        if (progressWanted) {
            askForProgress();
        }
        actor.schedule(LIVENESS_INTERVAL, this::checkLiveness);
    }

    private Event event(WatchEvent event) {
        KeyValue kv = event.getKeyValue();
        KeyValue before = event.getPrevKV();
        Entry previous = before.getModRevision() == 0 ? null : client.entry(before);
        return event.getEventType() == WatchEvent.EventType.DELETE
                ? new Event(Event.Type.DELETE, client.name(kv.getKey()), null, previous, kv.getModRevision())
                : new Event(Event.Type.PUT, client.name(kv.getKey()), client.entry(kv), previous, kv.getModRevision());
    }

    /** One stream to the server; its calls come from the client's threads and only hand over to the actor. */
    private final class Stream implements io.etcd.jetcd.Watch.Listener {
        final AtomicInteger waiting = new AtomicInteger();
        final AtomicInteger heard = new AtomicInteger();
        volatile boolean dead;
        int silent;

        @Nullable Watcher watcher;

        @Override
        public void onNext(WatchResponse response) {
            if (dead) {
                return;
            }
            heard.incrementAndGet();
            int events = response.getEvents().size();
            if (events == 0) {
                return;
            }
            if (waiting.addAndGet(events) > MAX_WAITING_EVENTS + events) {
                // The listener is slow: what waits is still delivered, the rest is fetched again.
                dead = true;
                actor.execute(() -> failed(this, null));
                return;
            }
            actor.execute(() -> received(this, response));
        }

        @Override
        public void onError(Throwable error) {
            if (!dead) {
                dead = true;
                actor.execute(() -> failed(this, error));
            }
        }

        @Override
        public void onCompleted() {
            if (!dead) {
                dead = true;
                actor.execute(() -> failed(this, null));
            }
        }
    }
}
