package dev.amphora.kernel;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Lets actors have their turns on few threads, in order, and on more while those get nowhere.
 *
 * <p>As many threads as there are processors are enough for what computes, and any more are woken and sent to sleep for each hop from
 * actor to actor, which costs more than most of what an actor does in a turn. But an actor may wait for something without the pool
 * knowing. So when turns are due and none has begun for a while, another thread takes what is there.
 */
final class Turns {
    private static final Duration PATIENCE = Duration.ofMillis(20);

    private final Executor few;
    private final Executor more;
    private final ScheduledExecutorService clock;
    private final Queue<Runnable> due = new ConcurrentLinkedQueue<>();
    private final AtomicLong begun = new AtomicLong();
    private final AtomicBoolean watched = new AtomicBoolean();
    private final Runnable next = this::takeOne;
    /** How many turns had begun when it was last looked; written before the next look is ordered. */
    private long begunBefore;

    /**
     * Turns on given threads.
     *
     * @param few runs what is ordered when it can
     * @param more starts a thread if none is idle
     * @param clock wakes up to look whether turns begin
     */
    Turns(Executor few, Executor more, ScheduledExecutorService clock) {
        this.few = few;
        this.more = more;
        this.clock = clock;
    }

    /** Orders a turn. It must not throw. */
    void add(Runnable turn) {
        due.add(turn);
        few.execute(next);
        if (!watched.get() && watched.compareAndSet(false, true)) {
            watch();
        }
    }

    private void takeOne() {
        Runnable turn = take();
        if (turn != null) {
            turn.run();
        }
    }

    private void takeAll() {
        Thread thread = Thread.currentThread();
        String name = thread.getName();
        for (Runnable turn = take(); turn != null; turn = take()) {
            turn.run();
        }
        thread.setName(name);
    }

    private @Nullable Runnable take() {
        Runnable turn = due.poll();
        if (turn != null) {
            begun.incrementAndGet();
        }
        return turn;
    }

    private void watch() {
        begunBefore = begun.get();
        try {
            clock.schedule(this::look, PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // closed
        }
    }

    private void look() {
        if (due.isEmpty()) {
            watched.set(false);
            // whoever has added one meanwhile may have seen that it was watched
            if (due.isEmpty() || !watched.compareAndSet(false, true)) {
                return;
            }
        } else if (begun.get() == begunBefore) {
            more.execute(this::takeAll);
        }
        watch();
    }
}
