package dev.amphora.kernel;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * The source of time, tasks and chance for every component of a cluster.
 *
 * <p>Work is done by {@linkplain Actor actors}: an actor runs one task at a time, in the order of submission, so that what
 * belongs to one actor needs no lock. Different actors run side by side ({@link ThreadedKernel}) or in an order drawn from a
 * seed ({@link SimulatedKernel}).
 */
public interface Kernel extends InstantSource, AutoCloseable {

    /** The current time of this kernel's clock: the machine's or the simulation's. */
    @Override
    Instant instant();

    /**
     * The nanoseconds since some moment, by a clock that doesn't go back: for how long something takes, where {@link #instant()} would cost
     * too much.
     */
    default long nanoTime() {
        Instant now = instant();
        return now.getEpochSecond() * 1_000_000_000 + now.getNano();
    }

    /**
     * Creates an actor.
     *
     * @param name what it is for, such as {@code "scheduler"} or {@code "kubelet/worker-1"}; need not be unique. Names threads and
     *     appears in the history of a simulation
     * @return a new actor; close it when its owner ends
     * @throws IllegalStateException if this kernel is closed
     */
    Actor actor(String name);

    /**
     * The kernel's random generator. Under simulation its numbers follow from the seed; on threads it is safe for concurrent use.
     */
    RandomGenerator random();

    /** A new random UUID in its canonical text form, as used for {@code metadata.uid}. */
    String newUid();

    /**
     * Marks a point where the caller meets the rest of the cluster, such as a client's call. Under simulation ready tasks of
     * <em>other</em> actors may run here, never the caller's own; on threads this does nothing.
     */
    void yieldPoint();

    /**
     * Waits for an outcome from the kernel's own world. On threads the caller blocks; under simulation other actors run, and the
     * clock moves on, until the stage is complete.
     *
     * @param <T> the outcome's type
     * @param stage what to wait for
     * @return its value
     * @throws java.util.concurrent.CompletionException if the stage completed exceptionally
     * @throws IllegalStateException under simulation, if nothing is left that could complete it
     */
    <T> T await(CompletionStage<T> stage);

    /**
     * An executor for work that may block on the outside world, such as serving an HTTP request. Tasks run in no particular order.
     * Under simulation they are ordinary tasks of an actor of their own.
     */
    Executor blocking();

    /** What the components on this kernel measure of themselves. */
    Meters meters();

    /** Ends every actor and timer of this kernel and lets go of its threads. Pending tasks are dropped. Idempotent. */
    @Override
    void close();
}
