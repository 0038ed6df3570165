package dev.amphora.kernel;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel of production: the machine's clock, its threads, its randomness.
 *
 * <p>An actor occupies a thread only while it has something to do, so thousands of idle actors cost no thread. All threads are
 * daemons whose names begin with {@code amphora}.
 */
public final class ThreadedKernel implements Kernel {
    private static final Logger log = LoggerFactory.getLogger(ThreadedKernel.class);
    private static final int MAX_TASKS_PER_TURN = 64;

    private final Meters meters = new Meters();
    private final ForkJoinPool actors;
    private final ThreadPoolExecutor outside;
    private final ScheduledThreadPoolExecutor clock;
    private final Turns turns;
    private final Uids uids = new Uids();
    private final AtomicBoolean closed = new AtomicBoolean();

    /** A kernel with threads of its own. */
    public ThreadedKernel() {
        actors = new ForkJoinPool(
                Math.max(2, Runtime.getRuntime().availableProcessors()),
                ForkJoinPool.defaultForkJoinWorkerThreadFactory,
                null,
                true,
                0,
                256,
                1,
                null,
                5,
                TimeUnit.SECONDS);
        outside = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                5,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                new ThreadFactoryBuilder()
                        .setDaemon(true)
                        .setNameFormat("amphora-blocking-%d")
                        .build());
        clock = new ScheduledThreadPoolExecutor(
                1,
                new ThreadFactoryBuilder()
                        .setDaemon(true)
                        .setNameFormat("amphora-clock-%d")
                        .build());
        clock.setRemoveOnCancelPolicy(true);
        clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        clock.setKeepAliveTime(5, TimeUnit.SECONDS);
        clock.allowCoreThreadTimeOut(true);
        turns = new Turns(task -> submit(actors, task), blocking(), clock);
    }

    @Override
    public Instant instant() {
        return Instant.now();
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Actor actor(String name) {
        if (closed.get()) {
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
        return ThreadLocalRandom.current();
    }

    @Override
    public String newUid() {
        return uids.next();
    }

    @Override
    public void yieldPoint() {}

    @Override
    public <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    @Override
    public Executor blocking() {
        return task -> submit(outside, task);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            clock.shutdownNow();
            actors.shutdown();
            outside.shutdown();
            try {
                end(actors);
                end(outside);
                end(clock);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void end(ExecutorService executor) throws InterruptedException {
        if (!executor.awaitTermination(2, TimeUnit.SECONDS)) {
            executor.shutdownNow();
            if (!executor.awaitTermination(2, TimeUnit.SECONDS)) {
                log.warn("Tasks still run after the kernel was closed: {}", executor);
            }
        }
    }

    private void submit(Executor executor, Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            if (!closed.get()) {
                throw e;
            }
        }
    }

    /** A serial queue in front of the pool: at most one pool thread drains it at a time. */
    private final class Mailbox implements Actor {
        private final String name;
        private final String threadName;
        private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
        private final Set<Alarm> alarms = new HashSet<>();
        private boolean running;
        private boolean ended;

        Mailbox(String name) {
            this.name = name;
            threadName = "amphora-" + name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void execute(Runnable task) {
            synchronized (this) {
                if (ended) {
                    return;
                }
                tasks.add(task);
                if (running) {
                    return;
                }
                running = true;
            }
            turns.add(this::drain);
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            if (delay.isZero() || delay.isNegative()) {
                AtomicBoolean cancelled = new AtomicBoolean();
                execute(() -> {
                    if (!cancelled.get()) {
                        task.run();
                    }
                });
                return () -> cancelled.set(true);
            }
            Alarm alarm = new Alarm(task);
            synchronized (this) {
                if (ended) {
                    return () -> {};
                }
                alarms.add(alarm);
                try {
                    alarm.future = clock.schedule(alarm::ring, delay.toNanos(), TimeUnit.NANOSECONDS);
                } catch (RejectedExecutionException e) {
                    alarms.remove(alarm);
                }
            }
            return alarm;
        }

        @Override
        public void close() {
            synchronized (this) {
                ended = true;
                tasks.clear();
                for (Alarm alarm : alarms) {
                    if (alarm.future != null) {
                        alarm.future.cancel(false);
                    }
                }
                alarms.clear();
            }
        }

        private synchronized boolean hasEnded() {
            return ended;
        }

        private void drain() {
            Thread thread = Thread.currentThread();
            if (!thread.getName().equals(threadName)) {
                // It keeps the name until it serves another actor: the system is told each time, which costs as much as
                // a small task.
                thread.setName(threadName);
            }
            for (int turn = 0; turn < MAX_TASKS_PER_TURN; turn++) {
                Runnable task;
                synchronized (this) {
                    task = tasks.poll();
                    if (task == null) {
                        running = false;
                        return;
                    }
                }
                try {
                    task.run();
                } catch (Throwable t) {
                    // What an actor still does when it is closed meets things that are closed already.
                    if (!closed.get() && !hasEnded()) {
                        log.error("A task of {} failed", name, t);
                    } else {
                        log.debug("A task of {} failed after the end", name, t);
                    }
                }
            }
            turns.add(this::drain);
        }

        private final class Alarm implements Timer {
            private final Runnable task;
            private final AtomicBoolean cancelled = new AtomicBoolean();
            private @Nullable ScheduledFuture<?> future;

            Alarm(Runnable task) {
                this.task = task;
            }

            void ring() {
                synchronized (Mailbox.this) {
                    alarms.remove(this);
                }
                execute(() -> {
                    if (!cancelled.get()) {
                        task.run();
                    }
                });
            }

            @Override
            public void cancel() {
                cancelled.set(true);
                synchronized (Mailbox.this) {
                    alarms.remove(this);
                    if (future != null) {
                        future.cancel(false);
                    }
                }
            }
        }
    }
}
