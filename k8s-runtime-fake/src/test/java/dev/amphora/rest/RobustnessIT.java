package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.rest.tls.CertificateAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Clients that behave badly are no trouble for others.
 *
 * <p>{@code -Drobust.connections=10000} says how many of them there are at once; by default some hundred.
 */
class RobustnessIT {
    private static final int CONNECTIONS = Integer.getInteger("robust.connections", 300);
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    private final Kernel kernel = new ThreadedKernel();
    private final TestServer server = new TestServer(kernel);
    private final RestApi api = RestApi.builder(kernel, server.apiServer).build();
    private final List<AutoCloseable> clients = new ArrayList<>();
    private RestServer rest;

    @BeforeEach
    void start() throws Exception {
        CertificateAuthority authority = CertificateAuthority.generate(kernel);
        rest = RestServer.start(
                kernel,
                api,
                new InetSocketAddress("127.0.0.1", 0),
                authority.server("kube-apiserver", List.of(), List.of(InetAddress.getByName("127.0.0.1"))));
        DirectCall.admin("POST", "/api/v1/namespaces", "", bytes("{\"metadata\":{\"name\":\"default\"}}"))
                .run(api);
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable client : clients) {
            client.close();
        }
        rest.close();
        server.close();
        kernel.close();
    }

    @Test
    void aWatcherThatStopsReadingIsCutOff() throws Exception {
        RawClient slow = connect();
        slow.send(RawClient.head("GET", MAPS + "?watch=true") + "\r\n");
        assertThat(slow.readStatus()).isEqualTo(200);
        RawClient stalled = http2();
        Http2Frames frames = new Http2Frames(stalled);
        frames.get(1, MAPS + "?watch=true");
        frames.await(Http2Frames.HEADERS, 1);
        RawClient quick = connect();
        quick.send(RawClient.head("GET", MAPS + "?watch=true") + "\r\n");
        assertThat(quick.readStatus()).isEqualTo(200);
        CompletableFuture<Boolean> heard = CompletableFuture.supplyAsync(() -> readUntil(quick, "\"name\":\"last\""));
        await("three watches", () -> watches() == 3);

        String filling = "x".repeat(900 << 10);
        for (int i = 0; i < 90; i++) {
            put("changing", i + filling);
        }
        put("last", "");

        assertThat(heard.get(60, TimeUnit.SECONDS)).isTrue();
        await("the others are cut off", () -> watches() == 1);
        assertThat(slow.readAll()).doesNotContain("\"name\":\"last\"");
        assertServes();
    }

    @Test
    void clientsThatDribbleOrSayNothingHoldNobodyUp() throws Exception {
        int threads = Thread.activeCount();
        IdleClients idle = IdleClients.start(rest.port(), CONNECTIONS);
        clients.add(idle);
        String told = "";
        while (!told.equals(CONNECTIONS + " connected")) {
            told = idle.next();
            assertThat(told).endsWith(" connected");
            assertServes();
        }
        idle.dribble();
        for (int i = 0; i < 20; i++) {
            assertServes();
        }
        assertThat(idle.next()).isEqualTo(CONNECTIONS / 5 * 3 + Math.max(0, CONNECTIONS % 5 - 2) + " dribbled");
        assertServes();
        assertThat(Thread.activeCount()).as("threads").isLessThan(threads + 100);
    }

    @Test
    void hugeHeadsAndBodiesAreRefused() throws Exception {
        RawClient header = connect();
        sendAll(header, RawClient.head("GET", "/version") + "X-Filling: " + "x".repeat(2 << 20));
        assertThat(header.readAll()).startsWith("HTTP/1.1 431 ");
        RawClient target = connect();
        sendAll(target, "GET /version?" + "x".repeat(2 << 20));
        assertThat(target.readAll()).startsWith("HTTP/1.1 414 ");
        RawClient body = connect();
        sendAll(body, RawClient.head("POST", MAPS) + "Content-Length: 4000000\r\n\r\n" + "x".repeat(4_000_000));
        assertThat(body.readStatus()).isEqualTo(413);
        RawClient chunked = connect();
        String chunk = "100000\r\n" + "x".repeat(1 << 20) + "\r\n";
        sendAll(
                chunked,
                RawClient.head("POST", MAPS) + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(4) + "0\r\n\r\n");
        assertThat(chunked.readStatus()).isEqualTo(413);
        RawClient endless = connect();
        sendAll(endless, RawClient.head("POST", MAPS) + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(70));
        assertThat(endless.readStatus()).isEqualTo(413);
        assertServes();
    }

    @Test
    void nonsenseIsRefused() throws Exception {
        for (String nonsense : List.of(
                "\r\n\r\n\r\nx\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                RawClient.head("POST", MAPS) + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n continued: x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: \u0000\r\n\r\n",
                "GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n")) {
            RawClient client = connect();
            sendAll(client, nonsense);
            String answer = client.readHead();
            assertThat(answer).as(nonsense).matches("(?s)HTTP/1.1 (400|401|404|505) .*");
            assertThat(answer).doesNotContain("Exception", "\tat ", "jetty");
        }
        assertServes();
    }

    @Test
    void floodsOfStreamsAndFramesAreBounded() throws Exception {
        RawClient resets = http2();
        Http2Frames frames = new Http2Frames(resets);
        assertThat(frames.floodUntilClosed(i -> {
                    frames.get(2 * i + 1, MAPS);
                    frames.reset(2 * i + 1);
                }))
                .as("streams that are opened and reset at once")
                .isTrue();
        RawClient pings = http2();
        Http2Frames pinging = new Http2Frames(pings);
        assertThat(pinging.floodUntilClosed(i -> pinging.ping())).as("pings").isTrue();
        RawClient settings = http2();
        Http2Frames setting = new Http2Frames(settings);
        assertThat(setting.floodUntilClosed(i -> setting.settings()))
                .as("settings")
                .isTrue();
        RawClient continued = http2();
        Http2Frames continuing = new Http2Frames(continued);
        continuing.openHeaders(1);
        assertThat(continuing.floodUntilClosed(i -> continuing.continuation(1)))
                .as("continuations")
                .isTrue();
        assertServes();
    }

    @Test
    void moreStreamsThanAllowedAreRefusedAlone() throws Exception {
        Http2Frames frames = new Http2Frames(http2());
        for (int i = 0; i < 400; i++) {
            frames.get(2 * i + 1, MAPS + "?watch=true");
        }
        assertThat(frames.await(Http2Frames.RESET, 100)).isGreaterThanOrEqualTo(100);
        await("the others watch", () -> watches() == 250);
        assertServes();
    }

    @Test
    void oldVersionsOfTlsAreRefused() throws Exception {
        for (int minor : List.of(0, 1, 2)) {
            try (Socket socket = RawClient.plain(rest.port())) {
                socket.getOutputStream().write(clientHello(minor));
                byte[] alert = socket.getInputStream().readNBytes(7);
                assertThat(alert)
                        .as("TLS 1.%s", minor - 1)
                        .startsWith(0x15, 0x03)
                        .endsWith(0x02, 0x46);
            }
        }
        assertServes();
    }

    /** What a client says that knows no version after {@code 3.minor}. */
    private static byte[] clientHello(int minor) {
        byte[] hello = new byte[5 + 4 + 2 + 32 + 1 + 4 + 2];
        byte[] start = {
            0x16, 3, (byte) minor, 0, (byte) (hello.length - 5), 1, 0, 0, (byte) (hello.length - 9), 3, (byte) minor
        };
        System.arraycopy(start, 0, hello, 0, start.length);
        byte[] end = {0, 0, 2, (byte) 0xc0, 0x14, 1, 0};
        System.arraycopy(end, 0, hello, hello.length - end.length, end.length);
        return hello;
    }

    private RawClient connect() throws IOException {
        RawClient client = RawClient.connect(rest.port());
        clients.add(client);
        return client;
    }

    private RawClient http2() throws IOException {
        RawClient client = RawClient.connect(rest.port(), "h2");
        clients.add(client);
        return client;
    }

    /** Sends what the other side may refuse before it has all of it. */
    private static void sendAll(RawClient client, String text) {
        try {
            client.send(text);
        } catch (IOException e) {
            // the answer says why
        }
    }

    /** Somebody else is served. */
    private void assertServes() throws IOException {
        try (RawClient client = RawClient.connect(rest.port())) {
            client.send(RawClient.head("GET", MAPS) + "Connection: close\r\n\r\n");
            assertThat(client.readAll()).startsWith("HTTP/1.1 200 ").contains("ConfigMapList");
        }
    }

    private void put(String name, String value) throws Exception {
        byte[] body = Json.write(Json.object()
                .put("apiVersion", "v1")
                .put("kind", "ConfigMap")
                .set("metadata", Json.object().put("name", name)));
        String text = new String(body, StandardCharsets.UTF_8);
        byte[] whole = bytes(text.substring(0, text.length() - 1) + ",\"data\":{\"k\":\"" + value + "\"}}");
        HttpAnswer answer =
                DirectCall.admin("PUT", MAPS + "/" + name, "", whole).run(api);
        if (answer.status() == 404) {
            answer = DirectCall.admin("POST", MAPS, "", whole).run(api);
        }
        assertThat(answer.status()).isIn(200, 201);
    }

    private static boolean readUntil(RawClient client, String text) {
        try {
            InputStream in = client.in();
            byte[] buffer = new byte[64 << 10];
            String tail = "";
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                String seen = tail + new String(buffer, 0, read, StandardCharsets.ISO_8859_1);
                if (seen.contains(text)) {
                    return true;
                }
                tail = seen.substring(Math.max(0, seen.length() - text.length()));
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    /** How many watches of ConfigMaps are open, as the server counts them. */
    private int watches() throws Exception {
        String metrics = new String(
                DirectCall.admin("GET", "/metrics", "", new byte[0]).run(api).body(), StandardCharsets.UTF_8);
        return metrics.lines()
                .filter(line -> line.startsWith("apiserver_longrunning_requests{") && line.contains("\"configmaps\""))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(String what, Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.holds()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.onSpinWait();
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
