package dev.amphora.client;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.Meters;
import dev.amphora.kernel.MetricFamily.Series;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys that wait to be worked on, with the semantics of the reference's {@code util/workqueue}.
 *
 * <p>Keys leave in the order in which they came. A key that is added twice before its turn is worked on once; a key that is
 * added while it is worked on has another turn afterwards; no key is worked on by two workers at a time. Adding is safe from any
 * thread and never blocks. Delays run on the kernel's clock.
 *
 * @param <K> the class of the keys, with value equality
 */
public final class WorkQueue<K> implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WorkQueue.class);

    private final Kernel kernel;
    private final String name;
    private final RateLimiter<K> limiter;
    private final Actor timers;

    // guarded by this
    private final ArrayDeque<K> waiting = new ArrayDeque<>();
    private final Set<K> dirty = new LinkedHashSet<>();
    private final Map<K, Instant> processing = new HashMap<>();
    private final Map<K, Delayed> delayed = new HashMap<>();
    private final ArrayDeque<Actor> idle = new ArrayDeque<>();
    private final List<Actor> workers = new ArrayList<>();
    private Consumer<? super K> work = key -> {};
    private boolean closed;

    private final Map<K, Instant> since = new HashMap<>();
    private final Measured measured;
    private final AutoCloseable reading;

    private record Delayed(Instant due, Actor.Timer timer) {}

    /** What queues tell of themselves, by the reference's names. */
    private record Measured(
            Series adds,
            Series depth,
            Series retries,
            Series waited,
            Series worked,
            Series unfinished,
            Series longest) {
        private static final double[] SECONDS =
                DoubleStream.iterate(1e-8, bound -> bound * 10).limit(12).toArray();

        static Measured of(Meters meters, String name) {
            return new Measured(
                    meters.counter("workqueue_adds_total", "[BETA] Keys that were added to a queue.", "name")
                            .series(name),
                    meters.gauge("workqueue_depth", "[BETA] Keys that wait in a queue.", "name")
                            .series(name),
                    meters.counter("workqueue_retries_total", "[BETA] Keys that were added to be tried again.", "name")
                            .series(name),
                    meters.histogram(
                                    "workqueue_queue_duration_seconds",
                                    "[BETA] How long keys waited in a queue, in seconds.",
                                    SECONDS,
                                    "name")
                            .series(name),
                    meters.histogram(
                                    "workqueue_work_duration_seconds",
                                    "[BETA] How long keys were worked on, in seconds.",
                                    SECONDS,
                                    "name")
                            .series(name),
                    meters.gauge(
                                    "workqueue_unfinished_work_seconds",
                                    "[BETA] How long the keys that are worked on now have been, in sum, in seconds.",
                                    "name")
                            .series(name),
                    meters.gauge(
                                    "workqueue_longest_running_processor_seconds",
                                    "[BETA] How long the longest of the keys that are worked on now has been, in seconds.",
                                    "name")
                            .series(name));
        }
    }

    /**
     * A queue with the reference's default limits for controllers.
     *
     * @param name names the workers, such as the controller's name
     */
    public WorkQueue(Kernel kernel, String name) {
        this(kernel, name, RateLimiter.forControllers(kernel));
    }

    /**
     * A queue.
     *
     * @param name names the workers and the measurements, such as the controller's name
     * @param limiter decides about {@link #addRateLimited}
     */
    public WorkQueue(Kernel kernel, String name, RateLimiter<K> limiter) {
        this(kernel, name, limiter, name);
    }

    /**
     * A queue whose measurements have a name of their own.
     *
     * @param name names the workers, such as the controller's name
     * @param limiter decides about {@link #addRateLimited}
     * @param measuredAs the label {@code name} of its measurements
     */
    public WorkQueue(Kernel kernel, String name, RateLimiter<K> limiter, String measuredAs) {
        this.kernel = kernel;
        this.name = name;
        this.limiter = limiter;
        this.timers = kernel.actor(name + "/delays");
        this.measured = Measured.of(kernel.meters(), measuredAs);
        this.reading = kernel.meters().reading(this::measureUnfinished);
    }

    /**
     * Begins to work. Called once.
     *
     * @param count how many keys may be worked on at a time
     * @param work what to do with a key; what it throws is logged and forgotten
     */
    public void start(int count, Consumer<? super K> work) {
        synchronized (this) {
            if (closed) {
                return;
            }
            this.work = work;
            for (int i = 0; i < count; i++) {
                Actor worker = kernel.actor(count == 1 ? name : name + "/" + i);
                workers.add(worker);
                idle.add(worker);
            }
            for (int i = Math.min(count, waiting.size()); i > 0; i--) {
                dispatch();
            }
        }
    }

    /** Adds a key. */
    public synchronized void add(K key) {
        if (closed || !dirty.add(key)) {
            return;
        }
        measured.adds.add(1);
        since.put(key, kernel.instant());
        if (!processing.containsKey(key)) {
            queue(key);
            dispatch();
        }
    }

    private void queue(K key) {
        waiting.add(key);
        measured.depth.add(1);
    }

    /** Adds a key after a delay, unless it is due to be added earlier anyway. */
    public void addAfter(K key, Duration delay) {
        if (delay.isZero() || delay.isNegative()) {
            add(key);
            return;
        }
        Instant due = kernel.instant().plus(delay);
        synchronized (this) {
            if (closed) {
                return;
            }
            Delayed before = delayed.get(key);
            if (before != null) {
                if (!due.isBefore(before.due)) {
                    return;
                }
                before.timer.cancel();
            }
            delayed.put(key, new Delayed(due, timers.schedule(delay, () -> ring(key, due))));
        }
    }

    /** Adds a key when the rate limiter says so, and counts a failure. */
    public void addRateLimited(K key) {
        measured.retries.add(1);
        addAfter(key, limiter.when(key));
    }

    /** Forgets the failures of a key. */
    public void forget(K key) {
        limiter.forget(key);
    }

    /** How many failures of a key are counted since it was last forgotten. */
    public int failures(K key) {
        return limiter.failures(key);
    }

    /** How many keys wait for a worker now. */
    public synchronized int length() {
        return waiting.size();
    }

    /** Drops all keys and ends the workers once they are done with what they work on. Idempotent. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            measured.depth.add(-waiting.size());
            waiting.clear();
            since.clear();
            dirty.clear();
            delayed.clear();
            idle.clear();
            workers.forEach(Actor::close);
        }
        timers.close();
        try {
            reading.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private synchronized void measureUnfinished() {
        Instant now = kernel.instant();
        measured.unfinished.set(processing.values().stream()
                .mapToDouble(began -> seconds(began, now))
                .sum());
        measured.longest.set(processing.values().stream()
                .mapToDouble(began -> seconds(began, now))
                .max()
                .orElse(0));
    }

    private synchronized void ring(K key, Instant due) {
        Delayed entry = delayed.get(key);
        if (entry != null && entry.due.equals(due)) {
            delayed.remove(key);
            add(key);
        }
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e9;
    }

    /** Wakes an idle worker. */
    private void dispatch() {
        Actor worker = idle.poll();
        if (worker != null) {
            worker.execute(() -> turn(worker));
        }
    }

    private void turn(Actor worker) {
        K key;
        Instant began = kernel.instant();
        synchronized (this) {
            key = waiting.poll();
            if (key == null) {
                if (!closed) {
                    idle.add(worker);
                }
                return;
            }
            measured.depth.add(-1);
            Instant added = since.remove(key);
            if (added != null) {
                measured.waited.observe(seconds(added, began));
            }
            dirty.remove(key);
            processing.put(key, began);
        }
        try {
            work.accept(key);
        } catch (RuntimeException e) {
            log.error("Working on {} of {} failed", key, name, e);
        } finally {
            measured.worked.observe(seconds(began, kernel.instant()));
            synchronized (this) {
                processing.remove(key);
                if (dirty.contains(key)) {
                    queue(key);
                }
                if (!closed) {
                    if (waiting.isEmpty()) {
                        idle.add(worker);
                    } else {
                        worker.execute(() -> turn(worker));
                    }
                }
            }
        }
    }
}
