package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class HealthTest {
    private final Health health = new Health();

    @Test
    void aLiveServerMayNotBeReady() {
        AtomicBoolean synced = new AtomicBoolean();
        health.live("etcd", () -> true);
        health.ready("informer-sync", synced::get);

        assertThat(text("livez", "")).isEqualTo("ok");
        assertThat(health.isReady()).isFalse();
        assertThat(health.answer("readyz", "", Map.of()).status()).isEqualTo(500);
        assertThat(text("readyz", ""))
                .isEqualTo(
                        """
                        [+]ping ok
                        [+]log ok
                        [+]etcd ok
                        [-]informer-sync failed: reason withheld
                        readyz check failed
                        """);
        synced.set(true);
        assertThat(text("readyz", "")).isEqualTo("ok");
        assertThat(text("readyz", "informer-sync")).isEqualTo("ok");
    }

    @Test
    void checksCanBeLeftOutAndShown() {
        health.live("etcd", () -> false);

        String answer = new String(
                health.answer("livez", "", Map.of("exclude", List.of("etcd"), "verbose", List.of("")))
                        .body(),
                StandardCharsets.UTF_8);

        assertThat(answer)
                .isEqualTo(
                        """
                        [+]ping ok
                        [+]log ok
                        [+]etcd excluded: ok
                        livez check passed
                        """);
        assertThat(health.answer("livez", "nothing", Map.of()).status()).isEqualTo(404);
        assertThat(health.answer("livez", "etcd", Map.of()).status()).isEqualTo(500);
    }

    private String text(String page, String single) {
        return new String(health.answer(page, single, Map.of()).body(), StandardCharsets.UTF_8);
    }
}
