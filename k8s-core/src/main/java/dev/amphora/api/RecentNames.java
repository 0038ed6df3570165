package dev.amphora.api;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** The names of members, each one string as long as it is among those that were read last: its hash is known then. Thread-safe. */
final class RecentNames {
    /** A power of two. */
    private static final int SIZE = 1024;
    /** What is longer is hardly the name of a field. */
    private static final int LONGEST = 64;

    private static final AtomicReferenceArray<@Nullable Name> NAMES = new AtomicReferenceArray<>(SIZE);

    private RecentNames() {}

    private record Name(byte[] bytes, String text) {}

    /** The name that stands in a document between quotation marks; null if it isn't known. */
    static @Nullable String of(byte[] json, int begin, int end) {
        Name known = NAMES.getAcquire(place(json, begin, end));
        return known != null && Arrays.equals(known.bytes, 0, known.bytes.length, json, begin, end) ? known.text : null;
    }

    /** Remembers what has been read; gives the instance to be used. */
    static String remember(byte[] json, int begin, int end, String text) {
        if (end - begin > LONGEST) {
            return text;
        }
        // the same instance as in the code, and as other readers give
        Name name = new Name(Arrays.copyOfRange(json, begin, end), text.intern());
        NAMES.setRelease(place(json, begin, end), name);
        return name.text;
    }

    private static int place(byte[] json, int begin, int end) {
        int hash = end - begin;
        for (int i = begin; i < end; i++) {
            hash = 31 * hash + json[i];
        }
        return (hash ^ hash >>> 10 ^ hash >>> 20) & SIZE - 1;
    }
}
