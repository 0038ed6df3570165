package dev.amphora.store.memory;

import dev.amphora.kernel.Actor;
import dev.amphora.store.CompactedException;
import dev.amphora.store.Store.Event;
import dev.amphora.store.Store.Listener;
import dev.amphora.store.Store.Watch;
import dev.amphora.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One watch: a cursor into the history, moved on by an actor of its own.
 *
 * <p>Nothing is queued for it. It is either active, reading its way to the newest event, or at rest, and then everything up to the store's
 * revision has been delivered or does not concern it. A listener that is slower than the history is long ends with
 * {@link CompactedException}.
 */
final class Feed implements Watch {
    private static final int MAX_EVENTS_PER_CALL = 512;

    private final MemoryStore store;
    private final String prefix;
    private final long from;
    private final Listener listener;
    private final Actor actor;

    /** The next revision to look at. Belongs to the actor while active, to the store's lock while at rest; others see where it was lately. */
    private volatile long next;

    /** Up to which revision nothing concerned it, of what was compacted before it was looked at. Guarded by the store's lock. */
    private long passed;

    /** Guarded by the store's lock. */
    private boolean active;

    /** The revision that {@link Listener#onProgress} has to reach, 0 if nobody asked. Guarded by the store's lock. */
    private long wanted;

    /** How many writers have announced that they tell the listener themselves. */
    private final AtomicInteger holds = new AtomicInteger();

    /** The first revision that was kept back meanwhile, 0 if none was. Guarded by the store's lock. */
    private long held;

    private volatile boolean ended;

    Feed(MemoryStore store, String prefix, long from, Listener listener, Actor actor) {
        this.store = store;
        this.prefix = prefix;
        this.from = from;
        this.listener = listener;
        this.actor = actor;
        this.next = Math.max(from, MemoryStore.FIRST_REVISION + 1);
    }

    /** Begins with what is there already. Called under the store's lock. */
    void begin(long revision) {
        if (from <= revision) {
            active = true;
            actor.execute(this::pump);
        }
    }

    /** Takes note of a new event. Called under the store's lock. */
    void changed(Event event) {
        if (active) {
            return;
        }
        long revision = event.revision();
        boolean concerned = revision >= from && event.key().startsWith(prefix);
        if (wanted != 0 && revision >= wanted || concerned && holds.get() == 0) {
            wake(revision);
        } else if (concerned && held == 0) {
            held = revision;
        }
    }

    @Override
    public void hold() {
        holds.incrementAndGet();
    }

    @Override
    public void release(long known) {
        synchronized (store.lock) {
            int others = holds.decrementAndGet();
            if (active || held == 0) {
                return;
            }
            long revision = store.currentRevision();
            held = Math.max(held, known + 1);
            if (held > revision) {
                held = 0;
            } else if (revision - known > others) {
                // More than those who hold it still can have written: somebody else has.
                wake(held);
            }
        }
    }

    @Override
    public void requestProgress() {
        synchronized (store.lock) {
            long revision = store.currentRevision();
            wanted = Math.max(revision, from - 1);
            if (!active && revision >= wanted) {
                wake(revision + 1);
            }
        }
    }

    @Override
    public void close() {
        ended = true;
        actor.close();
        synchronized (store.lock) {
            store.forget(this);
        }
    }

    /** Tells the listener that this watch is over, after what it is being told now. */
    void end(StoreException error) {
        synchronized (store.lock) {
            store.forget(this);
        }
        actor.execute(() -> {
            if (!ended) {
                ended = true;
                actor.close();
                listener.onEnd(error);
            }
        });
    }

    private void wake(long revision) {
        next = Math.max(from, held == 0 ? revision : held);
        held = 0;
        active = true;
        actor.execute(this::pump);
    }

    /** Takes note that the history up to a revision is about to go. Called under the store's lock. */
    void compacting(long revision) {
        long atRest = held == 0 ? revision + 1 : held;
        for (long each = active ? Math.max(next, passed + 1) : atRest; each <= revision; each++) {
            Event event = store.history.event(each);
            if (event == null || event.key().startsWith(prefix)) {
                return;
            }
        }
        passed = Math.max(passed, revision);
    }

    private void pump() {
        long revision = store.currentRevision();
        List<Event> events = new ArrayList<>();
        long each = next;
        while (each <= revision && events.size() < MAX_EVENTS_PER_CALL) {
            Event event = store.history.event(each);
            if (event != null) {
                if (event.key().startsWith(prefix)) {
                    events.add(event);
                }
                each++;
                continue;
            }
            long after = afterPassed();
            if (after <= each) {
                end(new CompactedException(store.history.compacted()));
                return;
            }
            each = after;
        }
        next = each;
        try {
            if (!events.isEmpty() && !ended) {
                listener.onEvents(events);
            }
            long reached = progress(Math.min(each - 1, revision));
            if (reached != 0 && !ended) {
                listener.onProgress(reached);
            }
        } catch (RuntimeException | Error e) {
            end(new StoreException("the listener of the watch on " + prefix + " failed", e));
            throw e;
        }
        if (!ended && !rest()) {
            actor.execute(this::pump);
        }
    }

    private long afterPassed() {
        synchronized (store.lock) {
            return passed + 1;
        }
    }

    /** The revision to report, 0 for none. */
    private long progress(long delivered) {
        synchronized (store.lock) {
            if (wanted == 0 || delivered < wanted) {
                return 0;
            }
            wanted = 0;
            return delivered;
        }
    }

    /** Goes to rest if nothing is left to look at. */
    private boolean rest() {
        synchronized (store.lock) {
            long revision = store.currentRevision();
            if (next <= revision || (wanted != 0 && revision >= wanted)) {
                return false;
            }
            active = false;
            return true;
        }
    }
}
