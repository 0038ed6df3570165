package dev.amphora.rest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.remote.Trust;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.StaticTokens;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.store.memory.MemoryStore;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Logs, commands, ports and pages of nodes whose kubelet is in another process, through the API server. */
class OutsideKubeletIT {
    private static final String POD = "/api/v1/namespaces/default/pods/p/";

    private final Kernel kernel = new ThreadedKernel();
    private final MemoryStore store = new MemoryStore();
    private final CertificateAuthority authority = CertificateAuthority.generate(kernel);
    private final ApiServer apiServer;
    private final LoopbackKubelet kubelet;
    private final HttpClient client;
    private @Nullable RestServer server;

    OutsideKubeletIT() throws Exception {
        store.start(kernel);
        apiServer = ApiServer.builder(kernel, store)
                .authenticator(StaticTokens.parse(TestServer.TOKENS))
                .withoutAdmission("ServiceAccount")
                .build()
                .start();
        kubelet = new LoopbackKubelet(
                kernel, authority.server("kubelet", List.of(), List.of(InetAddress.getByName("127.0.0.1"))));
        client = HttpClient.newBuilder()
                .sslContext(Trust.context("", true, "", null))
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    @BeforeEach
    void makePod() throws Exception {
        serve(KubeletAccess.defaults());
        send("POST", "/api/v1/nodes", "{\"metadata\":{\"name\":\"n\"}}");
        send(
                "PUT",
                "/api/v1/nodes/n/status",
                """
                {"metadata":{"name":"n"},"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],
                 "daemonEndpoints":{"kubeletEndpoint":{"Port":%d}}}}"""
                        .formatted(kubelet.port()));
        send(
                "POST",
                "/api/v1/namespaces/default/pods",
                "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"nodeName\":\"n\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
    }

    @AfterEach
    void close() throws Exception {
        stop();
        kubelet.close();
        apiServer.close();
        store.close();
        kernel.close();
    }

    private void stop() {
        if (server != null) {
            server.close();
        }
    }

    private void serve(KubeletAccess access) {
        stop();
        RestApi api = RestApi.builder(kernel, apiServer).kubelets(access).build();
        server = RestServer.start(
                kernel,
                api,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                authority.server("api", List.of("localhost"), List.of()));
    }

    private int port() {
        return server == null ? 0 : server.port();
    }

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port() + path))
                .header("Authorization", "Bearer admin")
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void passesLogsOnWithTheClientsOptions() throws Exception {
        HttpResponse<String> answer = send("GET", POD + "log?tailLines=2&follow=true&pretty=true", "");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("hello from /containerLogs/default/p/c?follow=true&tailLines=2\n");
    }

    @Test
    void reachesTheKubeletsPages() throws Exception {
        assertThat(send("GET", "/api/v1/nodes/n/proxy/pods", "").body()).isEqualTo("hello from /pods\n");
        assertThat(send("GET", "/api/v1/nodes/n/proxy/nothing", "").statusCode())
                .isEqualTo(404);
    }

    @Test
    void showsACertificateAndLooksAtTheKubelets() throws Exception {
        serve(KubeletAccess.defaults()
                .withClient(authority.client("kube-apiserver-kubelet-client", List.of()))
                .withAuthority(authority.certificatePem()));

        assertThat(send("GET", POD + "log", "").statusCode()).isEqualTo(200);
        assertThat(kubelet.heard).anyMatch(line -> line.contains("CN=kube-apiserver-kubelet-client"));
    }

    @Test
    void aKubeletOfAnotherAuthorityIsNotBelieved() throws Exception {
        serve(KubeletAccess.defaults()
                .withAuthority(CertificateAuthority.generate(kernel).certificatePem()));

        HttpResponse<String> answer = send("GET", POD + "log", "");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body())
                .contains("tls: failed to verify certificate: x509: certificate signed by unknown authority");
        assertThat(kubelet.heard).isEmpty();
        assertThat(send("GET", POD + "log?insecureSkipTLSVerifyBackend=true", "")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void saysWhyANodeCannotBeReached() throws Exception {
        kubelet.close();

        HttpResponse<String> log = send("GET", POD + "log", "");
        assertThat(Json.read(log.body().getBytes(UTF_8)).path("message").asText())
                .isEqualTo(("Get \"https://127.0.0.1:%d/containerLogs/default/p/c\": dial tcp 127.0.0.1:%d:"
                                + " connect: connection refused")
                        .formatted(kubelet.port(), kubelet.port()));
        serve(KubeletAccess.defaults().withAddressTypes(List.of("ExternalIP")));
        assertThat(send("GET", POD + "log", "").body())
                .contains("no preferred addresses found; known addresses: [{InternalIP 127.0.0.1}]");
    }

    @Test
    void runsCommandsForClientsOfTheFifthVersionOfTheChannels() throws Exception {
        Heard heard = new Heard();
        WebSocket socket =
                open("exec?command=cat&command=a%20b&stdin=true&stdout=true&stderr=true", "v5.channel.k8s.io", heard);
        socket.sendBinary(ByteBuffer.wrap("\0hello".getBytes(UTF_8)), true).join();
        socket.sendBinary(ByteBuffer.wrap(new byte[] {(byte) 255, 0}), true).join();
        heard.closed.get(20, TimeUnit.SECONDS);

        assertThat(heard.text(1)).isEqualTo("hello");
        assertThat(heard.text(2)).isEqualTo("bye");
        assertThat(heard.text(3)).contains("\"reason\":\"NonZeroExitCode\"", "\"message\":\"7\"");
        assertThat(kubelet.heard.get(0))
                .isEqualTo("POST /exec/default/p/c?command=cat&command=a+b&input=1&output=1&error=1 HTTP/1.1");
    }

    @Test
    void forwardsPortsWithinAWebSocket() throws Exception {
        try (RawClient raw = RawClient.connect(port())) {
            raw.send(RawClient.head("GET", POD + "portforward")
                    + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    + "Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io\r\n\r\n");
            assertThat(raw.readHead()).startsWith("HTTP/1.1 101");
            raw.send(new byte[] {(byte) 0x82, (byte) 0x84, 0, 0, 0, 0, 'p', 'i', 'n', 'g'});
            assertThat(raw.in().readNBytes(6)).containsExactly((byte) 0x82, 4, 'p', 'i', 'n', 'g');
        }
    }

    @Test
    void passesSpdyThroughByteForByte() throws Exception {
        try (RawClient raw = RawClient.connect(port())) {
            raw.send(
                    RawClient.head("POST", POD + "portforward")
                            + "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n");
            assertThat(raw.readHead())
                    .startsWith("HTTP/1.1 101")
                    .contains("X-Stream-Protocol-Version: portforward.k8s.io");
            raw.send("any bytes");
            assertThat(new String(raw.in().readNBytes(9), UTF_8)).isEqualTo("any bytes");
        }
        assertThat(kubelet.heard.get(0)).isEqualTo("POST /portForward/default/p HTTP/1.1");
    }

    @Test
    void passesTheKubeletsRefusalOn() throws Exception {
        try (RawClient raw = RawClient.connect(port())) {
            raw.send(
                    RawClient.head("POST", POD + "attach?stdout=true")
                            + "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n");
            assertThat(raw.readHead()).startsWith("HTTP/1.1 404");
        }
        Heard heard = new Heard();
        open("attach?stdout=true", "v5.channel.k8s.io", heard);
        heard.closed.get(20, TimeUnit.SECONDS);
        assertThat(heard.text(3)).contains("unable to upgrade connection: 404 page not found");
    }

    private WebSocket open(String what, String protocol, Heard heard) throws Exception {
        return client.newWebSocketBuilder()
                .header("Authorization", "Bearer admin")
                .subprotocols(protocol)
                .buildAsync(URI.create("wss://127.0.0.1:" + port() + POD + what), heard)
                .get(20, TimeUnit.SECONDS);
    }

    /** What came, by its channel, and when it was over. */
    private static final class Heard implements WebSocket.Listener {
        final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();
        private final Map<Integer, StringBuilder> channels = new TreeMap<>();
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();

        synchronized String text(int channel) {
            return channels.getOrDefault(channel, new StringBuilder()).toString();
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] piece = new byte[data.remaining()];
            data.get(piece);
            message.writeBytes(piece);
            if (last) {
                byte[] whole = message.toByteArray();
                message.reset();
                synchronized (this) {
                    if (whole.length > 0) {
                        channels.computeIfAbsent((int) whole[0], c -> new StringBuilder())
                                .append(new String(whole, 1, whole.length - 1, UTF_8));
                    }
                }
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(null);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.complete(null);
        }
    }
}
