package dev.amphora.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CronScheduleTest {
    private static final ZoneId NEW_YORK = ZoneId.of("America/New_York");

    private static List<String> times(String schedule, ZoneId zone, String from, int count) {
        CronSchedule read = CronSchedule.parse(schedule, zone);
        List<String> times = new ArrayList<>();
        Instant time = Instant.parse(from);
        for (int i = 0; i < count; i++) {
            time = read.after(time).orElseThrow();
            times.add(time.toString());
        }
        return times;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*/15 * * * *         | 2026-01-01T00:15:00Z",
                "0/15 0 * * *         | 2026-01-01T00:15:00Z",
                "5-10/2 3 * * *       | 2026-01-01T03:05:00Z",
                "30 6-16/4 * * 1-5    | 2026-01-01T06:30:00Z",
                "0 0 1 JAN *          | 2027-01-01T00:00:00Z",
                "0 0 29 2 ?           | 2028-02-29T00:00:00Z",
                "0 9 * * sun          | 2026-01-04T09:00:00Z",
                "1,2,3 * * * *        | 2026-01-01T00:01:00Z",
                "@hourly              | 2026-01-01T01:00:00Z",
                "@weekly              | 2026-01-04T00:00:00Z",
                "@monthly             | 2026-02-01T00:00:00Z",
                "@yearly              | 2027-01-01T00:00:00Z",
                "@every 90m           | 2026-01-01T01:30:00Z",
                "@every 1.5h          | 2026-01-01T01:30:00Z",
                "@every 1h0m10s       | 2026-01-01T01:00:10Z",
                "@every 10ms          | 2026-01-01T00:00:01Z",
                "CRON_TZ=Asia/Tokyo 0 10 * * * | 2026-01-01T01:00:00Z",
            })
    void findsTheNextTime(String schedule, String next) {
        assertThat(times(schedule, ZoneOffset.UTC, "2026-01-01T00:00:00Z", 1)).containsExactly(next);
    }

    @Test
    void takesEitherDayIfBothAreRestrictedAndBothIfOneIsAStar() {
        // 2026-01-01 is a Thursday.
        assertThat(times("0 0 13 * 5", ZoneOffset.UTC, "2026-01-01T00:00:00Z", 3))
                .containsExactly("2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z");
        assertThat(times("0 0 * * 5", ZoneOffset.UTC, "2026-01-01T00:00:00Z", 2))
                .containsExactly("2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z");
        assertThat(times("0 0 13 * */1", ZoneOffset.UTC, "2026-01-01T00:00:00Z", 1))
                .containsExactly("2026-01-13T00:00:00Z");
    }

    @Test
    void eachSecondDayIsARestrictionAndNoStar() {
        assertThat(times("0 0 */10 * 5", ZoneOffset.UTC, "2026-01-01T00:00:00Z", 3))
                .containsExactly("2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-11T00:00:00Z");
    }

    @Test
    @DisplayName("CJ-8 a local time that does not exist is left out, one that comes twice counts twice")
    void followsTheClocksOfItsZone() {
        assertThat(times("30 2 * * *", NEW_YORK, "2026-03-07T00:00:00Z", 2))
                .containsExactly("2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z");
        assertThat(times("30 1 * * *", NEW_YORK, "2026-10-31T12:00:00Z", 3))
                .containsExactly("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z");
    }

    @Test
    void findsNoTimeThatNeverComes() {
        assertThat(CronSchedule.parse("59 23 31 2 *", ZoneOffset.UTC).after(Instant.EPOCH))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * *          | expected exactly 5 fields, found 4: [* * * *]",
                "60 * * * *       | end of range (60) above maximum (59): 60",
                "* * 0 * *        | beginning of range (0) below minimum (1): 0",
                "5-3 * * * *      | beginning of range (5) beyond end of range (3): 5-3",
                "*/0 * * * *      | step of range should be a positive number: */0",
                "1-2-3 * * * *    | too many hyphens: 1-2-3",
                "*/2/3 * * * *    | too many slashes: */2/3",
                "x * * * *        | failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax",
                "@often           | unrecognized descriptor: @often",
                "@every x         | failed to parse duration @every x: time: invalid duration \"x\"",
            })
    void saysWhatIsWrong(String schedule, String problem) {
        assertThatThrownBy(() -> CronSchedule.parse(schedule, ZoneOffset.UTC))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(problem);
    }
}
