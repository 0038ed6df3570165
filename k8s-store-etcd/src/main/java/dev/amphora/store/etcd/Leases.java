package dev.amphora.store.etcd;

import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongUnaryOperator;

/**
 * Leases, shared by keys that expire at nearly the same time: a lease of its own for each event object would cost a write more.
 */
final class Leases {
    private static final int MAX_KEYS = 1000;
    private static final Duration MAX_EXTRA = Duration.ofMinutes(1);

    private final Kernel kernel;
    private final LongUnaryOperator grant;
    private long lease;
    private Instant end = Instant.MIN;
    private int keys;

    /**
     * No leases yet.
     *
     * @param grant makes a lease of so many seconds and gives its id
     */
    Leases(Kernel kernel, LongUnaryOperator grant) {
        this.kernel = kernel;
        this.grant = grant;
    }

    /** A lease that ends no earlier than after a time to live, and at most a twentieth of it or a minute later. */
    synchronized long forTimeToLive(Duration timeToLive) {
        long seconds = Math.max(1, timeToLive.plusNanos(999_999_999).toSeconds());
        Duration extra = Duration.ofSeconds(Math.min(seconds / 20, MAX_EXTRA.toSeconds()));
        Instant now = kernel.instant();
        Instant earliest = now.plusSeconds(seconds);
        Instant latest = earliest.plus(extra);
        if (end.isBefore(earliest) || end.isAfter(latest) || keys >= MAX_KEYS) {
            lease = grant.applyAsLong(seconds + extra.toSeconds());
            end = latest;
            keys = 0;
        }
        keys++;
        return lease;
    }
}
