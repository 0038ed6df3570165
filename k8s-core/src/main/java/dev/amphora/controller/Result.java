package dev.amphora.controller;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a {@link Reconciler} says when it has looked at a key. */
public final class Result {
    private static final Result DONE = new Result(null, false);
    private static final Result RETRY = new Result(null, true);

    private final @Nullable Duration after;
    private final boolean retry;

    private Result(@Nullable Duration after, boolean retry) {
        this.after = after;
        this.retry = retry;
    }

    /** All is as it should be until something changes. */
    public static Result done() {
        return DONE;
    }

    /** All is well, but the key must be looked at again when a time has passed, even if nothing changes. */
    public static Result requeueAfter(Duration delay) {
        return new Result(delay, false);
    }

    /** It did not work out; try again when the rate limiter says so. Throwing a {@code StatusException} means the same. */
    public static Result retry() {
        return RETRY;
    }

    /** Whichever of two looks again sooner. */
    public Result or(Result other) {
        if (retry || other.retry) {
            return RETRY;
        }
        if (after == null) {
            return other;
        }
        return other.after == null || after.compareTo(other.after) <= 0 ? this : other;
    }

    /** When to look again; null if not by time. */
    @Nullable Duration after() {
        return after;
    }

    boolean isDone() {
        return after == null && !retry;
    }

    boolean isRetry() {
        return retry;
    }
}
