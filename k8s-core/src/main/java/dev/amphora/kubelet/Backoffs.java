package dev.amphora.kubelet;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * Back-off by key: doubling from the initial to the longest, forgotten when nothing has failed for twice the longest. Belongs to one
 * actor.
 */
final class Backoffs {
    private record Entry(Duration backoff, Instant since) {}

    private final Duration initial;
    private final Duration max;
    private final Map<String, Entry> entries = new HashMap<>();

    Backoffs(Duration initial, Duration max) {
        this.initial = initial.compareTo(max) > 0 ? max : initial;
        this.max = max;
    }

    /** How long a key is in back-off now. */
    Duration current(String key) {
        Entry entry = entries.get(key);
        return entry == null ? Duration.ZERO : entry.backoff;
    }

    /** What is left of a key's back-off, counted from an event; zero if it may go on. */
    Duration left(String key, Instant event, Instant now) {
        Entry entry = entries.get(key);
        if (entry == null || expired(entry, event)) {
            return Duration.ZERO;
        }
        Duration left = Duration.between(now, event.plus(entry.backoff));
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** What is left of a key's back-off since it was last raised. */
    Duration left(String key, Instant now) {
        Entry entry = entries.get(key);
        return entry == null ? Duration.ZERO : left(key, entry.since, now);
    }

    /** Raises a key's back-off because of an event. */
    void next(String key, Instant event) {
        Entry entry = entries.get(key);
        if (entry == null || expired(entry, event)) {
            entries.put(key, new Entry(initial, event));
        } else {
            Duration doubled = entry.backoff.multipliedBy(2);
            entries.put(key, new Entry(doubled.compareTo(max) > 0 ? max : doubled, event));
        }
    }

    /** Forgets all keys that begin with a prefix. */
    void forget(String prefix) {
        entries.keySet().removeIf(key -> key.startsWith(prefix));
    }

    private boolean expired(Entry entry, Instant event) {
        return Duration.between(entry.since, event).compareTo(max.multipliedBy(2)) > 0;
    }
}
