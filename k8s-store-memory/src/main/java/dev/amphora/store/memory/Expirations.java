package dev.amphora.store.memory;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which keys expire, and when. Guarded by the store's lock. */
final class Expirations {
    private final Map<String, Expiration> byKey = new HashMap<>();
    private final TreeSet<Expiration> byTime =
            new TreeSet<>(Comparator.comparing(Expiration::at).thenComparing(Expiration::modRevision));

    /** A key that expires unless it is written again. */
    record Expiration(Instant at, String key, long modRevision) {}

    /** Replaces a key's time. */
    void set(Expiration expiration) {
        clear(expiration.key());
        byKey.put(expiration.key(), expiration);
        byTime.add(expiration);
    }

    /** Lets a key live for ever. */
    void clear(String key) {
        Expiration old = byKey.remove(key);
        if (old != null) {
            byTime.remove(old);
        }
    }

    /** What expires first, null if nothing does. */
    @Nullable Expiration first() {
        return byTime.isEmpty() ? null : byTime.first();
    }
}
