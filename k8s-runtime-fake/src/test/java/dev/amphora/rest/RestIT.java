package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.KeyCertificate;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RestIT {
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    private final Kernel kernel = new ThreadedKernel();
    private final TestServer server = new TestServer(kernel);
    private final CertificateAuthority authority = CertificateAuthority.generate(kernel);
    private RestServer rest;

    @BeforeEach
    void start() throws Exception {
        RestApi api = RestApi.builder(kernel, server.apiServer)
                .clientAuthority(authority)
                .build();
        KeyCertificate serving =
                authority.server("kube-apiserver", List.of("localhost"), List.of(InetAddress.getByName("127.0.0.1")));
        rest = RestServer.start(kernel, api, new InetSocketAddress("127.0.0.1", 0), serving);
    }

    @AfterEach
    void end() throws InterruptedException {
        rest.close();
        server.close();
        kernel.close();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("amphora")) {
                thread.join(10_000);
                assertThat(thread.isAlive()).as(thread.getName()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void speaksBothVersionsOfHttp(HttpClient.Version version) throws Exception {
        HttpClient client =
                HttpClient.newBuilder().sslContext(tls(null)).version(version).build();

        HttpResponse<String> created = client.send(
                request(MAPS)
                        .POST(BodyPublishers.ofString("{\"metadata\":{\"name\":\"a\"}}"))
                        .build(),
                BodyHandlers.ofString());
        HttpResponse<String> list = client.send(request(MAPS).build(), BodyHandlers.ofString());

        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(created.version()).isEqualTo(version);
        assertThat(created.headers().firstValue("audit-id")).isPresent();
        assertThat(json(list)
                        .path("items")
                        .path(0)
                        .path("metadata")
                        .path("name")
                        .asText())
                .isEqualTo("a");
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void warningsAreWrittenInUtf8(HttpClient.Version version) throws Exception {
        HttpClient client =
                HttpClient.newBuilder().sslContext(tls(null)).version(version).build();

        HttpResponse<String> created = client.send(
                request(MAPS)
                        .POST(BodyPublishers.ofString("{\"metadata\":{\"name\":\"a\"},\"größe€\":1}"))
                        .build(),
                BodyHandlers.ofString());

        String asRead = created.headers().firstValue("warning").orElseThrow();
        assertThat(new String(asRead.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                .contains("unknown field \\\"größe€\\\"");
    }

    @Test
    void credentialsAreNeededForAllButHealthAndVersion() throws Exception {
        HttpClient client = client();

        assertThat(status(client, "/version")).isEqualTo(200);
        assertThat(status(client, "/healthz")).isEqualTo(200);
        assertThat(status(client, "/readyz?verbose")).isEqualTo(200);
        assertThat(status(client, "/api")).isEqualTo(401);
        assertThat(status(client, "/openapi/v3")).isEqualTo(401);
        assertThat(status(client, MAPS)).isEqualTo(401);
    }

    @Test
    void unknownTokensAreRefusedAndKnownOnesJudged() throws Exception {
        HttpClient client = client();

        assertThat(json(client.send(request(MAPS, "wrong").build(), BodyHandlers.ofString()))
                        .path("reason")
                        .asText())
                .isEqualTo("Unauthorized");
        HttpResponse<String> refused = client.send(request(MAPS, "alice").build(), BodyHandlers.ofString());
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(json(refused).path("message").asText())
                .isEqualTo(
                        "configmaps is forbidden: User \"alice\" cannot list resource \"configmaps\" in API group \"\""
                                + " in the namespace \"default\"");
    }

    @Test
    void aClientCertificateIsAUser() throws Exception {
        HttpClient admin = HttpClient.newBuilder()
                .sslContext(tls(authority.client("kubernetes-admin", List.of("system:masters"))))
                .build();
        HttpClient stranger = HttpClient.newBuilder()
                .sslContext(tls(CertificateAuthority.generate(kernel).client("admin", List.of("system:masters"))))
                .build();

        assertThat(status(admin, MAPS)).isEqualTo(200);
        assertThat(status(stranger, MAPS)).isEqualTo(401);
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void watchesArriveEventByEventAndEndInTime(HttpClient.Version version) throws Exception {
        HttpClient client =
                HttpClient.newBuilder().sslContext(tls(null)).version(version).build();
        HttpResponse<InputStream> watch =
                client.send(request(MAPS + "?watch=1&timeoutSeconds=2").build(), BodyHandlers.ofInputStream());
        assertThat(watch.statusCode()).isEqualTo(200);

        try (BufferedReader lines = new BufferedReader(new InputStreamReader(watch.body(), StandardCharsets.UTF_8))) {
            create(client, "a");
            JsonNode event = Json.read(lines.readLine().getBytes(StandardCharsets.UTF_8));
            assertThat(event.path("type").asText()).isEqualTo("ADDED");
            assertThat(event.path("object").path("kind").asText()).isEqualTo("ConfigMap");
            assertThat(lines.readLine()).isNull();
        }
    }

    @Test
    void watchesArriveOverWebSocket() throws Exception {
        HttpClient client = client();
        BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        client.newWebSocketBuilder()
                .header("Authorization", "Bearer admin")
                .header("Origin", "https://127.0.0.1")
                .buildAsync(
                        URI.create("wss://127.0.0.1:" + rest.port() + MAPS + "?watch=1&timeoutSeconds=2"),
                        new WebSocket.Listener() {
                            @Override
                            public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                                messages.add(text.toString());
                                return WebSocket.Listener.super.onText(socket, text, last);
                            }

                            @Override
                            public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                                messages.add("closed " + code);
                                return WebSocket.Listener.super.onClose(socket, code, reason);
                            }
                        })
                .get(10, TimeUnit.SECONDS);

        create(client, "a");

        assertThat(messages.poll(10, TimeUnit.SECONDS)).startsWith("{\"type\":\"ADDED\"");
        assertThat(messages.poll(10, TimeUnit.SECONDS)).isEqualTo("closed 1000");
    }

    @Test
    void hostileBodiesAreRefusedAndChangeNothing() throws Exception {
        HttpClient client = client();

        HttpResponse<String> large = post(client, "{\"metadata\":{\"name\":\"" + "a".repeat(10 << 20) + "\"}}");
        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(json(large).path("message").asText()).isEqualTo("Request entity too large: limit is 3145728");
        assertThat(json(large).path("reason").asText()).isEqualTo("RequestEntityTooLarge");

        HttpResponse<String> deep = post(client, "[".repeat(10_001));
        assertThat(deep.statusCode()).isEqualTo(400);
        assertThat(json(deep).path("message").asText()).contains("exceeded max depth");

        assertThat(post(client, "{\"metadata\":").statusCode()).isEqualTo(400);
        assertThat(json(client.send(request(MAPS).build(), BodyHandlers.ofString()))
                        .path("items"))
                .isEmpty();
    }

    @Test
    void kubeconfigsHoldAllThatAClientNeeds() {
        Kubeconfig file = new Kubeconfig("amphora", "https://127.0.0.1:" + rest.port(), authority.certificatePem());

        io.fabric8.kubernetes.client.Config config = io.fabric8.kubernetes.client.Config.fromKubeconfig(
                file.forCertificate("admin", authority.client("kubernetes-admin", List.of("system:masters"))));

        assertThat(config.getMasterUrl()).isEqualTo("https://127.0.0.1:" + rest.port() + "/");
        assertThat(config.getCaCertData()).isNotEmpty();
        assertThat(config.getClientCertData()).isNotEmpty();
        assertThat(config.getClientKeyData()).isNotEmpty();
        assertThat(io.fabric8.kubernetes.client.Config.fromKubeconfig(file.forToken("bob", "s\"ecret"))
                        .getAutoOAuthToken())
                .isEqualTo("s\"ecret");
    }

    private void create(HttpClient client, String name) throws Exception {
        assertThat(post(client, "{\"metadata\":{\"name\":\"" + name + "\"}}").statusCode())
                .isEqualTo(201);
    }

    private HttpResponse<String> post(HttpClient client, String body) throws Exception {
        return client.send(
                request(MAPS)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private int status(HttpClient client, String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.discarding())
                .statusCode();
    }

    private HttpRequest.Builder request(String path) {
        return request(path, "admin");
    }

    private HttpRequest.Builder request(String path, String token) {
        return HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + token);
    }

    private URI uri(String path) {
        return URI.create("https://127.0.0.1:" + rest.port() + path);
    }

    private static JsonNode json(HttpResponse<String> response) {
        return Json.read(response.body().getBytes(StandardCharsets.UTF_8));
    }

    private HttpClient client() throws Exception {
        return HttpClient.newBuilder().sslContext(tls(null)).build();
    }

    private SSLContext tls(KeyCertificate client) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", authority.own().certificate());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
        own.load(null, null);
        if (client != null) {
            own.setKeyEntry("client", client.key(), new char[0], new X509Certificate[] {client.certificate()});
        }
        keys.init(own, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
