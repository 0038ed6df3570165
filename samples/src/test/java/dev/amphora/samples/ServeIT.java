package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code serve} as a process of its own: what it prints, opens, refuses and leaves behind. */
class ServeIT {
    private static final String TOKEN = "secret-of-the-test";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void servesUntilSigtermAndLeavesNothing() throws Exception {
        int readOnlyPort = freePort();
        Path temporary = Files.createDirectory(directory.resolve("tmp"));
        Process process = serve(temporary, "--nodes=2", "--read-only-port=" + readOnlyPort, "--feature-gates=Foo=true");
        List<String> printed = head(process);

        assertThat(printed.get(0)).isEqualTo("Warning: the feature gate Foo changes nothing here.");
        assertThat(printed.get(1)).matches("Serving all \\(memory\\) at https://127.0.0.1:\\d+, ready \\d+ ms .*");
        assertThat(printed.get(3)).startsWith("export KUBECONFIG=" + temporary);
        assertThat(printed.get(4)).isEqualTo("kubectl get all --all-namespaces");
        Path kubeconfig = Path.of(printed.get(3).substring("export KUBECONFIG=".length()));
        assertThat(kubeconfig).content().contains("certificate-authority-data", "token: ");
        URI api = URI.create(printed.get(1).replaceAll(".* at (https:[^,]*),.*", "$1"));
        assertThat(get(api.resolve("/readyz"), null)).isEqualTo("ok");
        JsonNode nodes = Json.read(get(api.resolve("/api/v1/nodes"), TOKEN).getBytes(StandardCharsets.UTF_8));
        assertThat(nodes.get("items")).hasSize(2);
        List<String> addresses = new ArrayList<>();
        for (JsonNode node : nodes.get("items")) {
            String address = node.at("/status/addresses/0/address").asText();
            addresses.add(address);
            URI readOnly = URI.create("http://" + address + ":" + readOnlyPort);
            assertThat(get(readOnly.resolve("/healthz"), null)).isEqualTo("ok");
            assertThat(get(readOnly.resolve("/pods"), null)).contains("\"kind\":\"PodList\"");
        }

        process.destroy();

        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isIn(0, 143);
        assertThat(temporary).isEmptyDirectory();
        assertRefused("127.0.0.1", api.getPort());
        for (String address : addresses) {
            assertRefused(address, readOnlyPort);
        }
    }

    @Test
    void runsTheParts() throws Exception {
        Process process = serve(
                directory,
                "--components=control-plane",
                "--authorization-mode=AlwaysDeny",
                "--service-cluster-ip-range=127.200.0.0/24",
                "--kubeconfig=" + directory.resolve("kubeconfig"));
        List<String> printed = head(process);
        try {
            assertThat(printed.get(0)).startsWith("Serving control-plane (memory)");
            assertThat(printed.get(2)).isEqualTo("export KUBECONFIG=" + directory.resolve("kubeconfig"));
            URI api = URI.create(printed.get(0).replaceAll(".* at (https:[^,]*),.*", "$1"));
            JsonNode nodes = Json.read(get(api.resolve("/api/v1/nodes"), TOKEN).getBytes(StandardCharsets.UTF_8));
            assertThat(nodes.get("items")).isEmpty();
            assertThat(get(api.resolve("/api/v1/namespaces/default/services/kubernetes"), TOKEN))
                    .contains("\"127.200.0.1\"");
            assertThat(get(api.resolve("/api/v1/nodes"), "guest-of-the-test")).contains("Forbidden");
            assertThat(get(api.resolve("/api/v1/nodes"), "unknown")).contains("Unauthorized");
        } finally {
            process.destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(directory.resolve("kubeconfig")).exists();
    }

    @Test
    void theLauncherMakesItsArchiveOnceAndStartsTheProgram() throws Exception {
        Path target = Path.of("target").toAbsolutePath();
        Path archive = target.resolve("amphora.jsa");
        Files.deleteIfExists(archive);
        assertThat(launch("--version")).isZero();
        FileTime made = Files.getLastModifiedTime(archive);
        assertThat(launch("bench", "--once")).isZero();
        assertThat(launch("serve", "--magic")).isEqualTo(2);
        assertThat(Files.getLastModifiedTime(archive)).isEqualTo(made);
    }

    private static int launch(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(Path.of("amphora").toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--components=some | --components is api, control-plane or all, not some",
                "--authorization-mode=Magic | authorization mode Magic is none of AlwaysAllow, AlwaysDeny, Node, RBAC, Webhook",
                "--service-cluster-ip-range=wide | not a range of addresses: wide",
                "--disable-admission-plugins=Magic | there is no admission plugin Magic",
                "--enable-admission-plugins=Magic | there is no admission plugin Magic",
                "--token-auth-file=/nowhere/tokens | --token-auth-file: cannot read /nowhere/tokens",
                "--secure-port=99999 | --secure-port is 0 to 65535, not 99999",
                "--read-only-port=-1 | --read-only-port is 0 to 65535, not -1",
                "--bind-address=nowhere.invalid | --bind-address: there is no address nowhere.invalid",
                "--nodes=-1 | --nodes is 0 or more, not -1",
                "--feature-gates=Foo=maybe | --feature-gates: Foo is true or false, not maybe",
                "--kubeconfig=/nowhere/file | --kubeconfig: there is no directory /nowhere",
                "--magic | Unknown option: '--magic'"
            })
    void saysInOneLineWhatIsWrong(String option, String message) {
        StringWriter err = new StringWriter();
        int exit = Amphora.commandLine().setErr(new PrintWriter(err, true)).execute("serve", option);

        assertThat(err.toString()).isEqualTo(message + " (see amphora serve --help)" + System.lineSeparator());
        assertThat(exit).isEqualTo(2);
    }

    @Test
    void saysThatThePortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            StringWriter err = new StringWriter();
            int exit = Amphora.commandLine()
                    .setErr(new PrintWriter(err, true))
                    .execute("serve", "--components=api", "--secure-port=" + taken.getLocalPort());

            assertThat(err.toString().lines().toList())
                    .singleElement()
                    .asString()
                    .contains("cannot serve at", ":" + taken.getLocalPort(), "in use");
            assertThat(exit).isEqualTo(1);
        }
    }

    private Process serve(Path temporary, String... options) throws IOException {
        Path tokens = directory.resolve("tokens.csv");
        Files.writeString(tokens, TOKEN + ",admin,1,system:masters\nguest-of-the-test,guest,2\n");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + temporary,
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                Amphora.class.getName(),
                "serve",
                "--secure-port=0",
                "--token-auth-file=" + tokens));
        command.addAll(List.of(options));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** What a process prints until it names the second line to paste. */
    private static List<String> head(Process process) throws IOException {
        List<String> lines = new ArrayList<>();
        BufferedReader out = process.inputReader();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            lines.add(line);
            if (line.startsWith("kubectl ")) {
                return lines;
            }
        }
        throw new AssertionError("serve ended: " + String.join("\n", lines));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void assertRefused(String host, int port) {
        assertThatThrownBy(() -> new Socket(host, port).close()).isInstanceOf(ConnectException.class);
    }

    private static String get(URI uri, String token) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        if (connection instanceof HttpsURLConnection https) {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustsAll()}, new SecureRandom());
            https.setSSLSocketFactory(context.getSocketFactory());
        }
        if (token != null) {
            connection.setRequestProperty("Authorization", "Bearer " + token);
        }
        try (InputStream in =
                connection.getResponseCode() < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The test asks only the process that it has started. */
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
