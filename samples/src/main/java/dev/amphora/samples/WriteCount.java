package dev.amphora.samples;

import com.google.common.base.Splitter;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.ApiResult;
import dev.amphora.apiserver.WriteListener;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Counts what is written to an API server, by who writes and what. */
final class WriteCount implements WriteListener {
    private static final int SHOWN = 20;
    private final Map<String, Integer> counts = new TreeMap<>();

    @Override
    public void written(Instant at, ApiRequest request, ApiResult result) {
        String what =
                request.subresource().isEmpty() ? request.resource() : request.resource() + "/" + request.subresource();
        counts.merge(
                request.verb().name().toLowerCase(Locale.ROOT) + " " + what + " by "
                        + Splitter.on('@').splitToList(request.userAgent()).get(0),
                1,
                Integer::sum);
    }

    /** Says what was written since the last time, the most frequent first, for each of so many. */
    void print(PrintWriter out, int of) {
        int all = counts.values().stream().mapToInt(Integer::intValue).sum();
        out.printf("    %,d writes, %.2f each:", all, 1.0 * all / of);
        counts.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .limit(SHOWN)
                .forEach(entry -> out.printf("%n      %8.2f %s", 1.0 * entry.getValue() / of, entry.getKey()));
        out.println();
        out.flush();
        counts.clear();
    }
}
