package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.Cluster;
import dev.amphora.runtime.fake.CommandHandler;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.ContainerBehavior.ExecAnswer;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.runtime.fake.HttpHandler;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients talk to containers: kubectl, whose older versions speak SPDY and the newer ones WebSocket, and the fabric8 client. */
class KubectlStreamsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    static Path directory;

    @SuppressWarnings("NullAway.Init")
    private static Cluster cluster;

    @BeforeAll
    static void startCluster() throws IOException {
        FakeRuntime runtime = new FakeRuntime().behave("example.dev/web:1", web());
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", runtime)
                .serve(0)
                .start();
        KubernetesClient client = cluster.client();
        client.resource(new PodBuilder()
                        .withNewMetadata()
                        .withName("web")
                        .addToLabels("app", "web")
                        .endMetadata()
                        .withNewSpec()
                        .addNewContainer()
                        .withName("web")
                        .withImage("example.dev/web:1")
                        .addNewPort()
                        .withContainerPort(8080)
                        .endPort()
                        .endContainer()
                        .addNewContainer()
                        .withName("side")
                        .withImage("example.dev/side:1")
                        .withStdin(true)
                        .endContainer()
                        .endSpec()
                        .build())
                .create();
        client.pods().withName("web").waitUntilReady(30, TimeUnit.SECONDS);
    }

    @AfterAll
    static void endCluster() {
        cluster.close();
    }

    private static ContainerBehavior web() {
        return ContainerBehavior.runs()
                .logs("begun")
                .logsAt(Duration.ofSeconds(2), false, "still here")
                .command("cat", CommandHandler.cat())
                .exec("ls /", ExecAnswer.of(0, "bin\netc\n"))
                .exec("false", new ExecAnswer(7, "half\n", "sorry\n", Duration.ZERO, null))
                .exec("nothing", new ExecAnswer(0, "", "", Duration.ZERO, "no such program"))
                .attached(console -> console.print("who?\n")
                        .onInput(name -> console.print("hello " + new String(name, StandardCharsets.UTF_8))))
                .servesHttp(8080, request -> HttpHandler.Reply.text("served " + request.path() + "\n"));
    }

    private static Kubectl kubectl(String binary) {
        return Kubectl.of(cluster, directory, binary, "default");
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void runsCommands(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary);

        assertThat(kubectl.exec(null, "exec", "web", "-c", "web", "--", "ls", "/"))
                .isEqualTo("bin\netc\n");
        assertThat(kubectl.run(7, "exec", "web", "-c", "web", "--", "false"))
                .contains("half", "sorry", "command terminated with exit code 7");
        String input = "line\n".repeat(100_000);
        assertThat(kubectl.exec(input, "exec", "-i", "web", "-c", "web", "--", "cat"))
                .isEqualTo(input);
        assertThat(kubectl.run(1, "exec", "web", "-c", "web", "--", "nothing"))
                .contains("error executing command in container: no such program");
        assertThat(kubectl.run(1, "exec", "web", "-c", "nope", "--", "ls"))
                .contains("container nope is not valid for pod web");
        assertThat(kubectl.run(1, "exec", "nobody", "--", "ls")).contains("pods \"nobody\" not found");
        assertThat(kubectl.run(1, "exec", "web", "-c", "web", "--as=guest", "--as-group=guests", "--", "ls"))
                .contains("\"guest\" cannot");
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void attaches(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary);
        Path output = kubectl.home().resolve("attached");

        Process attached = kubectl.start(output, "attach", "-i", "web", "-c", "web");
        try {
            cluster.await("attach prints", PATIENCE, () -> read(output).contains("who?"));
        } finally {
            attached.destroy();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void followsLogs(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary);
        Path output = kubectl.home().resolve("followed");

        Process followed = kubectl.start(output, "logs", "-f", "web", "-c", "web");
        try {
            cluster.await("the log goes on", PATIENCE, () -> read(output).contains("begun\nstill here\n"));
        } finally {
            followed.destroy();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void forwardsPorts(String binary) throws Exception {
        Kubectl kubectl = kubectl(binary);
        Path output = kubectl.home().resolve("forwarded");

        Process forwarded = kubectl.start(output, "port-forward", "--address=127.0.0.1", "web", ":8080");
        try {
            cluster.await("the port is open", PATIENCE, () -> read(output).contains("Forwarding from"));
            Matcher port = Pattern.compile("127\\.0\\.0\\.1:(\\d+)").matcher(read(output));
            assertThat(port.find()).isTrue();
            for (int i = 0; i < 3; i++) {
                assertThat(get("http://127.0.0.1:" + port.group(1) + "/page-" + i))
                        .isEqualTo("served /page-" + i + "\n");
            }
        } finally {
            forwarded.destroy();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void proxies(String binary) throws Exception {
        Kubectl kubectl = kubectl(binary);
        Path output = kubectl.home().resolve("proxied");

        assertThat(kubectl.run("get", "--raw", "/api/v1/namespaces/default/pods/web:8080/proxy/a/b"))
                .isEqualTo("served /a/b\n");
        assertThat(kubectl.run("get", "--raw", "/api/v1/nodes/worker-1/proxy/healthz"))
                .isEqualTo("ok");
        assertThat(kubectl.run(1, "get", "--raw", "/api/v1/namespaces/default/pods/web:1/proxy/"))
                .contains("error trying to reach service: dial tcp 127.", "connect: connection refused");
        Process proxy = kubectl.start(output, "proxy", "--port=0");
        try {
            cluster.await("the proxy serves", PATIENCE, () -> read(output).contains("Starting to serve on"));
            String at = read(output).replaceAll("(?s).*serve on (\\S+).*", "$1");
            assertThat(get("http://" + at + "/api/v1/namespaces/default/pods/web/proxy/"))
                    .isEqualTo("served /\n");
            assertThat(get("http://" + at + "/api/v1/namespaces/default/pods/web"))
                    .contains("\"name\":\"web\"");
        } finally {
            proxy.destroy();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void addsContainersForDebugging(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary);
        String name = "debug-" + kubectl.label();

        kubectl.run(
                "debug", "web", "--image=example.dev/tools:1", "--container=" + name, "--attach=false", "--", "sleep");
        cluster.await(
                "the container for debugging runs",
                PATIENCE,
                () -> cluster.client().pods().withName("web").get().getStatus().getEphemeralContainerStatuses().stream()
                        .anyMatch(status -> status.getName().equals(name)
                                && status.getState().getRunning() != null));
        assertThat(kubectl.run("exec", "web", "-c", name, "--", "echo", "inside"))
                .isEqualTo("inside\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theFabric8ClientDoesTheSameInProcessAndOverHttps(boolean inProcess) throws Exception {
        try (KubernetesClient client = inProcess
                ? cluster.client()
                : new KubernetesClientBuilder().withConfig(overHttps()).build()) {
            var web = client.pods().inNamespace("default").withName("web");
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            try (ExecWatch exec =
                    web.inContainer("web").writingOutput(out).writingError(err).exec("false")) {
                assertThat(exec.exitCode().get(30, TimeUnit.SECONDS)).isEqualTo(7);
            }
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("half\n");
            assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("sorry\n");

            try (LocalPortForward forward = web.portForward(8080)) {
                assertThat(get("http://127.0.0.1:" + forward.getLocalPort() + "/fabric8"))
                        .isEqualTo("served /fabric8\n");
            }
            assertThat(web.inContainer("web").getLog()).contains("begun");
        }
    }

    private static Config overHttps() {
        return Config.fromKubeconfig(cluster.endpoint().orElseThrow().kubeconfig());
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String get(String url) throws IOException, InterruptedException {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
