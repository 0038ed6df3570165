package dev.amphora.samples.conformance;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;

/** Time for whoever replays: the machine's, or a simulation's, in which waiting costs nothing. */
final class Pace implements AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(10);

    private final Kernel kernel;
    private final Actor timers;

    Pace(Kernel kernel) {
        this.kernel = kernel;
        this.timers = kernel.actor("replay");
    }

    Kernel kernel() {
        return kernel;
    }

    Instant now() {
        return kernel.instant();
    }

    /** Lets time pass. */
    void pause(Duration duration) {
        if (duration.isZero() || duration.isNegative()) {
            return;
        }
        CompletableFuture<Void> over = new CompletableFuture<>();
        timers.schedule(duration, () -> over.complete(null));
        kernel.await(over);
    }

    void pause(double seconds) {
        pause(Duration.ofMillis(Math.round(seconds * 1000)));
    }

    /** Waits until something is true, for so long at most; returns whether it is. */
    boolean until(Duration patience, BooleanSupplier condition) {
        return until(patience, LOOK, condition);
    }

    /** Waits until something is true, looking every so often. */
    boolean until(Duration patience, Duration look, BooleanSupplier condition) {
        Instant end = now().plus(patience);
        while (!condition.getAsBoolean()) {
            if (!now().isBefore(end)) {
                return false;
            }
            pause(look);
        }
        return true;
    }

    /** Waits for an outcome, for so long at most, and then for another one in its stead. */
    <T> T await(CompletionStage<T> stage, Duration patience, T otherwise) {
        CompletableFuture<T> first = stage.toCompletableFuture();
        if (!first.isDone()) {
            Actor.Timer timer = timers.schedule(patience, () -> first.complete(otherwise));
            kernel.await(first);
            timer.cancel();
        }
        return first.join();
    }

    @Override
    public void close() {
        timers.close();
    }
}
