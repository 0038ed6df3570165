package dev.amphora.rest;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.util.thread.ThreadPool;

/** Jetty's threads and timers, taken from the kernel. */
final class KernelThreads {
    private KernelThreads() {}

    /** A pool without a bound of its own. */
    static final class Pool implements ThreadPool {
        private final Executor executor;

        Pool(Kernel kernel) {
            executor = kernel.blocking();
        }

        @Override
        public void execute(Runnable task) {
            executor.execute(task);
        }

        @Override
        public void join() {}

        @Override
        public int getThreads() {
            return Integer.MAX_VALUE;
        }

        @Override
        public int getIdleThreads() {
            return Integer.MAX_VALUE;
        }

        @Override
        public boolean isLowOnThreads() {
            return false;
        }
    }

    /** Timers. */
    static final class Timers extends AbstractLifeCycle implements Scheduler {
        private final Actor actor;

        Timers(Kernel kernel) {
            actor = kernel.actor("http-timers");
        }

        @Override
        public Task schedule(Runnable action, long delay, TimeUnit unit) {
            AtomicBoolean begunOrCancelled = new AtomicBoolean();
            Actor.Timer timer = actor.schedule(Duration.of(delay, unit.toChronoUnit()), () -> {
                if (begunOrCancelled.compareAndSet(false, true)) {
                    action.run();
                }
            });
            return () -> {
                boolean cancelled = begunOrCancelled.compareAndSet(false, true);
                timer.cancel();
                return cancelled;
            };
        }

        @Override
        protected void doStop() {
            actor.close();
        }
    }
}
