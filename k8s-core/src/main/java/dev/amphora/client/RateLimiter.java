package dev.amphora.client;

import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * Says how long a key has to wait before its next attempt.
 *
 * <p>Implementations are safe for concurrent use.
 *
 * @param <K> the class of the keys
 */
public interface RateLimiter<K> {

    /** Counts one more failure of a key and says how long to wait. */
    Duration when(K key);

    /** Forgets the failures of a key. */
    void forget(K key);

    /** How many failures of a key are counted. */
    int failures(K key);

    /**
     * The reference's default for controllers: the longer of an exponential delay per key, 5 ms doubling to 1000 s, and a bucket
     * that all keys share, 10 per second with a burst of 100.
     */
    static <K> RateLimiter<K> forControllers(Kernel kernel) {
        return longest(exponential(Duration.ofMillis(5), Duration.ofSeconds(1000)), bucket(kernel, 10, 100));
    }

    /** A delay per key that doubles with each failure. */
    static <K> RateLimiter<K> exponential(Duration first, Duration max) {
        return new RateLimiter<>() {
            private final Map<K, Integer> failures = new HashMap<>();

            @Override
            public synchronized Duration when(K key) {
                int before = failures.merge(key, 1, Integer::sum) - 1;
                if (before >= Long.numberOfLeadingZeros(first.toNanos()) - 1) {
                    return max;
                }
                Duration delay = Duration.ofNanos(first.toNanos() << before);
                return delay.compareTo(max) > 0 ? max : delay;
            }

            @Override
            public synchronized void forget(K key) {
                failures.remove(key);
            }

            @Override
            public synchronized int failures(K key) {
                return failures.getOrDefault(key, 0);
            }
        };
    }

    /**
     * A bucket of tokens that all keys share.
     *
     * @param perSecond how fast tokens return
     * @param burst how many tokens there are at first, and at most
     */
    static <K> RateLimiter<K> bucket(Kernel kernel, double perSecond, int burst) {
        return new RateLimiter<>() {
            private double tokens = burst;
            private Instant last = kernel.instant();

            @Override
            public synchronized Duration when(K key) {
                Instant now = kernel.instant();
                if (now.isAfter(last)) {
                    tokens =
                            Math.min(burst, tokens + Duration.between(last, now).toNanos() / 1e9 * perSecond);
                    last = now;
                }
                tokens -= 1;
                return tokens >= 0 ? Duration.ZERO : Duration.ofNanos((long) Math.ceil(-tokens / perSecond * 1e9));
            }

            @Override
            public void forget(K key) {}

            @Override
            public int failures(K key) {
                return 0;
            }
        };
    }

    /** The longer of two delays. */
    static <K> RateLimiter<K> longest(RateLimiter<K> one, RateLimiter<K> other) {
        return new RateLimiter<>() {
            @Override
            public Duration when(K key) {
                Duration a = one.when(key);
                Duration b = other.when(key);
                return a.compareTo(b) >= 0 ? a : b;
            }

            @Override
            public void forget(K key) {
                one.forget(key);
                other.forget(key);
            }

            @Override
            public int failures(K key) {
                return Math.max(one.failures(key), other.failures(key));
            }
        };
    }
}
