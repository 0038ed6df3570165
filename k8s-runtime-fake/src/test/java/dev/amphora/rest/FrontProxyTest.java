package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.rest.tls.CertificateAuthority;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Proxies that say by headers who asks: only those that are trusted are heard. */
class FrontProxyTest {
    private static final byte[] WHO = "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}"
            .getBytes(StandardCharsets.UTF_8);

    private final Kernel kernel = new ThreadedKernel();
    private final TestServer server = new TestServer(kernel);
    private final CertificateAuthority clients = CertificateAuthority.generate(kernel);
    private final CertificateAuthority proxies = CertificateAuthority.generate(kernel);
    private final RestApi api = RestApi.builder(kernel, server.apiServer)
            .clientAuthority(clients)
            .frontProxies(FrontProxyTrust.in(proxies.certificatePem(), List.of("front")))
            .build();

    @AfterEach
    void end() {
        server.close();
        kernel.close();
    }

    private static DirectCall who() {
        return new DirectCall("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", WHO)
                .with("Content-Type", "application/json")
                .with("X-Remote-User", "root")
                .with("X-Remote-Uid", "7")
                .with("x-remote-group", "system:masters")
                .with("X-Remote-Extra-Example.com%2FScope", "all");
    }

    private static JsonNode user(HttpAnswer answer) {
        assertThat(answer.status()).isEqualTo(201);
        return Json.read(answer.body()).path("status").path("userInfo");
    }

    @Test
    void whatATrustedProxySaysCounts() throws Exception {
        JsonNode user = user(
                who().showing(proxies.client("front", List.of()).certificate()).run(api));

        assertThat(user.path("username").asText()).isEqualTo("root");
        assertThat(user.path("uid").asText()).isEqualTo("7");
        assertThat(user.path("groups")).hasToString("[\"system:masters\",\"system:authenticated\"]");
        assertThat(user.path("extra")).hasToString("{\"example.com/scope\":[\"all\"]}");
    }

    @Test
    void aClientOfTheClusterSpeaksForItself() throws Exception {
        JsonNode user = user(
                who().showing(clients.client("alice", List.of("system:masters")).certificate())
                        .run(api));

        assertThat(user.path("username").asText()).isEqualTo("alice");
        assertThat(user.has("extra")).isFalse();
    }

    @Test
    void nobodyElseIsHeard() throws Exception {
        CertificateAuthority stranger = CertificateAuthority.generate(kernel);

        assertThat(who().showing(proxies.client("other", List.of()).certificate())
                        .run(api)
                        .status())
                .isEqualTo(401);
        assertThat(who().showing(stranger.client("front", List.of()).certificate())
                        .run(api)
                        .status())
                .isEqualTo(401);
        assertThat(who().showing(proxies.server("front", List.of("front"), List.of())
                                .certificate())
                        .run(api)
                        .status())
                .isEqualTo(401);
        assertThat(who().run(api).status()).isEqualTo(401);
    }
}
