package dev.amphora.apiserver.review;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Answers that count for a while, the newest of them. Safe for concurrent use. */
final class Answers<K, V> {
    private static final int MOST = 8_192;

    private final InstantSource clock;
    private final Map<K, Timed<V>> known = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, Timed<V>> eldest) {
            return size() > MOST;
        }
    };

    private record Timed<V>(V value, Instant until) {}

    Answers(InstantSource clock) {
        this.clock = clock;
    }

    synchronized Optional<V> get(K question) {
        Timed<V> found = known.get(question);
        return found == null || !clock.instant().isBefore(found.until) ? Optional.empty() : Optional.of(found.value);
    }

    synchronized void put(K question, V answer, Duration counts) {
        known.remove(question);
        known.put(question, new Timed<>(answer, clock.instant().plus(counts)));
    }
}
