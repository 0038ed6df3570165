package dev.amphora.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Back-off, durations and the expansion of variables. */
class KubeletTextsTest {
    private static final Instant T = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void doublesTheBackoffUpToItsLongest() {
        Backoffs backoffs = new Backoffs(Duration.ofSeconds(10), Duration.ofSeconds(35));
        for (int seconds : new int[] {10, 20, 35, 35}) {
            backoffs.next("k", T);

            assertThat(backoffs.current("k")).isEqualTo(Duration.ofSeconds(seconds));
            assertThat(backoffs.left("k", T, T.plusSeconds(1))).isEqualTo(Duration.ofSeconds(seconds - 1));
        }
    }

    @Test
    void forgetsABackoffAfterTwiceItsLongest() {
        Backoffs backoffs = new Backoffs(Duration.ofSeconds(10), Duration.ofSeconds(300));
        backoffs.next("k", T);
        backoffs.next("k", T);

        assertThat(backoffs.left("k", T.plusSeconds(601), T.plusSeconds(601))).isZero();
        backoffs.next("k", T.plusSeconds(601));
        assertThat(backoffs.current("k")).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void printsDurationsAsTheReferenceDoes() {
        assertThat(GoText.duration(Duration.ZERO)).isEqualTo("0s");
        assertThat(GoText.duration(Duration.ofMillis(120))).isEqualTo("120ms");
        assertThat(GoText.duration(Duration.ofMillis(2500))).isEqualTo("2.5s");
        assertThat(GoText.duration(Duration.ofSeconds(160))).isEqualTo("2m40s");
        assertThat(GoText.duration(Duration.ofSeconds(300))).isEqualTo("5m0s");
        assertThat(GoText.duration(Duration.ofHours(2))).isEqualTo("2h0m0s");
    }

    @Test
    void expandsKnownVariablesOnly() {
        Map<String, String> known = Map.of("A", "x");

        assertThat(Environment.expand("$(A)-y-$(C)-$$(A)", known::get)).isEqualTo("x-y-$(C)-$(A)");
        assertThat(Environment.expand("$(A $A $", known::get)).isEqualTo("$(A $A $");
    }
}
