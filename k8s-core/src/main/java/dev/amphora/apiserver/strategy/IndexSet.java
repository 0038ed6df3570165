package dev.amphora.apiserver.strategy;

import java.util.ArrayList;
import java.util.List;

/**
 * Indexes of a job in their written form, such as {@code 1,3-5}.
 *
 * @param indexes in order; not complete if something is wrong
 * @param error what is wrong; empty if nothing
 */
record IndexSet(List<Long> indexes, String error) {
    private static final long MOST = 1_000_000;

    long size() {
        return error.isEmpty() ? indexes.size() : 0;
    }

    /** Reads indexes, which must rise and be below a number of completions. */
    static IndexSet parse(String text, long completions) {
        List<Long> indexes = new ArrayList<>();
        if (text.isEmpty()) {
            return new IndexSet(indexes, "");
        }
        long previous = -1;
        for (String interval : text.split(",", -1)) {
            String[] parts = interval.split("-", -1);
            if (parts.length > 2) {
                return new IndexSet(
                        indexes,
                        "the fragment \"%s\" violates the requirement that an index interval can have at most two parts"
                                        .formatted(interval)
                                + " separated by '-'");
            }
            long from = -1;
            for (String part : parts) {
                long index;
                try {
                    index = Long.parseLong(part);
                } catch (NumberFormatException e) {
                    return new IndexSet(indexes, "cannot convert string to integer for index: \"%s\"".formatted(part));
                }
                if (index >= completions) {
                    return new IndexSet(indexes, "too large index: \"%s\"".formatted(part));
                }
                if (index <= previous) {
                    return new IndexSet(
                            indexes, "non-increasing order, previous: %d, current: %d".formatted(previous, index));
                }
                for (long i = from < 0 ? index : from + 1; i <= index && indexes.size() < MOST; i++) {
                    indexes.add(i);
                }
                from = index;
                previous = index;
            }
        }
        return new IndexSet(indexes, "");
    }
}
