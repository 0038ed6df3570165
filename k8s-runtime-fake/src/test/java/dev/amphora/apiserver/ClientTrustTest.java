package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** By what other API servers know this one's clients. */
class ClientTrustTest {
    private static final String KEY = "/registry/configmaps/kube-system/extension-apiserver-authentication";

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);

    @AfterEach
    void close() {
        store.close();
        kernel.close();
    }

    @Test
    void isWrittenWhenSomebodyLooksThereAndNotBefore() {
        try (ApiServer server = server("one")) {
            assertThat(server.objects().list("", "configmaps", "default")).isEmpty();
            assertThat(store.get(KEY).entry()).isEmpty();

            assertThat(data(server).path("client-ca-file").asText()).isEqualTo(pem("one"));
            assertThat(data(server).path("requestheader-allowed-names").asText())
                    .isEqualTo("[\"one\"]");
        }
    }

    @Test
    void whoWasTrustedBeforeIsStill() {
        try (ApiServer server = server("one")) {
            data(server);
        }
        try (ApiServer server = server("two")) {
            assertThat(data(server).path("client-ca-file").asText()).isEqualTo(pem("one") + pem("two"));
            assertThat(data(server).path("requestheader-allowed-names").asText())
                    .isEqualTo("[\"one\",\"two\"]");
        }
        try (ApiServer server = server("one")) {
            assertThat(data(server).path("client-ca-file").asText()).isEqualTo(pem("one") + pem("two"));
        }
    }

    private ApiServer server(String authority) {
        return ApiServer.builder(kernel, store)
                .clientTrust(() -> Map.of(
                        "client-ca-file", pem(authority), "requestheader-allowed-names", "[\"" + authority + "\"]"))
                .build()
                .start();
    }

    private static JsonNode data(ApiServer server) {
        return server.objects()
                .get("", "configmaps", "kube-system", "extension-apiserver-authentication")
                .orElseThrow()
                .path("data");
    }

    private static String pem(String text) {
        return "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n";
    }
}
