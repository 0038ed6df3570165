package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.store.memory.MemoryStore;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes over the wire of HTTP/1.1, for a client that takes a chunk only once it is there with the line that ends it. */
class WatchFramingIT {
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void anEventOfAWatchIsWholeBeforeTheNextOneComes() throws Exception {
        try (Cluster cluster = Cluster.builder()
                .store(new MemoryStore())
                .api(ApiOptions.defaults().withTokens(HttpsBench.TOKEN + ",bench,1,system:masters\n"))
                .noControllers()
                .serve(0)
                .start()) {
            URI server = URI.create(cluster.endpoint().orElseThrow().url());
            try (HttpsConnection watch = new HttpsConnection(server);
                    HttpsConnection caller = new HttpsConnection(server)) {
                watch.stream(MAPS + "?watch=true&timeoutSeconds=3");
                for (String name : new String[] {"one", "two"}) {
                    caller.post(MAPS, configMap(name));
                    assertThat(new String(chunk(watch), StandardCharsets.UTF_8))
                            .contains("\"name\":\"" + name + "\"")
                            .endsWith("}\n");
                }
                assertThat(watch.chunk()).as("the end of the body").isNull();
            }
        }
    }

    private static byte[] chunk(HttpsConnection watch) throws Exception {
        byte[] chunk = watch.chunk();
        return chunk == null ? new byte[0] : chunk;
    }

    private static byte[] configMap(String name) {
        return ("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" + name + "\"}}")
                .getBytes(StandardCharsets.UTF_8);
    }
}
