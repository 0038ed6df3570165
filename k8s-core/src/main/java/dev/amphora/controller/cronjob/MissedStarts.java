package dev.amphora.controller.cronjob;

import dev.amphora.api.CronSchedule;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * The times of a schedule that have come and were not yet used.
 *
 * @param latest the last of them; null if there is none
 * @param count about how many there are, counted by the time between the first two, as the reference does
 */
record MissedStarts(@Nullable Instant latest, long count) {
    /** More than this many are told of. */
    static final int MANY = 100;

    /** The times after one up to another, that included. */
    static MissedStarts between(CronSchedule schedule, Instant earliest, Instant now) {
        Instant first = schedule.after(earliest).orElse(null);
        if (first == null || first.isAfter(now)) {
            return new MissedStarts(null, 0);
        }
        Instant second = schedule.after(first).orElse(null);
        if (second == null || second.isAfter(now)) {
            return new MissedStarts(first, 1);
        }
        long seconds = Math.max(1, Duration.between(first, second).toSeconds());
        long count =
                Duration.between(first, now).truncatedTo(ChronoUnit.SECONDS).toSeconds() / seconds + 1;
        // A step back, since times need not be equally far apart.
        Instant latest = null;
        Instant next = schedule.after(first.plusSeconds((count - 2) * seconds)).orElse(null);
        while (next != null && !next.isAfter(now)) {
            latest = next;
            next = schedule.after(next).orElse(null);
        }
        return new MissedStarts(latest, count);
    }
}
