package dev.amphora.controller.cronjob;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Times in the form of cron: five fields, a word such as {@code @daily}, or {@code @every 5m}. */
final class Schedule {
    private static final Map<String, String> WORDS = Map.of(
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *",
            "@monthly", "0 0 1 * *",
            "@weekly", "0 0 * * 0",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@hourly", "0 * * * *");
    private static final List<String> MONTHS =
            List.of("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static final List<String> DAYS = List.of("sun", "mon", "tue", "wed", "thu", "fri", "sat");
    private static final int YEARS = 5;

    private final long minutes;
    private final long hours;
    private final long daysOfMonth;
    private final long months;
    private final long daysOfWeek;
    private final boolean anyDayOfMonth;
    private final boolean anyDayOfWeek;
    private final ZoneId zone;
    private final @Nullable Duration every;

    private Schedule(String[] fields, ZoneId zone, @Nullable Duration every) {
        this.minutes = bits(fields[0], 0, 59, List.of());
        this.hours = bits(fields[1], 0, 23, List.of());
        this.daysOfMonth = bits(fields[2], 1, 31, List.of());
        this.months = bits(fields[3], 1, 12, MONTHS);
        this.daysOfWeek = bits(fields[4], 0, 6, DAYS);
        this.anyDayOfMonth = fields[2].startsWith("*") || fields[2].startsWith("?");
        this.anyDayOfWeek = fields[4].startsWith("*") || fields[4].startsWith("?");
        this.zone = zone;
        this.every = every;
    }

    /**
     * Reads a schedule.
     *
     * @param zone where its times are meant
     * @throws IllegalArgumentException if it is none
     */
    static Schedule parse(String text, ZoneId zone) {
        String schedule = text.strip();
        ZoneId own = zone;
        if (schedule.startsWith("TZ=") || schedule.startsWith("CRON_TZ=")) {
            int space = schedule.indexOf(' ');
            own = ZoneId.of(schedule.substring(schedule.indexOf('=') + 1, Math.max(space, 0)));
            schedule = schedule.substring(space).strip();
        }
        if (schedule.startsWith("@every ")) {
            return new Schedule("* * * * *".split(" "), own, duration(schedule.substring(7)));
        }
        String[] fields = WORDS.getOrDefault(schedule, schedule).split("\\s+");
        if (fields.length != 5) {
            throw new IllegalArgumentException(text);
        }
        return new Schedule(fields, own, null);
    }

    private static Duration duration(String text) {
        Duration duration = Duration.parse("PT" + text.strip().toUpperCase(Locale.ROOT));
        return duration.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : duration;
    }

    private static long bits(String field, int low, int high, List<String> names) {
        long bits = 0;
        for (String part : field.split(",")) {
            String[] rangeAndStep = part.split("/");
            String range = rangeAndStep[0];
            int step = rangeAndStep.length > 1 ? Integer.parseInt(rangeAndStep[1]) : 1;
            int first = low;
            int last = high;
            if (!range.equals("*") && !range.equals("?")) {
                String[] ends = range.split("-");
                first = number(ends[0], names);
                last = ends.length > 1 ? number(ends[1], names) : rangeAndStep.length > 1 ? high : first;
            }
            if (step <= 0 || first < low || last > high || first > last) {
                throw new IllegalArgumentException(field);
            }
            for (int i = first; i <= last; i += step) {
                bits |= 1L << i;
            }
        }
        return bits;
    }

    private static int number(String text, List<String> names) {
        int named = names.indexOf(text.toLowerCase(Locale.ROOT));
        return named >= 0 && !text.isEmpty() ? named : Integer.parseInt(text);
    }

    /** The first time after another; empty if there is none within five years. */
    Optional<Instant> after(Instant instant) {
        if (every != null) {
            return Optional.of(instant.plus(every).truncatedTo(ChronoUnit.SECONDS));
        }
        ZonedDateTime time =
                instant.atZone(zone).truncatedTo(ChronoUnit.MINUTES).plusMinutes(1);
        ZonedDateTime end = time.plusYears(YEARS);
        while (time.isBefore(end)) {
            if ((months >> time.getMonthValue() & 1) == 0) {
                time = time.plusMonths(1).withDayOfMonth(1).truncatedTo(ChronoUnit.DAYS);
            } else if (!onDay(time)) {
                time = time.plusDays(1).truncatedTo(ChronoUnit.DAYS);
            } else if ((hours >> time.getHour() & 1) == 0) {
                time = time.plusHours(1).truncatedTo(ChronoUnit.HOURS);
            } else if ((minutes >> time.getMinute() & 1) == 0) {
                time = time.plusMinutes(1);
            } else {
                return Optional.of(time.toInstant());
            }
        }
        return Optional.empty();
    }

    private boolean onDay(ZonedDateTime time) {
        boolean ofMonth = (daysOfMonth >> time.getDayOfMonth() & 1) != 0;
        boolean ofWeek = (daysOfWeek >> time.getDayOfWeek().getValue() % 7 & 1) != 0;
        return anyDayOfMonth || anyDayOfWeek ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    /**
     * The times that have come and were not yet used.
     *
     * @param latest the last of them; null if there is none
     * @param count how many there are, as far as it matters: 0, 1, 2 for a few, 101 for more than a hundred
     */
    record Missed(@Nullable Instant latest, int count) {}

    /** The times after one up to another. */
    Missed between(Instant earliest, Instant now) {
        Instant first = after(earliest).orElse(null);
        if (first == null || first.isAfter(now)) {
            return new Missed(null, 0);
        }
        Instant second = after(first).orElse(null);
        if (second == null || second.isAfter(now)) {
            return new Missed(first, 1);
        }
        long seconds = Math.max(1, Duration.between(first, second).toSeconds());
        long guess = Duration.between(first, now).toSeconds() / seconds;
        Instant from = guess < 2 ? first : first.plusSeconds((guess - 1) * seconds);
        Instant latest = first;
        for (Instant next = from.equals(first) ? first : from.minusSeconds(1); ; ) {
            Instant following = after(next).orElse(null);
            if (following == null || following.isAfter(now)) {
                break;
            }
            latest = following;
            next = following;
        }
        return new Missed(latest, guess + 1 > 100 ? 101 : 2);
    }
}
