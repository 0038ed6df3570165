package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The texts of nodes that don't change, remembered for some that came last: objects that were made alike have most of their nodes in
 * common, not only as equals. Thread-safe.
 */
final class RecentTexts {
    private static final int SIZE = 128;
    /** What is longer is not worth the memory. */
    private static final int LONGEST = 4096;

    private static final AtomicReferenceArray<@Nullable Text> RECENT = new AtomicReferenceArray<>(SIZE);

    private RecentTexts() {}

    private record Text(JsonNode of, byte[] bytes) {}

    /** The text of this very node; null if it isn't known. Read-only. */
    static byte @Nullable [] of(JsonNode node) {
        Text known = RECENT.getAcquire(place(node));
        return known != null && known.of == node ? known.bytes : null;
    }

    /** Remembers a part of a text as that of a node. */
    static void remember(JsonNode node, byte[] text, int begin, int end) {
        if (end - begin <= LONGEST) {
            RECENT.setRelease(place(node), new Text(node, Arrays.copyOfRange(text, begin, end)));
        }
    }

    private static int place(JsonNode node) {
        int hash = Trees.glance(node);
        return (hash ^ hash >>> 8 ^ hash >>> 16) & SIZE - 1;
    }
}
