package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.amphora.Cluster;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.KeyCertificate;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A metrics server outside the process that an APIService names: {@code kubectl top}, watches, other protocols, and what happens without it. */
class MetricsServerIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String GROUP = "/apis/metrics.k8s.io/v1beta1";
    /** Where pods live: endpoints on the rest of the loopback network are refused. */
    private static final String ADDRESS = "127.200.0.1";

    private static final String USAGE = "\"timestamp\":\"2026-01-01T00:00:00Z\",\"window\":\"15s\",";
    private static final CertificateAuthority AUTHORITY = CertificateAuthority.generate(InstantSource.system());
    private static final BlockingQueue<String> callers = new LinkedBlockingQueue<>();
    private static final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    static Path directory;

    @SuppressWarnings("NullAway.Init")
    private static Cluster cluster;

    @SuppressWarnings("NullAway.Init")
    private static KubernetesClient client;

    @SuppressWarnings("NullAway.Init")
    private static HttpsServer server;

    private static final ExecutorService threads = Executors.newCachedThreadPool();

    @BeforeAll
    static void start() throws Exception {
        server = HttpsServer.create(new InetSocketAddress(ADDRESS, 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls("metrics-server")) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters wanted = getSSLContext().getDefaultSSLParameters();
                wanted.setWantClientAuth(true);
                parameters.setSSLParameters(wanted);
            }
        });
        server.setExecutor(threads);
        server.createContext("/", MetricsServerIT::serve);
        server.start();
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", new FakeRuntime())
                .serve(0)
                .start();
        client = cluster.client();
        register(
                "v1beta1",
                "metrics.k8s.io",
                "metrics-server",
                server.getAddress().getPort());
        cluster.await("metrics", PATIENCE, () -> isAvailable("v1beta1.metrics.k8s.io"));
    }

    @AfterAll
    static void end() {
        cluster.close();
        server.stop(0);
        threads.shutdownNow();
    }

    private static void register(String version, String group, String service, int port) {
        String bundle =
                Base64.getEncoder().encodeToString(AUTHORITY.certificatePem().getBytes(StandardCharsets.US_ASCII));
        String manifest =
                """
                apiVersion: v1
                kind: Service
                metadata: {name: %1$s, namespace: kube-system}
                spec: {ports: [{name: https, port: 443, targetPort: %2$d}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: %1$s-1, namespace: kube-system, labels: {kubernetes.io/service-name: %1$s}}
                addressType: IPv4
                ports: [{name: https, port: %2$d}]
                endpoints: [{addresses: [%3$s]}]
                ---
                apiVersion: apiregistration.k8s.io/v1
                kind: APIService
                metadata: {name: %4$s.%5$s}
                spec:
                  group: %5$s
                  version: %4$s
                  groupPriorityMinimum: 100
                  versionPriority: 100
                  caBundle: %6$s
                  service: {name: %1$s, namespace: kube-system}
                """
                        .formatted(service, port, ADDRESS, version, group, bundle);
        client.load(new java.io.ByteArrayInputStream(manifest.getBytes(StandardCharsets.UTF_8)))
                .create();
    }

    private static boolean isAvailable(String name) {
        return condition(name).contains("\"status\":\"True\"");
    }

    private static String condition(String name) {
        String raw = client.raw("/apis/apiregistration.k8s.io/v1/apiservices/" + name);
        return raw.substring(raw.indexOf("\"status\":{"));
    }

    private static void awaitCondition(String name, String... texts) {
        cluster.await(name + " is " + String.join(", ", texts), PATIENCE, () -> List.of(texts).stream()
                .allMatch(condition(name)::contains));
    }

    private static void serve(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        callers.add(exchange.getRequestHeaders().getFirst("X-Remote-User") + " by " + shown(exchange) + " " + path);
        if (exchange.getRequestURI().getQuery() != null
                && exchange.getRequestURI().getQuery().contains("watch=")) {
            watch(exchange);
            return;
        }
        String answer =
                switch (path) {
                    case GROUP ->
                        """
                        {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"metrics.k8s.io/v1beta1","resources":[
                         {"name":"nodes","singularName":"","namespaced":false,"kind":"NodeMetrics","verbs":["get","list"]},
                         {"name":"pods","singularName":"","namespaced":true,"kind":"PodMetrics","verbs":["get","list"]}]}""";
                    case GROUP + "/nodes" ->
                        list(
                                "NodeMetrics",
                                "{\"metadata\":{\"name\":\"worker-1\"}," + USAGE
                                        + "\"usage\":{\"cpu\":\"1\",\"memory\":\"2Gi\"}}");
                    case GROUP + "/namespaces/default/pods" ->
                        list(
                                "PodMetrics",
                                "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\"}," + USAGE
                                        + "\"containers\":[{\"name\":\"web\",\"usage\":{\"cpu\":\"250m\",\"memory\":\"64Mi\"}}]}");
                    default -> "";
                };
        byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(answer.isEmpty() ? 404 : 200, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static String list(String kind, String item) {
        return "{\"kind\":\"%sList\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":{},\"items\":[%s]}"
                .formatted(kind, item);
    }

    private static String shown(HttpExchange exchange) {
        try {
            Certificate[] chain = ((HttpsExchange) exchange).getSSLSession().getPeerCertificates();
            return ((X509Certificate) chain[0]).getSubjectX500Principal().getName();
        } catch (javax.net.ssl.SSLPeerUnverifiedException e) {
            return "nobody";
        }
    }

    /** Sends each event when the test has made it. */
    private static void watch(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            String event = "";
            while (event != null && !event.equals("end")) {
                out.write((event + "\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
                event = events.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static SSLContext tls(String service) throws Exception {
        KeyCertificate serving = AUTHORITY.server(service, List.of(service + ".kube-system.svc"), List.of());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("serving", serving.key(), new char[0], new Certificate[] {serving.certificate()});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {new Anybody()}, null);
        return context;
    }

    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void kubectlTopShowsWhatItMeasures(String binary) {
        Kubectl kubectl = Kubectl.of(cluster, directory, binary, "default");

        assertThat(kubectl.run("top", "nodes").lines().skip(1).findFirst().orElse(""))
                .matches("worker-1 +1000m +25% +2048Mi +25% *");
        assertThat(kubectl.run("top", "pods").lines().skip(1).findFirst().orElse(""))
                .matches("web +250m +64Mi *");
        assertThat(kubectl.run("api-resources", "--api-group=metrics.k8s.io")).contains("NodeMetrics", "PodMetrics");
        assertThat(callers)
                .contains("kubernetes-admin by CN=front-proxy-client " + GROUP + "/nodes")
                .contains("system:kube-aggregator by CN=front-proxy-client " + GROUP);
    }

    @Test
    void aWatchPassesOnEachEventWhenItComes() throws Exception {
        try (SSLSocket socket = connect()) {
            ask(socket, GROUP + "/nodes?watch=1", "");
            BufferedReader answer =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(answer.readLine()).startsWith("HTTP/1.1 200");
            events.add("first");
            assertThat(lineWith(answer, "first")).isTrue();
            events.add("second");
            assertThat(lineWith(answer, "second")).isTrue();
            events.add("end");
        }
    }

    @Test
    void whatIsNotTrustedOrNotThereIsUnavailableAndHarmsNobodyElse() throws Exception {
        register("v1", "gone.example.com", "gone", 1);
        awaitCondition("v1.gone.example.com", "FailedDiscoveryCheck", ADDRESS + ":1: connect: connection refused");
        register("v1", "other.example.com", "other", server.getAddress().getPort());
        awaitCondition("v1.other.example.com", "x509: certificate is not valid for other.kube-system.svc");
        try (SSLSocket socket = connect()) {
            ask(socket, "/apis/gone.example.com/v1/things", "");
            assertThat(new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                            .readLine())
                    .startsWith("HTTP/1.1 503");
        }
        assertThat(client.raw(GROUP + "/nodes")).contains("worker-1");
    }

    @Test
    void anotherProtocolPassesThrough() throws Exception {
        try (SSLServerSocket listener = (SSLServerSocket) tls("console")
                .getServerSocketFactory()
                .createServerSocket(0, 50, java.net.InetAddress.getByName(ADDRESS))) {
            threads.execute(() -> accept(listener));
            register("v1", "console.example.com", "console", listener.getLocalPort());
            cluster.await("the console", PATIENCE, () -> isAvailable("v1.console.example.com"));
            try (SSLSocket socket = connect()) {
                ask(
                        socket,
                        "/apis/console.example.com/v1/namespaces/default/machines/m/console",
                        "Connection: Upgrade\r\nUpgrade: echo\r\n");
                InputStream in = socket.getInputStream();
                assertThat(head(in)).startsWith("HTTP/1.1 101").contains("Upgrade: echo");
                socket.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(in.readNBytes(5), StandardCharsets.US_ASCII))
                        .isEqualTo("hello");
            }
        }
    }

    /** Echoes, once the client has asked for that; otherwise says to serve one resource. */
    private static void accept(SSLServerSocket listener) {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                threads.execute(() -> echo(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void echo(Socket socket) {
        String list = "{\"kind\":\"APIResourceList\",\"groupVersion\":\"console.example.com/v1\",\"resources\":[]}";
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            if (head(in).contains("Upgrade: echo")) {
                out.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                in.transferTo(out);
            } else {
                out.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                        .formatted(list.length(), list)
                        .getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            // the other end has gone
        }
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no more after: " + head);
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static boolean lineWith(BufferedReader in, String text) throws IOException {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.contains(text)) {
                return true;
            }
        }
        return false;
    }

    private static SSLSocket connect() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Anybody()}, null);
        URI url = URI.create(cluster.endpoint().orElseThrow().url());
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(url.getHost(), url.getPort());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        return socket;
    }

    private static void ask(SSLSocket socket, String target, String headers) throws IOException {
        String token = Config.fromKubeconfig(cluster.endpoint().orElseThrow().kubeconfig())
                .getAutoOAuthToken();
        socket.getOutputStream()
                .write("GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s\r\n"
                        .formatted(target, token, headers)
                        .getBytes(StandardCharsets.US_ASCII));
    }
}
