package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The texts of nodes that don't change, remembered for some that came last: objects that were made alike have most of their nodes in
 * common, not only as equals. Thread-safe.
 */
final class RecentTexts {
    /** What is longer is not worth the memory. */
    private static final int LONGEST = 4096;

    private static final NodeMemory<byte[]> RECENT = new NodeMemory<>();

    private RecentTexts() {}

    /** Where the text of a node is, if it is known. */
    static int place(JsonNode node) {
        return NodeMemory.place(node);
    }

    /** The text of this very node; null if it isn't known. Read-only. */
    static byte @Nullable [] of(int place, JsonNode node) {
        return RECENT.of(place, node);
    }

    /** Remembers a part of a text as that of a node. */
    static void remember(int place, JsonNode node, byte[] text, int begin, int end) {
        if (end - begin <= LONGEST) {
            RECENT.remember(place, node, Arrays.copyOfRange(text, begin, end));
        }
    }

    /**
     * Remembers the text of a node.
     *
     * @param text not changed any more
     */
    static void remember(JsonNode node, byte[] text) {
        RECENT.remember(place(node), node, text);
    }
}
