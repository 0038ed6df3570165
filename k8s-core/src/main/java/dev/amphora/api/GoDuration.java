package dev.amphora.api;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;

/** Durations such as {@code 1h30m}. */
public final class GoDuration {
    private static final Pattern WHOLE =
            Pattern.compile("([-+]?)(0|(?:(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)");
    private static final Pattern PART = Pattern.compile("([0-9.]+)(ns|us|µs|μs|ms|s|m|h)");
    private static final Map<String, Long> NANOS = Map.of(
            "ns",
            1L,
            "us",
            1_000L,
            "µs",
            1_000L,
            "μs",
            1_000L,
            "ms",
            1_000_000L,
            "s",
            1_000_000_000L,
            "m",
            60_000_000_000L,
            "h",
            3_600_000_000_000L);

    private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);

    private GoDuration() {}

    /** Reads a duration; an {@link IllegalArgumentException} if it is none. */
    public static Duration parse(String text) {
        Matcher whole = WHOLE.matcher(text);
        if (!whole.matches()) {
            throw new IllegalArgumentException("not a duration: " + text);
        }
        BigDecimal nanos = BigDecimal.ZERO;
        Matcher part = PART.matcher(whole.group(2));
        while (part.find()) {
            String number = part.group(1).endsWith(".") ? part.group(1) + "0" : part.group(1);
            nanos = nanos.add(
                    new BigDecimal(number).multiply(BigDecimal.valueOf(NANOS.getOrDefault(part.group(2), 1L))));
        }
        if (nanos.compareTo(LARGEST) > 0) {
            throw new IllegalArgumentException("too long a duration: " + text);
        }
        Duration duration = Duration.ofNanos(nanos.longValue());
        return whole.group(1).equals("-") ? duration.negated() : duration;
    }
}
