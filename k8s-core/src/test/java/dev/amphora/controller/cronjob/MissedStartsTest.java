package dev.amphora.controller.cronjob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.CronSchedule;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MissedStartsTest {
    private static MissedStarts missed(String schedule, String from, String to) {
        return MissedStarts.between(
                CronSchedule.parse(schedule, ZoneOffset.UTC), Instant.parse(from), Instant.parse(to));
    }

    @Test
    void noneHasComeBeforeTheFirst() {
        assertThat(missed("*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:04:59Z"))
                .isEqualTo(new MissedStarts(null, 0));
        assertThat(missed("*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"))
                .isEqualTo(new MissedStarts(Instant.parse("2026-01-01T00:05:00Z"), 1));
    }

    @Test
    @DisplayName("CJ-3 of several missed times only the most recent counts")
    void theLatestCounts() {
        assertThat(missed("30 6-16/4 * * 1-5", "2026-01-01T00:00:00Z", "2026-01-06T07:00:00Z")
                        .latest())
                .isEqualTo(Instant.parse("2026-01-06T06:30:00Z"));
    }

    @Test
    void everySpanIsCountedFromTheLastStart() {
        assertThat(missed("@every 90s", "2026-01-01T00:00:10Z", "2026-01-01T01:00:00Z")
                        .latest())
                .isEqualTo(Instant.parse("2026-01-01T00:58:40Z"));
    }

    @Test
    @DisplayName("CJ-4 more than 100 missed times are told of, and the latest is still started")
    void manyAreCounted() {
        assertThat(missed("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:40:00Z")
                        .count())
                .isEqualTo(MissedStarts.MANY);
        assertThat(missed("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:41:30Z"))
                .isEqualTo(new MissedStarts(Instant.parse("2026-01-01T01:41:00Z"), MissedStarts.MANY + 1));
    }
}
