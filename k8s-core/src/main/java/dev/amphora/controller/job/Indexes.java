package dev.amphora.controller.job;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Completion indexes of an Indexed Job, written as {@code 1,3-5,7}. */
final class Indexes {
    private Indexes() {}

    /**
     * Reads a list of intervals; what cannot be read, or is not below the limit, is left out.
     *
     * @param limit the number of completions
     */
    static NavigableSet<Integer> parse(@Nullable String text, int limit) {
        NavigableSet<Integer> indexes = new TreeSet<>();
        if (text == null || text.isEmpty()) {
            return indexes;
        }
        for (String interval : text.split(",")) {
            int dash = interval.indexOf('-');
            try {
                int first = Integer.parseInt(dash < 0 ? interval : interval.substring(0, dash));
                int last = dash < 0 ? first : Integer.parseInt(interval.substring(dash + 1));
                for (int i = first; i <= Math.min(last, limit - 1); i++) {
                    indexes.add(i);
                }
            } catch (NumberFormatException e) {
                continue;
            }
        }
        return indexes;
    }

    /** Writes indexes: two neighbours by a comma, three and more by a dash. */
    static String format(NavigableSet<Integer> indexes) {
        List<String> intervals = new ArrayList<>();
        int first = -1;
        int last = -2;
        for (int index : indexes) {
            if (index != last + 1) {
                flush(intervals, first, last);
                first = index;
            }
            last = index;
        }
        flush(intervals, first, last);
        return String.join(",", intervals);
    }

    private static void flush(List<String> intervals, int first, int last) {
        if (last < 0) {
            return;
        }
        if (first == last) {
            intervals.add(String.valueOf(first));
        } else if (first + 1 == last) {
            intervals.add(first + "," + last);
        } else {
            intervals.add(first + "-" + last);
        }
    }
}
