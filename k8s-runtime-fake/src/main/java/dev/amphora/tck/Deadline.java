package dev.amphora.tck;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * How long a test waits for something, on the kernel's clock, before it fails.
 *
 * @param limit the longest wait
 */
record Deadline(Duration limit) {

    /** Waits for an outcome; fails the test, and says what it saw instead, when time is up. */
    <T> T await(Kernel kernel, String what, CompletionStage<T> stage, Supplier<String> instead) {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        try (Actor guard = kernel.actor("tck/deadline")) {
            guard.schedule(limit, () -> outcome.completeExceptionally(new TimeoutException()));
            stage.whenComplete((value, error) -> {
                if (error == null) {
                    outcome.complete(value);
                } else {
                    outcome.completeExceptionally(error);
                }
            });
            return kernel.await(outcome);
        } catch (CompletionException e) {
            if (e.getCause() instanceof TimeoutException) {
                throw new AssertionError("no " + what + " within " + limit + "; seen: " + instead.get(), e);
            }
            throw e;
        }
    }
}
