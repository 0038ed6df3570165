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
                .startsWith(
                        """
                        [+]ping ok
                        [+]log ok
                        [+]etcd ok
                        [+]etcd-readiness ok
                        [-]informer-sync failed: reason withheld
                        [+]poststarthook/start-apiserver-admission-initializer ok
                        """)
                .endsWith(
                        """
                        [+]shutdown ok
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
                health.answer("livez", "", Map.of("exclude", List.of("etcd", "x", "a"), "verbose", List.of("")))
                        .body(),
                StandardCharsets.UTF_8);

        assertThat(answer)
                .startsWith(
                        """
                        [+]ping ok
                        [+]log ok
                        [+]loopback-serving-certificate ok
                        [+]etcd excluded: ok
                        """)
                .endsWith(
                        """
                        [+]poststarthook/apiservice-openapiv3-controller ok
                        warn: some health checks cannot be excluded: no matches for "a", "x"
                        livez check passed
                        """);
        assertThat(health.answer("livez", "nothing", Map.of()).status()).isEqualTo(404);
        assertThat(health.answer("livez", "etcd", Map.of()).status()).isEqualTo(500);
    }

    @Test
    void aFeatureThatIsOffHasNoHook() {
        health.withoutHook("peer-endpoint-reconciler-controller");

        assertThat(health.paths())
                .contains("/readyz/etcd-readiness", "/livez/poststarthook/rbac/bootstrap-roles")
                .doesNotContain("/readyz/poststarthook/peer-endpoint-reconciler-controller");
    }

    private String text(String page, String single) {
        return new String(health.answer(page, single, Map.of()).body(), StandardCharsets.UTF_8);
    }
}
