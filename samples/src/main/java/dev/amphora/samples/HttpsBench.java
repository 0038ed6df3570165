package dev.amphora.samples;

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
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** The measurements over HTTPS: {@code wrk} makes the load, in a process of its own on the same machine. */
final class HttpsBench {
    /** The bearer token that the load is sent with. */
    static final String TOKEN = "bench-token";

    private static final String POD =
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"p-","labels":{"app":"bench"}},"spec":{"containers":[{"name":"main",\
            "image":"amphora.dev/web:1","resources":{"requests":{"cpu":"100m","memory":"500Mi"}}}]}}""";
    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final Pattern HALF = Pattern.compile("50%\\s+(\\S+)");
    private static final Pattern MOST = Pattern.compile("99%\\s+(\\S+)");
    private static final Pattern FAILED = Pattern.compile("Non-2xx or 3xx responses: (\\d+)");

    private final PrintWriter out;
    private final String url;
    private final int seconds;
    private final int connections;
    private final int warmUp;

    HttpsBench(PrintWriter out, String url, int seconds, int connections, int warmUp) {
        this.out = out;
        this.url = url;
        this.seconds = seconds;
        this.connections = connections;
        this.warmUp = warmUp;
    }

    void run() throws IOException, InterruptedException, GeneralSecurityException {
        out.printf("Over HTTPS/1.1, wrk with %d connections beside the server:%n", connections);
        String pods = url + "/api/v1/namespaces/default/pods";
        HttpClient client = client();
        send(client, pods, POD.replace("\"generateName\":\"p-\"", "\"name\":\"one\""));
        wrk("pod gets", pods + "/one", "", warmUp, false);
        wrk("pod gets", pods + "/one", "", seconds, true);
        for (int i = 0; i < 5_000; i++) {
            send(client, pods, POD);
        }
        double[] times = new double[15];
        for (int i = 0; i < times.length; i++) {
            long begin = System.nanoTime();
            send(client, pods + "?resourceVersion=0", null);
            times[i] = (System.nanoTime() - begin) / 1e6;
        }
        Arrays.sort(times);
        out.printf("  %-34s %10.1f ms   reference 403 ms%n", "list of 5,001 pods, median", times[times.length / 2]);
        String create = "wrk.method='POST'; wrk.body='" + POD + "'; wrk.headers['Content-Type']='application/json'\n";
        wrk("pod creates", pods, create, warmUp, false);
        wrk("pod creates", pods, create, seconds, true);
        out.flush();
    }

    private void wrk(String what, String target, String script, int forSeconds, boolean shown)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile("amphora-", ".lua");
        try {
            Files.writeString(file, script + "wrk.headers['Authorization']='Bearer " + TOKEN + "'\n");
            List<String> command = new ArrayList<>(List.of("wrk", "-t1", "-c" + connections, "-d" + forSeconds + "s"));
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
            if (shown) {
                String reference =
                        what.endsWith("creates") ? "983/s p50 14.5ms p99 43ms" : "3,077/s p50 4.7ms p99 21ms";
                out.printf(
                        "  %-34s %,10.0f /s   p50 %s p99 %s   reference %s%s%n",
                        what,
                        Double.parseDouble(found(RATE, printed, "0")),
                        found(HALF, printed, "?"),
                        found(MOST, printed, "?"),
                        reference,
                        FAILED.matcher(printed).find() ? "   FAILED: " + found(FAILED, printed, "?") : "");
                out.flush();
            }
        } catch (IOException e) {
            throw new IOException("wrk makes the load over HTTPS; Debian has it as package wrk", e);
        } finally {
            Files.delete(file);
        }
    }

    private static String found(Pattern pattern, String text, String otherwise) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : otherwise;
    }

    private static void send(HttpClient client, String target, @Nullable String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(target)).header("Authorization", "Bearer " + TOKEN);
        if (body != null) {
            request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        }
        HttpResponse<byte[]> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        if (answer.statusCode() >= 300) {
            throw new IllegalStateException(new String(answer.body(), StandardCharsets.UTF_8));
        }
    }

    /** A client that asks only the server that this program has started, and so trusts it. */
    private static HttpClient client() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustsAll()}, new SecureRandom());
        return HttpClient.newBuilder()
                .sslContext(context)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    private static final class TrustsAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
