package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.WatchSink.EventType;
import dev.amphora.kernel.Actor;
import io.fabric8.kubernetes.api.model.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One who watches a resource: selects among its changes, keeps those not yet delivered, and delivers them on an actor of its own. If
 * too many pile up the watch is ended; the watcher resumes or lists again, and nobody else waits for it.
 */
final class CacheWatcher implements WatchSink.Handle {
    private static final int MOST_PENDING = 20_000;
    private static final long MOST_PENDING_BYTES = 64L << 20;
    private static final Duration BOOKMARK_EVERY = Duration.ofSeconds(60);
    private static final Duration BOOKMARK_BEFORE_END = Duration.ofSeconds(2);

    private final WatchCache cache;
    private final WatchFilter filter;
    private final WatchSink sink;
    private final UnaryOperator<VersionedObject> view;
    private final String apiVersion;
    private final String kind;
    private final boolean bookmarks;
    private final Actor actor;
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private long after;
    /** What pending changes would keep alive, not counting what was there at the start. */
    private long pendingBytes;

    private boolean scheduled;
    private boolean paused;
    private boolean overrun;
    private boolean ending;
    private boolean closed;

    /** Bundles what describes a watcher. The view turns stored objects into the version that is watched. */
    CacheWatcher(
            WatchCache cache,
            WatchFilter filter,
            WatchSink sink,
            UnaryOperator<VersionedObject> view,
            String apiVersion,
            String kind,
            boolean bookmarks,
            Actor actor) {
        this.cache = cache;
        this.filter = filter;
        this.sink = sink;
        this.view = view;
        this.apiVersion = apiVersion;
        this.kind = kind;
        this.bookmarks = bookmarks;
        this.actor = actor;
    }

    private record Pending(EventType type, @Nullable VersionedObject object, long revision, boolean endOfInitial) {
        long weight() {
            return object == null ? 0 : object.weight();
        }
    }

    WatchFilter filter() {
        return filter;
    }

    /** Takes what is there at the start. Called under the feed's lock, before anything is offered. */
    synchronized void begin(List<VersionedObject> initial, long endOfInitial, long revision) {
        after = revision;
        for (VersionedObject object : initial) {
            if (filter.selects(object)) {
                pending.add(new Pending(EventType.ADDED, object, object.revision(), false));
            }
        }
        if (endOfInitial >= 0 && bookmarks) {
            pending.add(new Pending(EventType.BOOKMARK, null, endOfInitial, true));
        }
        wake();
    }

    /** Sets when the watch ends by itself, and its bookmarks going. */
    void keepTime(@Nullable Duration timeout) {
        if (timeout != null) {
            actor.schedule(timeout, this::end);
            if (bookmarks && timeout.compareTo(BOOKMARK_BEFORE_END) > 0) {
                actor.schedule(timeout.minus(BOOKMARK_BEFORE_END), () -> cache.bookmark(this));
            }
        }
        if (bookmarks) {
            actor.schedule(BOOKMARK_EVERY, this::bookmarkAgain);
        }
    }

    private void bookmarkAgain() {
        cache.bookmark(this);
        actor.schedule(BOOKMARK_EVERY, this::bookmarkAgain);
    }

    /** Looks at a change. Called under the feed's lock. */
    void offer(Change change) {
        if (change.revision() <= after || !change.key().startsWith(filter.prefix())) {
            return;
        }
        VersionedObject now = change.object();
        VersionedObject before = change.previous();
        boolean matches = now != null && filter.selects(now);
        boolean matched = before != null && (filter.isEverything() || filter.selects(before));
        if (matches && now != null) {
            add(new Pending(matched ? EventType.MODIFIED : EventType.ADDED, now, change.revision(), false));
        } else if (matched) {
            add(new Pending(EventType.DELETED, change.last(), change.revision(), false));
        }
    }

    void offerBookmark(long revision) {
        if (revision >= after) {
            add(new Pending(EventType.BOOKMARK, null, revision, false));
        }
    }

    private synchronized void add(Pending event) {
        if (closed || ending) {
            return;
        }
        if (pending.size() >= MOST_PENDING || pendingBytes > MOST_PENDING_BYTES) {
            giveUp();
        } else {
            pending.add(event);
            pendingBytes += event.weight();
        }
        wake();
    }

    /** Ends the watch after what is pending; at once if nobody takes it. */
    synchronized void end() {
        if (paused) {
            giveUp();
        }
        ending = true;
        wake();
    }

    private synchronized void giveUp() {
        pending.clear();
        pendingBytes = 0;
        overrun = true;
        paused = false;
        ending = true;
    }

    /** Ends the watch with an error, before it has begun. */
    void fail(Status error) {
        actor.execute(() -> {
            synchronized (this) {
                if (closed) {
                    return;
                }
            }
            sink.onError(error);
            close();
            sink.onClose();
        });
    }

    @Override
    public synchronized void pause() {
        paused = !overrun;
    }

    @Override
    public synchronized void resume() {
        paused = false;
        wake();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            pending.clear();
            pendingBytes = 0;
        }
        cache.remove(this);
        actor.close();
    }

    private synchronized void wake() {
        if (!scheduled && !closed && !paused && (ending || !pending.isEmpty())) {
            scheduled = true;
            actor.execute(this::deliver);
        }
    }

    private void deliver() {
        boolean toldCaughtUp = true;
        while (true) {
            Pending next;
            synchronized (this) {
                if (closed) {
                    scheduled = false;
                    return;
                }
                next = paused ? null : pending.poll();
                if (next == null && toldCaughtUp && (paused || !ending)) {
                    scheduled = false;
                    return;
                }
                if (next != null) {
                    pendingBytes = Math.max(0, pendingBytes - next.weight());
                }
            }
            if (next == null && !toldCaughtUp) {
                toldCaughtUp = true;
                sink.onCaughtUp();
                continue;
            }
            if (next == null) {
                close();
                sink.onClose();
                return;
            }
            toldCaughtUp = false;
            try {
                VersionedObject object = next.object;
                sink.onEvent(
                        next.type, object == null ? bookmark(next.revision, next.endOfInitial) : view.apply(object));
            } catch (RuntimeException e) {
                // Better no watch than one with a hole in it, or one that is silent for ever.
                close();
                sink.onClose();
                throw e;
            }
        }
    }

    private VersionedObject bookmark(long revision, boolean endOfInitial) {
        ObjectNode tree = Json.object();
        tree.put("kind", kind);
        tree.put("apiVersion", apiVersion);
        ObjectNode metadata = tree.putObject("metadata");
        metadata.put("resourceVersion", Long.toString(revision));
        if (endOfInitial) {
            metadata.putObject("annotations").put("k8s.io/initial-events-end", "true");
        }
        return VersionedObject.of("", revision, tree);
    }
}
