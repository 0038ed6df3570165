package dev.amphora.samples;

import static dev.amphora.samples.BenchObjects.NAMESPACE;

import dev.amphora.Cluster;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The measurements over HTTPS: {@code wrk} makes the load, in a process of its own on the same machine. */
final class HttpsBench {
    /** The bearer token that the load is sent with. */
    static final String TOKEN = "bench-token";

    private static final String POD =
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"p-","labels":{"app":"bench"}},"spec":{"containers":[{"name":"main",\
            "image":"amphora.dev/web:1","resources":{"requests":{"cpu":"100m","memory":"500Mi"}}}]}}""";
    /** How many objects are changed in turn, so that those who change them hardly meet. */
    private static final int CHANGED = 64;

    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final Pattern HALF = Pattern.compile("50%\\s+(\\S+)");
    private static final Pattern MOST = Pattern.compile("99%\\s+(\\S+)");
    private static final Pattern FAILED = Pattern.compile("Non-2xx or 3xx responses: (\\d+)");

    private final PrintWriter out;
    private final Client inProcess;
    private final String url;
    private final int seconds;
    private final int connections;
    private final int warmUp;

    HttpsBench(PrintWriter out, Cluster cluster, int seconds, int connections, int warmUp) {
        this.out = out;
        this.inProcess = cluster.api("bench");
        this.url = cluster.endpoint().orElseThrow().url();
        this.seconds = seconds;
        this.connections = connections;
        this.warmUp = warmUp;
    }

    void run(List<Integer> lists, List<Integer> watchers)
            throws IOException, InterruptedException, GeneralSecurityException {
        out.printf("Over HTTPS/1.1, wrk with %d connections beside the server:%n", connections);
        String pods = url + "/api/v1/namespaces/" + NAMESPACE + "/pods";
        inProcess.create(BenchObjects.pod("one"));
        wrk(pods + "/one", "", warmUp);
        row("pod gets", wrk(pods + "/one", "", seconds), "3,077/s p50 4.7ms p99 21ms");
        lists(pods, lists.subList(0, lists.size() - 1));
        String create = "wrk.method='POST'; wrk.body='" + POD + "'; " + type("application/json");
        wrk(pods, create, warmUp);
        row("pod creates", wrk(pods, create, seconds), "983/s p50 14.5ms p99 43ms");
        for (int i = 0; i < CHANGED; i++) {
            inProcess.create(BenchObjects.pod("changed-" + i));
        }
        String patch = changing(
                "PATCH",
                "/api/v1/namespaces/" + NAMESPACE + "/pods/changed-' .. n % " + CHANGED,
                "{\"metadata\":{\"labels\":{\"change\":\"c' .. n .. '\"}}}",
                "application/strategic-merge-patch+json");
        wrk(pods, patch, warmUp / 2);
        row("strategic merge patches of pods", wrk(pods, patch, seconds), "617/s p50 23ms (client-go)");
        String apply = changing(
                "PATCH",
                "/api/v1/namespaces/" + NAMESPACE + "/configmaps/applied-' .. n % " + CHANGED
                        + " .. '?fieldManager=bench'",
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"applied-' .. n % " + CHANGED
                        + " .. '\"},\"data\":{\"key\":\"v' .. n .. '\"}}",
                "application/apply-patch+yaml");
        wrk(pods, apply, warmUp / 3);
        row("applies of ConfigMaps", wrk(pods, apply, seconds), null);
        for (int count : watchers) {
            fanOut(count);
        }
        lists(pods, lists.subList(lists.size() - 1, lists.size()));
        out.flush();
    }

    private static String type(String mediaType) {
        return "wrk.headers['Content-Type']='" + mediaType + "'\n";
    }

    /** A script whose requests differ by a number {@code n}. Path and body are within quotes. */
    private static String changing(String method, String path, String body, String mediaType) {
        return type(mediaType)
                + "local n = 0\nrequest = function()\n  n = n + 1\n  return wrk.format('%s', '%s, nil, '%s')\nend\n"
                        .formatted(method, path, body);
    }

    /** Lists pods of a namespace of their own, which are made in process. */
    private void lists(String pods, List<Integer> counts)
            throws IOException, InterruptedException, GeneralSecurityException {
        HttpClient client = HttpsWatchers.client(HttpClient.Version.HTTP_1_1);
        for (int count : counts) {
            int there = inProcess
                    .list(BenchObjects.PODS, NAMESPACE, ListOptions.all())
                    .items()
                    .size();
            for (int i = there; i < count; i++) {
                inProcess.create(BenchObjects.pod("listed-" + i));
            }
            there = Math.max(there, count);
            double[] times = new double[there > 50_000 ? 3 : 15];
            for (int i = 0; i < times.length; i++) {
                long begin = System.nanoTime();
                get(client, pods + "?resourceVersion=0");
                times[i] = (System.nanoTime() - begin) / 1e6;
            }
            out.printf(
                    "  %-34s %10.1f ms%s%n",
                    "list of %,d pods, median".formatted(there),
                    BenchObjects.median(times),
                    there == 5_000 ? "   reference 403 ms" : "");
            out.flush();
        }
    }

    /** How many events per second all watchers get together over HTTP/2. */
    private void fanOut(int count) throws IOException, InterruptedException, GeneralSecurityException {
        AtomicLong seen = new AtomicLong();
        String namespace = "watched-" + count;
        inProcess.create(new NamespaceBuilder()
                .withNewMetadata()
                .withName(namespace)
                .endMetadata()
                .build());
        try (HttpsWatchers watchers =
                new HttpsWatchers(url + "/api/v1/namespaces/" + namespace + "/configmaps?watch=true", count, seen)) {
            int events = Math.max(20, 50_000 / count);
            long begin = System.nanoTime();
            for (int i = 0; i < events; i++) {
                inProcess.create(BenchObjects.configMap(namespace, "c-" + i));
            }
            watchers.await((long) events * count);
            double took = (System.nanoTime() - begin) / 1e9;
            double[] latencies = new double[count > 1_000 ? 20 : 500];
            for (int i = 0; i < latencies.length; i++) {
                long before = seen.get();
                long sent = System.nanoTime();
                inProcess.create(BenchObjects.configMap(namespace, "l-" + i));
                watchers.await(before + count);
                latencies[i] = (System.nanoTime() - sent) / 1e3;
            }
            out.printf(
                    "  %-34s %,10.0f events/s   create to %s watcher p50 %,.0f us p99 %,.0f us (HTTP/2, clients in this process)%n",
                    "%,d watchers".formatted(count),
                    (double) events * count / took,
                    count == 1 ? "the" : "the last",
                    BenchObjects.median(latencies),
                    BenchObjects.quantile(latencies, 0.99));
            out.flush();
        }
    }

    /** What {@code wrk} prints. */
    private String wrk(String target, String script, int forSeconds) throws IOException, InterruptedException {
        Path file = Files.createTempFile("amphora-", ".lua");
        try {
            Files.writeString(file, "wrk.headers['Authorization']='Bearer " + TOKEN + "'\n" + script);
            List<String> command =
                    new ArrayList<>(List.of("wrk", "-t1", "-c" + connections, "-d" + Math.max(1, forSeconds) + "s"));
            command.addAll(List.of("--latency", "-s", file.toString(), target));
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String printed;
            try (InputStream in = process.getInputStream()) {
                printed = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
            if (process.waitFor() != 0) {
                throw new IllegalStateException(printed);
            }
            return printed;
        } catch (IOException e) {
            throw new IOException("wrk makes the load over HTTPS; Debian has it as package wrk", e);
        } finally {
            Files.delete(file);
        }
    }

    private void row(String what, String printed, @Nullable String reference) {
        out.printf(
                "  %-34s %,10.0f /s   p50 %s p99 %s%s%s%n",
                what,
                Double.parseDouble(found(RATE, printed, "0")),
                found(HALF, printed, "?"),
                found(MOST, printed, "?"),
                reference == null ? "" : "   reference " + reference,
                FAILED.matcher(printed).find() ? "   FAILED: " + found(FAILED, printed, "?") : "");
        out.flush();
    }

    private static String found(Pattern pattern, String text, String otherwise) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : otherwise;
    }

    private static void get(HttpClient client, String target) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(target))
                .header("Authorization", "Bearer " + TOKEN)
                .build();
        HttpResponse<Void> answer = client.send(request, HttpResponse.BodyHandlers.discarding());
        if (answer.statusCode() >= 300) {
            throw new IllegalStateException("answered " + answer.statusCode() + ": " + target);
        }
    }
}
