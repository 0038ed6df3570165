package dev.amphora.samples;

import dev.amphora.Cluster;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The same requests to Amphora and to fabric8's {@code kubernetes-server-mock} in CRUD mode, over HTTPS, by the same simple client. The
 * mock's libraries don't go together with those of the etcd client, so they stay out of the class path: they are looked for in the folder
 * {@code mock} beside the program.
 */
final class MockBench {
    private static final String HOW_TO_GET_THE_MOCK =
            "  kubernetes-server-mock isn't here. To measure it too, in the source tree:"
                    + "  mvn -q -f samples/src/mock/pom.xml dependency:copy-dependencies";
    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String POD =
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"default","labels":{"app":"bench"}},"spec":{"containers":[\
            {"name":"main","image":"amphora.dev/web:1","resources":{"requests":{"cpu":"100m","memory":"500Mi"}}}]}}""";
    private static final int CALLERS = 2;
    private static final int LISTED = 5_000;
    private static final int LISTS = 7;

    private final int seconds;
    private final int warmUp;
    private final HttpClient client;
    private final AtomicInteger number = new AtomicInteger();

    private MockBench(int seconds, int warmUp) throws GeneralSecurityException {
        this.seconds = seconds;
        this.warmUp = warmUp;
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustsOwn()}, new SecureRandom());
        this.client = HttpClient.newBuilder()
                .sslContext(context)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    /**
     * Measures both and prints a line for each kind of request.
     *
     * @param seconds how long each rate is measured
     * @param warmUp for how many seconds each kind of request is sent before
     * @param amphora starts an API server that serves HTTPS
     */
    static void run(PrintWriter out, int seconds, int warmUp, Supplier<Cluster> amphora)
            throws GeneralSecurityException, IOException, InterruptedException, ReflectiveOperationException {
        out.printf(
                "Beside kubernetes-server-mock in CRUD mode, over HTTPS/1.1, %d callers of the JDK's client:%n",
                CALLERS);
        URL[] jars = jars();
        if (jars.length == 0) {
            out.println(HOW_TO_GET_THE_MOCK);
            return;
        }
        List<Row> own;
        try (Cluster cluster = amphora.get()) {
            own = new MockBench(seconds, warmUp)
                    .measure(cluster.endpoint().orElseThrow().url());
        }
        List<Row> mock;
        try (URLClassLoader loader = new URLClassLoader(jars, ClassLoader.getPlatformClassLoader());
                Mock server = new Mock(loader)) {
            mock = new MockBench(seconds, warmUp).measure(server.url());
        }
        for (int i = 0; i < own.size(); i++) {
            out.printf(
                    "  %-34s %14s   mock %s%n",
                    own.get(i).what(), own.get(i).result(), mock.get(i).result());
        }
        out.flush();
    }

    private static URL[] jars() {
        try {
            Path program = Path.of(MockBench.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            File[] files = program.resolveSibling("mock").toFile().listFiles((folder, name) -> name.endsWith(".jar"));
            return files == null
                    ? new URL[0]
                    : Arrays.stream(files).map(MockBench::url).toArray(URL[]::new);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static URL url(File file) {
        try {
            return file.toURI().toURL();
        } catch (MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One kind of request and what came of it. */
    private record Row(String what, String result) {}

    private List<Row> measure(String base) throws InterruptedException {
        List<Row> rows = new ArrayList<>();
        String pods = base + PODS;
        request("POST", pods, "application/json", POD.formatted("one"));
        rows.add(rate("pod gets", () -> request("GET", pods + "/one", null, null)));
        String merge = "application/merge-patch+json";
        rows.add(rate(
                "merge patches",
                () -> request(
                        "PATCH", pods + "/one", merge, "{\"metadata\":{\"labels\":{\"n\":\"" + next() + "\"}}}")));
        String strategic = "application/strategic-merge-patch+json";
        rows.add(rate(
                "strategic merge patches",
                () -> request(
                        "PATCH", pods + "/one", strategic, "{\"metadata\":{\"labels\":{\"n\":\"" + next() + "\"}}}")));
        rows.add(rate("applies", () -> {
            String map =
                    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\""
                            + next() + "\"}}";
            return request(
                    "PATCH",
                    base + "/api/v1/namespaces/default/configmaps/a?fieldManager=bench&force=true",
                    "application/apply-patch+yaml",
                    map);
        }));
        for (int i = 0; i < LISTED; i++) {
            request("POST", pods, "application/json", POD.formatted("listed-" + i));
        }
        rows.add(lists(pods));
        rows.add(rate("pod creates", () -> request("POST", pods, "application/json", POD.formatted("p-" + next()))));
        return rows;
    }

    private int next() {
        return number.incrementAndGet();
    }

    private Row lists(String pods) {
        double[] times = new double[LISTS];
        for (int i = 0; i < LISTS; i++) {
            long begin = System.nanoTime();
            request("GET", pods, null, null);
            times[i] = (System.nanoTime() - begin) / 1e6;
        }
        Arrays.sort(times);
        return new Row("list of %,d pods, median".formatted(LISTED + 1), "%,.1f ms".formatted(times[LISTS / 2]));
    }

    /** Sends a request again and again; what it is refused with takes the place of a rate. */
    private Row rate(String what, Supplier<Integer> request) throws InterruptedException {
        rate(what, request, warmUp);
        return rate(what, request, seconds);
    }

    private static Row rate(String what, Supplier<Integer> request, int forSeconds) throws InterruptedException {
        AtomicLong calls = new AtomicLong();
        AtomicInteger refusal = new AtomicInteger();
        long begin = System.nanoTime();
        long end = begin + forSeconds * 1_000_000_000L;
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            Thread caller = new Thread(() -> {
                while (System.nanoTime() < end && refusal.get() == 0) {
                    int status = request.get();
                    if (status >= 300) {
                        refusal.set(status);
                    }
                    calls.incrementAndGet();
                }
            });
            callers.add(caller);
            caller.start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        return new Row(
                what,
                refusal.get() != 0
                        ? "refused (" + refusal.get() + ")"
                        : "%,.0f /s".formatted(calls.get() * 1e9 / (System.nanoTime() - begin)));
    }

    private int request(String method, String target, @Nullable String contentType, @Nullable String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(target))
                .header("Authorization", "Bearer " + HttpsBench.TOKEN)
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (contentType != null) {
            request.header("Content-Type", contentType);
        }
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The mock, which is known by the names of its classes only. */
    private static final class Mock implements AutoCloseable {
        /** The mock tells of each request; that would be measured too. */
        private static final Logger LOG = Logger.getLogger("io.fabric8.mockwebserver.MockWebServer");

        private final Object server;

        Mock(ClassLoader loader) throws ReflectiveOperationException {
            LOG.setLevel(Level.WARNING);
            Thread thread = Thread.currentThread();
            ClassLoader before = thread.getContextClassLoader();
            thread.setContextClassLoader(loader);
            try {
                String mockServer = "io.fabric8.mockwebserver.";
                String kubernetes = "io.fabric8.kubernetes.client.server.mock.";
                Class<?> context = loader.loadClass(mockServer + "Context");
                Class<?> web = loader.loadClass(mockServer + "MockWebServer");
                Class<?> dispatcher = loader.loadClass(mockServer + "http.Dispatcher");
                Map<Object, Queue<Object>> responses = new HashMap<>();
                server = loader.loadClass(kubernetes + "KubernetesMockServer")
                        .getConstructor(context, web, Map.class, dispatcher, boolean.class)
                        .newInstance(
                                context.getConstructor().newInstance(),
                                web.getConstructor().newInstance(),
                                responses,
                                loader.loadClass(kubernetes + "KubernetesCrudDispatcher")
                                        .getConstructor()
                                        .newInstance(),
                                true);
                server.getClass().getMethod("init").invoke(server);
            } finally {
                thread.setContextClassLoader(before);
            }
        }

        String url() throws ReflectiveOperationException {
            String url = String.valueOf(
                    server.getClass().getMethod("url", String.class).invoke(server, ""));
            return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        }

        @Override
        public void close() throws ReflectiveOperationException {
            server.getClass().getMethod("destroy").invoke(server);
        }
    }

    /** The client asks only servers that this program has started, whatever their certificates say. */
    private static final class TrustsOwn extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
