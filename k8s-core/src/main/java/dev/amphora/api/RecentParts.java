package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Objects and lists within stored objects, remembered for some that were read last. Their texts end by themselves, so one that is found at
 * a place in a document is what stands there, whatever follows; where it ends need not be looked for. Thread-safe.
 */
final class RecentParts {
    /** A power of two. */
    private static final int SETS = 256;
    /** How many are remembered of those that begin alike. */
    private static final int WAYS = 8;
    /** What is found among the first so many stays where it is. */
    private static final int AHEAD = 2;

    private static final int SHORTEST = 24;
    /** What is longer is not worth the memory. */
    private static final int LONGEST = 4096;

    private static final int STEP = Long.BYTES;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final AtomicReferenceArray<@Nullable Part> PARTS = new AtomicReferenceArray<>(SETS * WAYS);

    private RecentParts() {}

    /** A part of documents: a read-only node and what it was read from. */
    static final class Part {
        private final byte[] text;
        private final JsonNode node;
        private final boolean usual;

        private Part(byte[] text, JsonNode node, boolean usual) {
            this.text = text;
            this.node = node;
            this.usual = usual;
        }

        int length() {
            return text.length;
        }

        JsonNode node() {
            return node;
        }

        /** Whether it stands as it would be written. */
        boolean isUsual() {
            return usual;
        }

        private boolean isAt(byte[] json, int begin) {
            int end = begin + text.length;
            return end <= json.length && Arrays.equals(json, begin, end, text, 0, text.length);
        }

        private boolean isUnchanged() {
            return Trees.same(Json.read(text), node);
        }
    }

    /** Where those are that begin as what is here; -1 if it is too short to be remembered. */
    static int place(String name, byte[] json, int begin) {
        if (begin + SHORTEST > json.length) {
            return -1;
        }
        long first = (long) LONGS.get(json, begin);
        long second = (long) LONGS.get(json, begin + STEP);
        long third = (long) LONGS.get(json, begin + 2 * STEP);
        long hash = ((first * 31 + second) * 31 + third) * 31 + name.hashCode();
        hash *= 0x9E3779B97F4A7C15L;
        return (int) (hash >>> 56 & SETS - 1) * WAYS;
    }

    /** What is remembered of what begins here, null if nothing is. */
    static @Nullable Part find(int place, byte[] json, int begin) {
        for (int way = 0; way < WAYS; way++) {
            Part part = PARTS.getAcquire(place + way);
            if (part == null) {
                return null;
            }
            if (part.isAt(json, begin)) {
                assert part.isUnchanged() : "somebody has changed what is shared: " + part.node;
                if (way >= AHEAD) {
                    putFirst(place, way, part);
                }
                return part;
            }
        }
        return null;
    }

    /**
     * Remembers a part that has been read.
     *
     * @param usual whether it stands as it would be written
     */
    static void remember(int place, byte[] json, int begin, int end, JsonNode node, boolean usual) {
        if (end - begin < SHORTEST || end - begin > LONGEST) {
            return;
        }
        byte[] text = Arrays.copyOfRange(json, begin, end);
        putFirst(place, WAYS - 1, new Part(text, node, usual));
        if (usual) {
            RecentTexts.remember(node, text);
        }
    }

    /** Puts one before others and over the one that is at some way. If two threads do so some may be forgotten. */
    private static void putFirst(int place, int over, Part part) {
        for (int way = over; way > 0; way--) {
            PARTS.setRelease(place + way, PARTS.getAcquire(place + way - 1));
        }
        PARTS.setRelease(place, part);
    }
}
