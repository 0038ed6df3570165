package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.Cluster;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.KeyCertificate;
import dev.amphora.store.memory.MemoryStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Another API server that is slow, breaks off, sends much, or dies: it harms who asks it, and nobody else. */
class AggregationIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String ADDRESS = "127.200.0.2";
    private static final String API = "/apis/slow.example.com/v1";
    private static final int MUCH = 24 << 20;
    private static final int WAITING = 150;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Semaphore stuck = new Semaphore(0);
    private final CountDownLatch left = new CountDownLatch(1);
    private final CountDownLatch dies = new CountDownLatch(1);
    private SSLServerSocket listener;
    private Cluster cluster;
    private LocalConnection connection;

    /** An answer as it grows. */
    private static final class Growing implements LocalConnection.Listener {
        final CompletableFuture<Integer> status = new CompletableFuture<>();
        final CompletableFuture<byte[]> body = new CompletableFuture<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public void onHead(int code, List<Map.Entry<String, String>> headers) {
            status.complete(code);
        }

        @Override
        public synchronized void onBytes(byte[] piece) {
            bytes.writeBytes(piece);
        }

        @Override
        public synchronized void onEnd() {
            body.complete(bytes.toByteArray());
        }

        synchronized int size() {
            return bytes.size();
        }
    }

    @BeforeEach
    void start() throws Exception {
        KeyCertificate serving = CertificateAuthority.generate(InstantSource.system())
                .server("slow", List.of("slow.default.svc"), List.of());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("serving", serving.key(), new char[0], new Certificate[] {serving.certificate()});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), null, null);
        listener = (SSLServerSocket)
                tls.getServerSocketFactory().createServerSocket(0, 200, InetAddress.getByName(ADDRESS));
        threads.execute(this::accept);
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .noControllers()
                .noScheduler()
                .serve(0)
                .start();
        connection = cluster.connection();
        make(
                "/api/v1/namespaces/default/services",
                "{\"metadata\":{\"name\":\"slow\"},\"spec\":{\"ports\":[{\"port\":443}]}}");
        make(
                "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
                "{\"metadata\":{\"name\":\"slow\",\"labels\":{\"kubernetes.io/service-name\":\"slow\"}},\"addressType\":\"IPv4\",\"ports\":[{\"port\":%d}],\"endpoints\":[{\"addresses\":[\"%s\"]}]}"
                        .formatted(listener.getLocalPort(), ADDRESS));
        make(
                "/apis/apiregistration.k8s.io/v1/apiservices",
                """
                {"metadata":{"name":"v1.slow.example.com"},"spec":{"group":"slow.example.com","version":"v1","groupPriorityMinimum":100,
                 "versionPriority":1,"insecureSkipTLSVerify":true,"service":{"namespace":"default","name":"slow"}}}""");
        cluster.await("the API", PATIENCE, () -> text(get(API)).contains("APIResourceList"));
    }

    @AfterEach
    void end() throws Exception {
        dies.countDown();
        cluster.close();
        listener.close();
        threads.shutdownNow();
    }

    private void make(String path, String body) throws Exception {
        Growing answer = send("POST", path, body);
        assertThat(answer.status.get(60, TimeUnit.SECONDS)).isEqualTo(201);
    }

    private Growing get(String path) {
        return send("GET", path, "");
    }

    private Growing send(String method, String path, String body) {
        Growing answer = new Growing();
        start(answer, method, path, body);
        return answer;
    }

    private Runnable start(Growing answer, String method, String path, String body) {
        String token = io.fabric8.kubernetes.client.Config.fromKubeconfig(
                        cluster.endpoint().orElseThrow().kubeconfig())
                .getAutoOAuthToken();
        return connection.send(
                method,
                path,
                List.of(Map.entry("Authorization", "Bearer " + token), Map.entry("Content-Type", "application/json")),
                body.getBytes(StandardCharsets.UTF_8),
                answer);
    }

    private static String text(Growing answer) {
        try {
            return new String(answer.body.get(60, TimeUnit.SECONDS), StandardCharsets.UTF_8);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    // ---- the other server -------------------------------------------------------------------------------------------

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                threads.execute(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            while (true) {
                String head = head(in);
                if (head.startsWith("GET " + API + "/hangs")) {
                    stuck.release();
                    dies.await();
                    return;
                } else if (head.startsWith("GET " + API + "/much")) {
                    out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + MUCH + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
                    out.write(new byte[MUCH]);
                } else if (head.startsWith("GET " + API + "/breaks")) {
                    out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
                    return;
                } else if (head.startsWith("GET " + API + "/watched")) {
                    out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
                    stuck.release();
                    in.read();
                    left.countDown();
                    return;
                } else if (head.startsWith("GET " + API + "/garbage")) {
                    out.write("who knows\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    return;
                } else {
                    String list =
                            "{\"kind\":\"APIResourceList\",\"groupVersion\":\"slow.example.com/v1\",\"resources\":[]}";
                    out.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                            .formatted(list.length(), list)
                            .getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException e) {
            left.countDown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no more");
            }
            head.append((char) next);
        }
        return head.toString();
    }

    // ---- what must hold ---------------------------------------------------------------------------------------------

    private static long threadsOfTheCluster() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("amphora"))
                .count();
    }

    @Test
    void whoWaitsForItHoldsNoThreadAndUpNobody() throws Exception {
        long before = threadsOfTheCluster();
        List<Growing> waiting = new ArrayList<>();
        for (int i = 0; i < WAITING; i++) {
            waiting.add(get(API + "/hangs"));
        }
        assertThat(stuck.tryAcquire(WAITING, 60, TimeUnit.SECONDS)).isTrue();

        assertThat(threadsOfTheCluster()).isLessThan(before + WAITING / 3);
        for (int i = 0; i < 100; i++) {
            assertThat(get("/api/v1/namespaces/default").status.get(60, TimeUnit.SECONDS))
                    .isEqualTo(200);
        }
        assertThat(text(get(API))).contains("APIResourceList");
        assertThat(waiting).noneMatch(each -> each.status.isDone());

        dies.countDown();
        for (Growing each : waiting) {
            assertThat(each.status.get(60, TimeUnit.SECONDS)).isEqualTo(503);
            assertThat(text(each)).startsWith("error trying to reach service: ");
        }
    }

    @Test
    void whatItSendsPassesThroughWhole() {
        assertThat(text(get(API + "/much"))).hasSize(MUCH);
    }

    @Test
    void whatBreaksOffEndsForTheClientToo() throws Exception {
        Growing broken = get(API + "/breaks");
        assertThat(broken.status.get(60, TimeUnit.SECONDS)).isEqualTo(200);
        assertThat(text(broken)).isEqualTo("begun");
        Growing garbage = get(API + "/garbage");
        assertThat(garbage.status.get(60, TimeUnit.SECONDS)).isEqualTo(503);
    }

    @Test
    void aClientThatLeavesAWatchLeavesTheOtherServerToo() throws Exception {
        Growing watch = new Growing();
        Runnable leave = start(watch, "GET", API + "/watched?watch=1", "");
        assertThat(stuck.tryAcquire(1, 60, TimeUnit.SECONDS)).isTrue();
        cluster.await("the first event", PATIENCE, () -> watch.size() == 5);

        leave.run();

        assertThat(left.await(60, TimeUnit.SECONDS)).isTrue();
    }
}
