package dev.amphora.kernel;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel of simulation: a virtual clock, one thread and a seed.
 *
 * <p>Nothing runs until it is told to. {@link #advance}, {@link #runUntilIdle} and {@link #runUntil} run ready tasks one at a
 * time; when several actors are ready the seed decides who is next, and when none is ready the clock jumps to the next timer.
 * The same seed and the same program give the same history. All methods must be called from one thread.
 */
public final class SimulatedKernel implements Kernel {
    private static final Logger log = LoggerFactory.getLogger(SimulatedKernel.class);
    private static final int MAX_DEPTH = 6;

    /** The time at which every simulation begins: {@code 2026-01-01T00:00:00Z}. */
    public static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

    private final Meters meters = new Meters();
    private final long seed;
    private final SplittableRandom order;
    private final SplittableRandom chance;
    private final List<Mailbox> ready = new ArrayList<>();
    private final PriorityQueue<Alarm> alarms = new PriorityQueue<>();
    /** Those that run a task now, further up the stack; few. */
    private final ArrayDeque<Mailbox> onStack = new ArrayDeque<>();

    private int[] places = new int[16];
    private final Mailbox outside = new Mailbox("blocking");
    private final List<Throwable> failures = new ArrayList<>();
    private Instant now = EPOCH;
    private long alarmSequence;
    private long steps;
    private long digest = 1125899906842597L;
    private int depth;
    private boolean closed;

    /**
     * A kernel whose every choice follows from a seed.
     *
     * @param seed any number
     */
    public SimulatedKernel(long seed) {
        this.seed = seed;
        SplittableRandom root = new SplittableRandom(seed);
        this.order = root.split();
        this.chance = root.split();
    }

    /** The seed given at creation. */
    public long seed() {
        return seed;
    }

    /** How many tasks have run so far. */
    public long steps() {
        return steps;
    }

    /**
     * A fingerprint of the history: which actor ran when, in order. Two runs with the same digest and {@linkplain #steps() steps}
     * took the same course.
     */
    public long historyDigest() {
        return digest;
    }

    /** What tasks have thrown so far, oldest first. */
    public List<Throwable> failures() {
        return List.copyOf(failures);
    }

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public Actor actor(String name) {
        if (closed) {
            throw new IllegalStateException("the kernel is closed");
        }
        return new Mailbox(name);
    }

    @Override
    public Meters meters() {
        return meters;
    }

    @Override
    public RandomGenerator random() {
        return chance;
    }

    @Override
    public String newUid() {
        long high = (chance.nextLong() & ~0xF000L) | 0x4000L;
        long low = (chance.nextLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
        return new UUID(high, low).toString();
    }

    @Override
    public void yieldPoint() {
        if (depth >= MAX_DEPTH || ready.isEmpty()) {
            return;
        }
        int turns = order.nextInt(4);
        for (int turn = 0; turn < turns; turn++) {
            if (!step()) {
                return;
            }
        }
    }

    @Override
    public <T> T await(CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        while (!future.isDone()) {
            if (!step() && !jump(null)) {
                throw new IllegalStateException(
                        "nothing is left to run that could complete what is awaited (seed " + seed + ")");
            }
        }
        return future.join();
    }

    @Override
    public Executor blocking() {
        return outside;
    }

    /** Runs every task that is ready, and those that they make ready, without moving the clock. */
    public void runReady() {
        while (step()) {
            // each step runs one task
        }
    }

    /**
     * Runs all that happens within a span of time, and leaves the clock at its end.
     *
     * @param duration not negative
     */
    public void advance(Duration duration) {
        Instant end = now.plus(duration);
        do {
            runReady();
        } while (jump(end));
        // What was awaited on the way may have taken longer.
        now = end.isAfter(now) ? end : now;
    }

    /**
     * Runs until no task is ready and no timer is set, or until a span of time has passed.
     *
     * @param limit how far the clock may move; periodic work such as a lease renewal never lets a cluster become idle
     * @return whether nothing is left
     */
    public boolean runUntilIdle(Duration limit) {
        Instant end = now.plus(limit);
        do {
            runReady();
        } while (jump(end));
        return alarms.isEmpty();
    }

    /**
     * Runs until a condition holds.
     *
     * @param condition looked at after each task
     * @param limit how far the clock may move
     * @return whether the condition holds
     */
    public boolean runUntil(BooleanSupplier condition, Duration limit) {
        Instant end = now.plus(limit);
        do {
            do {
                if (condition.getAsBoolean()) {
                    return true;
                }
            } while (step());
        } while (jump(end));
        return condition.getAsBoolean();
    }

    @Override
    public void close() {
        closed = true;
        ready.clear();
        alarms.clear();
    }

    /** Runs one ready task of an actor that is not already running further up the stack. */
    private boolean step() {
        // Few run further up the stack, and thousands may be ready: only the former are looked for.
        if (ready.isEmpty()) {
            return false;
        }
        int passed = 0;
        for (Mailbox mailbox : onStack) {
            if (!mailbox.tasks.isEmpty()) {
                places[passed++] = mailbox.place();
            }
        }
        int candidates = ready.size() - passed;
        if (candidates == 0) {
            return false;
        }
        int index = candidates == 1 ? 0 : order.nextInt(candidates);
        if (passed > 0) {
            Arrays.sort(places, 0, passed);
            for (int i = 0; i < passed && places[i] <= index; i++) {
                index++;
            }
        }
        ready.get(index).runOne(index);
        return true;
    }

    /** Moves the clock to the next timer that is due by {@code end}, or to the next at all if that is null. */
    private boolean jump(@Nullable Instant end) {
        Alarm next = alarms.peek();
        while (next != null && next.cancelled) {
            alarms.poll();
            next = alarms.peek();
        }
        if (next == null || (end != null && next.at.isAfter(end))) {
            return false;
        }
        if (next.at.isAfter(now)) {
            now = next.at;
        }
        while (next != null && !next.at.isAfter(now)) {
            alarms.poll();
            if (!next.cancelled) {
                next.ring();
            }
            next = alarms.peek();
        }
        return true;
    }

    private final class Mailbox implements Actor {
        private final String name;
        private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
        private boolean ended;
        /** Where it stood among the ready when last looked for: since then it can only have moved forward. */
        private int lastPlace;

        Mailbox(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void execute(Runnable task) {
            if (ended || closed) {
                return;
            }
            if (tasks.isEmpty()) {
                lastPlace = ready.size();
                ready.add(this);
            }
            tasks.add(task);
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            if (ended || closed) {
                return () -> {};
            }
            Alarm alarm = new Alarm(this, now.plus(delay.isNegative() ? Duration.ZERO : delay), alarmSequence++, task);
            if (delay.isZero() || delay.isNegative()) {
                alarm.ring();
            } else {
                alarms.add(alarm);
            }
            return alarm;
        }

        @Override
        public void close() {
            ended = true;
            if (!tasks.isEmpty() && !closed) {
                ready.remove(place());
            }
            tasks.clear();
        }

        /** Where it stands among the ready, which it must be. */
        private int place() {
            int place = Math.min(lastPlace, ready.size() - 1);
            while (ready.get(place) != this) {
                place--;
            }
            lastPlace = place;
            return place;
        }

        /** Runs its first task; it stands at a place among the ready. */
        private void runOne(int place) {
            Runnable task = tasks.remove();
            if (tasks.isEmpty()) {
                ready.remove(place);
            }
            steps++;
            digest = (digest * 31 + name.hashCode()) * 31 + now.hashCode();
            onStack.push(this);
            if (onStack.size() > places.length) {
                places = new int[2 * places.length];
            }
            depth++;
            try {
                task.run();
            } catch (Throwable t) {
                failures.add(t);
                log.error("A task of {} failed (seed {}, step {})", name, seed, steps, t);
            } finally {
                depth--;
                onStack.pop();
            }
        }
    }

    private static final class Alarm implements Actor.Timer, Comparable<Alarm> {
        private final Mailbox owner;
        private final Instant at;
        private final long sequence;
        private final Runnable task;
        private boolean cancelled;

        Alarm(Mailbox owner, Instant at, long sequence, Runnable task) {
            this.owner = owner;
            this.at = at;
            this.sequence = sequence;
            this.task = task;
        }

        void ring() {
            owner.execute(() -> {
                if (!cancelled) {
                    task.run();
                }
            });
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public int compareTo(Alarm other) {
            int byTime = at.compareTo(other.at);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }
}
