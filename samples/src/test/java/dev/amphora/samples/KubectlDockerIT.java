package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.amphora.Cluster;
import dev.amphora.runtime.docker.BusyboxImage;
import dev.amphora.runtime.docker.DockerRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** kubectl talks to real containers. */
class KubectlDockerIT {
    private static final String IMAGE = "amphora-test/busybox:1";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    static Path directory;

    @SuppressWarnings("NullAway.Init")
    private static Cluster cluster;

    @BeforeAll
    static void startCluster() throws IOException {
        try {
            DockerRuntime.requireEngine();
            BusyboxImage.make(IMAGE);
        } catch (RuntimeException e) {
            if ("true".equals(System.getenv("CI"))) {
                throw new AssertionError(e.getMessage(), e);
            }
            abort(e.getMessage());
        }
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .node(
                        "worker-1",
                        DockerRuntime.builder()
                                .cluster("kubectl-docker-it")
                                .removeOnClose()
                                .build())
                .serve(0)
                .start();
        KubernetesClient client = cluster.client();
        client.resource(new PodBuilder()
                        .withNewMetadata()
                        .withName("box")
                        .endMetadata()
                        .withNewSpec()
                        .withTerminationGracePeriodSeconds(0L)
                        .addNewContainer()
                        .withName("box")
                        .withImage(IMAGE)
                        .withImagePullPolicy("IfNotPresent")
                        .withCommand("sleep", "3600")
                        .endContainer()
                        .endSpec()
                        .build())
                .create();
        client.pods().withName("box").waitUntilReady(60, TimeUnit.SECONDS);
    }

    @AfterAll
    static void endCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static Kubectl kubectl(String binary) {
        return Kubectl.of(cluster, directory, binary, "default");
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void copiesFilesBothWays(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary);
        String name = Path.of(binary).getFileName().toString();
        byte[] content = new byte[3_000_000];
        new Random(7).nextBytes(content);
        Path there = Files.write(kubectl.home().resolve("there"), content);
        Path back = kubectl.home().resolve("back");

        kubectl.run("cp", there.toString(), "box:/tmp/" + name);
        kubectl.run("cp", "box:/tmp/" + name, back.toString());

        assertThat(back).hasBinaryContent(content);
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void runsCommands(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary);

        assertThat(kubectl.run(3, "exec", "box", "--", "sh", "-c", "echo out; echo err >&2; exit 3"))
                .contains("out", "err", "command terminated with exit code 3");
        assertThat(kubectl.exec("some input", "exec", "-i", "box", "--", "sh", "-c", "tr a-z A-Z; echo done"))
                .isEqualTo("SOME INPUTdone\n");
        assertThat(kubectl.run(126, "exec", "box", "--", "nosuch")).contains("executable file not found in $PATH");
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void runsAPodForACommand(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary);
        String name = "once-" + kubectl.label();

        assertThat(kubectl.feed(
                        "through a pod\n",
                        "run",
                        name,
                        "-i",
                        "--rm",
                        "--restart=Never",
                        "--image=" + IMAGE,
                        "--image-pull-policy=IfNotPresent",
                        "--",
                        "cat"))
                .contains("through a pod\n", "deleted");
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    void debugsARunningContainer(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary);
        String name = "debug-" + kubectl.label();

        kubectl.run(
                "debug",
                "box",
                "--image=" + IMAGE,
                "--image-pull-policy=IfNotPresent",
                "--target=box",
                "--container=" + name,
                "--attach=false",
                "--",
                "sh",
                "-c",
                "ps; sleep 3600");
        cluster.await(
                "the container for debugging has looked around",
                Duration.ofSeconds(30),
                () -> cluster.client().pods().withName("box").get().getStatus().getEphemeralContainerStatuses().stream()
                        .anyMatch(status -> status.getName().equals(name)
                                && status.getState().getRunning() != null));

        assertThat(kubectl.run("exec", "box", "-c", name, "--", "ps")).contains("sleep 3600");
    }
}
