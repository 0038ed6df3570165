package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.rest.NodeConnections.LogOptions;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogQueryTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private static LogOptions parse(String query) {
        return LogQuery.parse(Query.parse(query), "web", NOW);
    }

    @Test
    void readsWhatIsAskedFor() {
        assertThat(parse("follow=true&previous=0&timestamps=x&tailLines=5&limitBytes=7&sinceSeconds=60&container=c"))
                .isEqualTo(new LogOptions(true, false, NOW.minusSeconds(60), true, 5L, 7L));
        assertThat(parse("sinceTime=2026-01-02T01%3A00%3A00%2B01%3A00"))
                .isEqualTo(new LogOptions(false, false, Instant.parse("2026-01-02T00:00:00Z"), false, null, null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tailLines=x | strconv.ParseInt: parsing \"x\": invalid syntax",
                "tailLines=-1 | PodLogOptions \"web\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0",
                "limitBytes=0 | PodLogOptions \"web\" is invalid: limitBytes: Invalid value: 0: must be greater than 0",
                "sinceSeconds=0 | PodLogOptions \"web\" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0",
                "stream=All | PodLogOptions \"web\" is invalid: stream: Forbidden: may not be specified",
                "sinceSeconds=1&sinceTime=2024-01-01T00:00:00Z | PodLogOptions \"web\" is invalid: []: Forbidden: at most one of"
                        + " `sinceTime` or `sinceSeconds` may be specified"
            })
    void refusesWhatMakesNoSense(String query, String message) {
        assertThatThrownBy(() -> parse(query)).hasMessage(message);
    }
}
