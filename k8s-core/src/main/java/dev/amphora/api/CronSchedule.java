package dev.amphora.api;

import com.google.common.collect.ImmutableMap;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Times in the form of cron, read as the reference reads them: five fields, a word such as {@code @daily}, or {@code @every 5m}, after
 * an optional {@code TZ=} or {@code CRON_TZ=}. Of the two fields for days both must fit if one is a star, else one of them.
 *
 * <p>Around a change of clocks, times that don't exist are left out, and times that come twice count twice. Immutable.
 */
public final class CronSchedule {
    private static final Map<String, String> WORDS = Map.of(
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *",
            "@monthly", "0 0 1 * *",
            "@weekly", "0 0 * * 0",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@hourly", "0 * * * *");
    private static final String EVERY = "@every ";
    private static final Pattern DURATION = Pattern.compile("\\+?([0-9]+\\.?[0-9]*|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)");
    private static final Map<String, Double> NANOS =
            Map.of("ns", 1e0, "us", 1e3, "µs", 1e3, "μs", 1e3, "ms", 1e6, "s", 1e9, "m", 60e9, "h", 3600e9);
    private static final Pattern STAR = Pattern.compile("[*?](-.*)?");
    private static final int YEARS = 5;

    private static final Map<String, Integer> MONTHS =
            numbered(1, "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static final Map<String, Integer> DAYS = numbered(0, "sun", "mon", "tue", "wed", "thu", "fri", "sat");
    private static final List<Bounds> FIELDS = List.of(
            new Bounds(0, 59, Map.of()),
            new Bounds(0, 23, Map.of()),
            new Bounds(1, 31, Map.of()),
            new Bounds(1, 12, MONTHS),
            new Bounds(0, 6, DAYS));

    private final ZoneId zone;
    private final @Nullable Duration every;
    /** A bit for each number that fits, by field. */
    private final long[] fits;

    private final boolean anyDay;

    private record Bounds(int low, int high, Map<String, Integer> names) {}

    private CronSchedule(ZoneId zone, @Nullable Duration every, long[] fits, boolean anyDay) {
        this.zone = zone;
        this.every = every;
        this.fits = fits;
        this.anyDay = anyDay;
    }

    private static Map<String, Integer> numbered(int first, String... names) {
        ImmutableMap.Builder<String, Integer> numbers = ImmutableMap.builder();
        for (int i = 0; i < names.length; i++) {
            numbers.put(names[i], first + i);
        }
        return numbers.buildOrThrow();
    }

    /**
     * Reads a schedule.
     *
     * @param zone where its times are meant, unless it says so itself
     * @throws IllegalArgumentException if it is none; its message says why in the reference's words
     */
    public static CronSchedule parse(String schedule, ZoneId zone) {
        String text = schedule;
        ZoneId where = zone;
        if (text.startsWith("TZ=") || text.startsWith("CRON_TZ=")) {
            int space = text.indexOf(' ');
            String name = text.substring(text.indexOf('=') + 1, space < 0 ? text.length() : space);
            try {
                where = name.isEmpty() ? zone : ZoneId.of(name);
            } catch (DateTimeException e) {
                throw new IllegalArgumentException(
                        "provided bad location %s: unknown time zone %s".formatted(name, name), e);
            }
            text = space < 0 ? "" : text.substring(space).strip();
        }
        if (text.startsWith(EVERY)) {
            return new CronSchedule(where, every(text), new long[0], true);
        }
        if (text.startsWith("@")) {
            String word = WORDS.get(text);
            if (word == null) {
                throw new IllegalArgumentException("unrecognized descriptor: " + text);
            }
            text = word;
        }
        String[] fields = text.isBlank() ? new String[0] : text.strip().split("\\s+");
        if (fields.length != FIELDS.size()) {
            throw new IllegalArgumentException(
                    "expected exactly 5 fields, found %d: [%s]".formatted(fields.length, String.join(" ", fields)));
        }
        long[] fits = new long[fields.length];
        for (int i = 0; i < fields.length; i++) {
            for (String part : fields[i].split(",")) {
                fits[i] |= part.isEmpty() ? 0 : range(part, FIELDS.get(i));
            }
        }
        return new CronSchedule(where, null, fits, hasStar(fields[2]) || hasStar(fields[4]));
    }

    private static Duration every(String text) {
        String duration = text.substring(EVERY.length());
        Matcher part = DURATION.matcher(duration);
        double nanos = 0;
        int end = 0;
        while (end < duration.length() && part.find(end) && part.start() == end) {
            nanos += Double.parseDouble(part.group(1)) * NANOS.getOrDefault(part.group(2), 0.0);
            end = part.end();
        }
        if (duration.isEmpty() || end < duration.length()) {
            throw new IllegalArgumentException(
                    "failed to parse duration %s: time: invalid duration \"%s\"".formatted(text, duration));
        }
        return Duration.ofSeconds(Math.max(1, (long) (nanos / 1e9)));
    }

    /** Whether a field has a part that stands for all numbers; each second or third of them are not all. */
    private static boolean hasStar(String field) {
        return Arrays.stream(field.split(","))
                .map(part -> part.split("/", -1))
                .anyMatch(part ->
                        STAR.matcher(part[0]).matches() && (part.length == 1 || Integer.parseInt(part[1]) == 1));
    }

    private static long range(String part, Bounds bounds) {
        String[] rangeAndStep = part.split("/", -1);
        String[] ends = rangeAndStep[0].split("-", -1);
        boolean single = ends.length == 1;
        long start = bounds.low();
        long end = bounds.high();
        if (!ends[0].equals("*") && !ends[0].equals("?")) {
            start = number(ends[0], bounds.names());
            if (ends.length > 2) {
                throw new IllegalArgumentException("too many hyphens: " + part);
            }
            end = single ? start : number(ends[1], bounds.names());
        }
        long step = 1;
        if (rangeAndStep.length == 2) {
            step = number(rangeAndStep[1], Map.of());
            end = single ? bounds.high() : end;
        } else if (rangeAndStep.length > 2) {
            throw new IllegalArgumentException("too many slashes: " + part);
        }
        if (start < bounds.low()) {
            throw new IllegalArgumentException(
                    "beginning of range (%d) below minimum (%d): %s".formatted(start, bounds.low(), part));
        }
        if (end > bounds.high()) {
            throw new IllegalArgumentException(
                    "end of range (%d) above maximum (%d): %s".formatted(end, bounds.high(), part));
        }
        if (start > end) {
            throw new IllegalArgumentException(
                    "beginning of range (%d) beyond end of range (%d): %s".formatted(start, end, part));
        }
        if (step == 0) {
            throw new IllegalArgumentException("step of range should be a positive number: " + part);
        }
        long bits = 0;
        for (long i = start; i <= end; i += step) {
            bits |= 1L << i;
        }
        return bits;
    }

    private static long number(String text, Map<String, Integer> names) {
        Integer named = names.get(text.toLowerCase(Locale.ROOT));
        if (named != null) {
            return named;
        }
        long number;
        try {
            number = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "failed to parse int from %s: strconv.Atoi: parsing \"%s\": invalid syntax".formatted(text, text),
                    e);
        }
        if (number < 0) {
            throw new IllegalArgumentException("negative number (%d) not allowed: %s".formatted(number, text));
        }
        return number;
    }

    /** The first time after another; empty if there is none within five years. */
    public Optional<Instant> after(Instant instant) {
        if (every != null) {
            return Optional.of(instant.truncatedTo(ChronoUnit.SECONDS).plus(every));
        }
        ZonedDateTime time =
                instant.atZone(zone).truncatedTo(ChronoUnit.MINUTES).plusMinutes(1);
        ZonedDateTime end = time.plusYears(YEARS);
        while (time.isBefore(end)) {
            if (!fits(3, time.getMonthValue())) {
                time = time.plusMonths(1).withDayOfMonth(1).truncatedTo(ChronoUnit.DAYS);
            } else if (!isOnDay(time)) {
                time = time.plusDays(1).truncatedTo(ChronoUnit.DAYS);
            } else if (!fits(1, time.getHour())) {
                time = time.plusHours(1).truncatedTo(ChronoUnit.HOURS);
            } else if (!fits(0, time.getMinute())) {
                time = time.plusMinutes(1);
            } else {
                return Optional.of(time.toInstant());
            }
        }
        return Optional.empty();
    }

    private boolean fits(int field, int number) {
        return (fits[field] >> number & 1) != 0;
    }

    private boolean isOnDay(ZonedDateTime time) {
        boolean ofMonth = fits(2, time.getDayOfMonth());
        boolean ofWeek = fits(4, time.getDayOfWeek().getValue() % 7);
        return anyDay ? ofMonth && ofWeek : ofMonth || ofWeek;
    }
}
