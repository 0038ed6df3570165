package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.Cluster;
import dev.amphora.Conditions;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code explain} and {@code what-if} on a served cluster. */
class ExplainIT {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    static Path directory;

    @SuppressWarnings("NullAway.Init")
    private static Cluster cluster;

    @SuppressWarnings("NullAway.Init")
    private static Path kubeconfig;

    @BeforeAll
    static void serve() throws IOException {
        cluster = Cluster.builder().store(new MemoryStore()).serve(0).start();
        cluster.addNode("worker-1", new FakeRuntime());
        cluster.addNode("worker-2", new FakeRuntime());
        kubeconfig = directory.resolve("config");
        Files.writeString(kubeconfig, cluster.endpoint().orElseThrow().kubeconfig());
        cluster.client().resource(pod("web", "100m")).create();
        cluster.client().resource(pod("huge", "1000")).create();
        cluster.await(Conditions.pod("web").ready());
    }

    @AfterAll
    static void end() {
        cluster.close();
    }

    @Test
    void aPodThatFitsNowhereIsExplainedInTheSchedulersWords() {
        Run run = run("explain", "--kubeconfig=" + kubeconfig, "huge");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.text())
                .startsWith("Pod default/huge: 0/2 nodes are available: 2 Insufficient cpu.")
                .containsPattern("worker-1 +NodeResourcesFit +Insufficient cpu");
    }

    @Test
    void aPodOfAFileIsAskedAboutAndNotCreated() throws IOException {
        Path file = directory.resolve("pod.yaml");
        Files.writeString(
                file,
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: asked}
                spec:
                  containers: [{name: c, image: app}]
                """);

        assertThat(run("explain", "--kubeconfig=" + kubeconfig, "-f", file.toString())
                        .text())
                .startsWith("Pod default/asked: 2 of 2 nodes can run it;");
        assertThat(run("explain", "--kubeconfig=" + kubeconfig, "-f", file.toString(), "-o", "json")
                        .text())
                .contains("\"summary\" : \"Pod default/asked: 2 of 2 nodes");
        assertThat(run("explain", "--kubeconfig=" + kubeconfig, "-f", file.toString(), "-o", "html")
                        .text())
                .startsWith("<!doctype html>");
        assertThat(cluster.client()
                        .pods()
                        .inNamespace("default")
                        .withName("asked")
                        .get())
                .isNull();
    }

    @Test
    void drainedPodsGoElsewhereAndStayWhereTheyAre() {
        String node = cluster.client()
                .pods()
                .inNamespace("default")
                .withName("web")
                .get()
                .getSpec()
                .getNodeName();

        Run run = run("what-if", "--kubeconfig=" + kubeconfig, "--drain=" + node);

        assertThat(run.text().trim())
                .isEqualTo("default/web -> " + (node.equals("worker-1") ? "worker-2" : "worker-1"));
        assertThat(run.code()).isZero();
        assertThat(cluster.client()
                        .pods()
                        .inNamespace("default")
                        .withName("web")
                        .get()
                        .getSpec()
                        .getNodeName())
                .isEqualTo(node);
    }

    @Test
    void whatIsWrongIsSaidInOneLine() {
        assertThat(run("explain", "--kubeconfig=" + kubeconfig, "nobody").text())
                .isEqualTo("pods \"nobody\" not found (see amphora explain --help)\n");
        assertThat(run("what-if", "--kubeconfig=" + kubeconfig, "--drain=nowhere")
                        .text())
                .isEqualTo("there is no node nowhere (see amphora what-if --help)\n");
        assertThat(run("explain", "--kubeconfig=" + kubeconfig).code()).isEqualTo(2);
    }

    private record Run(int code, String text) {}

    private static Run run(String... args) {
        StringWriter text = new StringWriter();
        CommandLine command = Amphora.commandLine();
        command.setOut(new PrintWriter(text));
        command.setErr(new PrintWriter(text, true));
        return new Run(command.execute(args), text.toString());
    }

    private static Pod pod(String name, String cpu) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("app")
                .withNewResources()
                .addToRequests("cpu", new Quantity(cpu))
                .endResources()
                .endContainer()
                .endSpec()
                .build();
    }
}
