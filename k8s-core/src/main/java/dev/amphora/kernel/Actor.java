package dev.amphora.kernel;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * A line of work that runs one task at a time.
 *
 * <p>Tasks run in the order of submission, each seeing the effects of the one before. A task that throws is logged and does not
 * end the actor. Submitting is safe from any thread and never blocks.
 */
public interface Actor extends Executor, AutoCloseable {

    /** The name given at creation. */
    String name();

    /** Submits a task. Ignored once this actor is closed. */
    @Override
    void execute(Runnable task);

    /**
     * Submits a task after a delay.
     *
     * @param delay how long to wait on the kernel's clock; zero or negative means now
     * @param task what to run
     * @return a handle that can call it off
     */
    Timer schedule(Duration delay, Runnable task);

    /** Drops all tasks and timers that have not begun; later ones are ignored. Idempotent, and does not wait for a running task. */
    @Override
    void close();

    /** A task that waits for its time. */
    @FunctionalInterface
    interface Timer {
        /** Calls the task off, if it has not begun. Idempotent. */
        void cancel();
    }
}
