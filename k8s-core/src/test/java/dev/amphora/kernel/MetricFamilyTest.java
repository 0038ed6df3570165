package dev.amphora.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MetricFamilyTest {

    @Test
    void aFamilyWithoutSamplesIsNotShown() {
        assertThat(text(MetricFamily.counter("c_total", "[ALPHA] Nothing.", "verb")))
                .isEmpty();
    }

    @Test
    void samplesAreToldApartByTheirLabelsAndSorted() {
        MetricFamily counter = MetricFamily.counter("c_total", "[STABLE] Things.", "verb", "code");
        counter.add(1, "LIST", "200").add(2, "GET", "200").add(1, "LIST", "200").add(0.5, "a\"b", "");

        assertThat(text(counter))
                .isEqualTo(
                        """
                        # HELP c_total [STABLE] Things.
                        # TYPE c_total counter
                        c_total{verb="GET",code="200"} 2
                        c_total{verb="LIST",code="200"} 2
                        c_total{verb="a\\"b",code=""} 0.5
                        """);
    }

    @Test
    void bucketsOfAHistogramAddUp() {
        MetricFamily histogram = MetricFamily.histogram("h", "[BETA] Times.", new double[] {0.1, 1});
        histogram.observe(0.1);
        histogram.observe(0.5);
        histogram.observe(7);

        assertThat(text(histogram))
                .isEqualTo(
                        """
                        # HELP h [BETA] Times.
                        # TYPE h histogram
                        h_bucket{le="0.1"} 1
                        h_bucket{le="1"} 2
                        h_bucket{le="+Inf"} 3
                        h_sum 7.6
                        h_count 3
                        """);
    }

    private static String text(MetricFamily family) {
        StringBuilder out = new StringBuilder();
        family.write(out);
        return out.toString();
    }
}
