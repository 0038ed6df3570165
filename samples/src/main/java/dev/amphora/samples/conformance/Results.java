package dev.amphora.samples.conformance;

import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Hears how each case of a file went. */
interface Results {
    /** A case was replayed; it has passed if there are no differences. */
    void replayed(String name, List<String> differences);

    /** A case could not be replayed. */
    void skipped(String name, String reason);

    /** Replays a case; what is thrown is a difference, or a reason to skip it. */
    default void replay(String name, Supplier<List<String>> differences) {
        try {
            replayed(name, differences.get());
        } catch (SkipException e) {
            skipped(name, e.reason());
        } catch (RuntimeException e) {
            Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
            replayed(name, List.of(cause.getClass().getSimpleName() + ": " + cause.getMessage()));
        }
    }
}
