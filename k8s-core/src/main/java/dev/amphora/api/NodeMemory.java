package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What is known of nodes that don't change, found by the very node, for some that came last. Thread-safe.
 *
 * @param <T> what is known
 */
final class NodeMemory<T> {
    /** A power of two. */
    private static final int SETS = 64;
    /** How many are remembered of those that look alike at a glance, as many do that differ in their times alone. */
    private static final int WAYS = 8;

    private final AtomicReferenceArray<@Nullable Known<T>> known = new AtomicReferenceArray<>(SETS * WAYS);

    /**
     * What is known of a node.
     *
     * @param of the node
     * @param value what is known
     */
    record Known<T>(JsonNode of, T value) {}

    /** Where nodes are that look like this one. */
    static int place(JsonNode node) {
        int hash = Trees.glance(node);
        return (hash ^ hash >>> 8 ^ hash >>> 16) & SETS - 1;
    }

    /** What is known of this very node; null if nothing is. */
    @Nullable T of(int place, JsonNode node) {
        for (int way = place * WAYS; way < (place + 1) * WAYS; way++) {
            Known<T> each = known.getAcquire(way);
            if (each == null) {
                return null;
            }
            if (each.of == node) {
                return each.value;
            }
        }
        return null;
    }

    /** The one that was remembered last of those that look alike; null if none was. */
    @Nullable Known<T> latest(int place) {
        return known.getAcquire(place * WAYS);
    }

    /** If two threads do so at once some may be forgotten. */
    void remember(int place, JsonNode node, T value) {
        for (int way = (place + 1) * WAYS - 1; way > place * WAYS; way--) {
            known.setRelease(way, known.getAcquire(way - 1));
        }
        known.setRelease(place * WAYS, new Known<>(node, value));
    }
}
