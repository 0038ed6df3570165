package dev.amphora.runtime.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.kubelet.ContainerRuntime.ContainerConfig;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.Context;
import dev.amphora.kubelet.ContainerRuntime.DnsConfig;
import dev.amphora.kubelet.ContainerRuntime.EnvVar;
import dev.amphora.kubelet.ContainerRuntime.Mount;
import dev.amphora.kubelet.ContainerRuntime.Namespaces;
import dev.amphora.kubelet.ContainerRuntime.Resources;
import dev.amphora.kubelet.ContainerRuntime.SandboxConfig;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import dev.amphora.kubelet.ContainerRuntime.Security;
import dev.amphora.tck.ContainerRuntimeContract;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DockerRuntimeIT extends ContainerRuntimeContract {
    private static final String CLUSTER = "docker-runtime-it";

    @BeforeAll
    static void requireDocker() {
        LocalDocker.require();
    }

    @Override
    protected Kernel newKernel() {
        return new ThreadedKernel();
    }

    @Override
    protected ContainerRuntime newRuntime() {
        return DockerRuntime.builder().cluster(CLUSTER).removeOnClose().build();
    }

    @Override
    protected Program runsForEver() {
        return shell("trap 'exit 0' TERM; while :; do sleep 0.1; done");
    }

    @Override
    protected Program ignoresStop() {
        return shell("trap '' TERM; while :; do sleep 1; done");
    }

    @Override
    protected Program exits(int code) {
        return shell("sleep 0.2; exit " + code);
    }

    @Override
    protected Program prints(List<String> out, List<String> err) {
        StringBuilder script = new StringBuilder();
        out.forEach(line -> script.append("echo '").append(line).append("'; "));
        err.forEach(line -> script.append("echo '").append(line).append("' >&2; "));
        return shell(script.append("sleep 0.2").toString());
    }

    @Override
    protected Program exhaustsMemory() {
        return shell("exec dd if=/dev/zero of=/dev/null bs=64M");
    }

    @Override
    protected Program cannotStart() {
        return new Program(LocalDocker.IMAGE, List.of("/no/such/program"));
    }

    @Override
    protected List<String> commandThatPrints(String word) {
        return List.of("echo", word);
    }

    @Override
    protected List<String> commandThatExits(int code) {
        return List.of("sh", "-c", "exit " + code);
    }

    @Override
    protected List<String> commandThatTakesLong() {
        return List.of("sleep", "60");
    }

    @Override
    protected List<String> commandThatCopiesItsInput() {
        return List.of("cat");
    }

    @Override
    protected List<String> commandThatPrintsOnBoth(String out, String err) {
        return List.of("sh", "-c", "echo '" + out + "'; echo '" + err + "' >&2");
    }

    @Override
    protected Program printsLate(String line) {
        return shell("sleep 2; echo '" + line + "'; sleep 0.5; exit 3");
    }

    @Override
    protected Program answers(int port, String text) {
        return shell("while :; do echo '" + text + "' | nc -l -p " + port + "; done");
    }

    @Override
    protected String unobtainableImage() {
        return "localhost:1/no/such/image:1";
    }

    @Test
    void sharesTheNetworkAmongThePodsContainersAndWithTheHost() throws Exception {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        start(
                pod,
                sandbox,
                shell("mkdir /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www"));
        ContainerConfig other = container("other", 0, runsForEver(), Resources.NONE);
        String id = await(runtime().createContainer(sandbox.id(), other, pod));
        await(runtime().startContainer(id));

        // The neighbour reaches the server at localhost as soon as it listens.
        String poll = "for i in $(seq 50); do echo GET / | nc 127.0.0.1 8080 && exit 0; sleep 0.1; done; exit 1";
        assertThat(await(runtime().exec(id, List.of("sh", "-c", poll), Duration.ofSeconds(20)))
                        .exitCode())
                .isZero();
        HttpResponse<String> response = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://"
                                        + Objects.requireNonNull(sandbox.ip()).getHostAddress() + ":8080/"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(response.body()).isEqualTo("hello\n");
    }

    @Test
    void givesContainersTheirHostnameNamesEnvironmentFilesAndUser(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("greeting"), "from the host\n");
        SandboxConfig plain = newPod();
        SandboxConfig pod = new SandboxConfig(
                plain.namespace(),
                plain.name(),
                plain.uid(),
                0,
                "web-0",
                Namespaces.POD,
                List.of(),
                Map.of(),
                Map.of(),
                new DnsConfig(List.of("10.0.0.53"), List.of("a.svc.cluster.local"), List.of("ndots:5")));
        SandboxStatus sandbox = run(pod);
        ContainerConfig base = container("main", 0, runsForEver(), new Resources(512, 20_000, 64 << 20, 500));
        ContainerConfig config = new ContainerConfig(
                base.name(),
                0,
                base.image(),
                base.imageId(),
                base.command(),
                List.of(),
                "/tmp",
                List.of(new EnvVar("GREETING", "a=b c")),
                List.of(new Mount(file.toString(), "/etc/greeting", true)),
                base.resources(),
                new Security(1000L, 2000L, List.of(3000L), false, true, true, List.of(), List.of("ALL")),
                false,
                false,
                false,
                null,
                Map.of());
        String id = await(runtime().createContainer(sandbox.id(), config, pod));
        await(runtime().startContainer(id));

        String told = shellIn(
                id,
                "hostname; pwd; echo $GREETING; cat /etc/greeting; id -u; id -g; id -G; cat /etc/resolv.conf;"
                        + " touch /tmp/x 2>/dev/null || echo read-only; cat /proc/self/oom_score_adj;"
                        + " grep -E 'NoNewPrivs|CapEff' /proc/self/status");

        assertThat(told)
                .contains("web-0\n/tmp\na=b c\nfrom the host\n1000\n2000\n")
                .contains("3000")
                .contains("nameserver 10.0.0.53")
                .contains("search a.svc.cluster.local")
                .contains("options ndots:5")
                .contains("read-only\n500\n")
                .contains("CapEff:\t0000000000000000")
                .contains("NoNewPrivs:\t1");
    }

    @Test
    void letsContainersShareProcessesWhenAsked() {
        SandboxConfig plain = newPod();
        SandboxConfig pod = new SandboxConfig(
                plain.namespace(),
                plain.name(),
                plain.uid(),
                0,
                plain.hostname(),
                new Namespaces(false, false, false, true),
                List.of(),
                Map.of(),
                Map.of(),
                DnsConfig.NONE);
        SandboxStatus sandbox = run(pod);
        String id = start(pod, sandbox, runsForEver());

        // The first process is the sandbox's, and it leaves no dead children behind.
        assertThat(shellIn(id, "(sleep 0 & exec sleep 0.1) & wait; ps"))
                .containsPattern("(?m)^ +1 .*/pause$")
                .doesNotContain("[sleep]");
    }

    @Test
    void runsGuaranteedAndPrivilegedContainersEvenOnAConfinedEngine() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        ContainerConfig base = container("main", 0, runsForEver(), new Resources(0, 0, 0, -998));
        ContainerConfig config = new ContainerConfig(
                base.name(),
                0,
                base.image(),
                base.imageId(),
                base.command(),
                List.of(),
                null,
                List.of(),
                List.of(),
                base.resources(),
                new Security(null, null, List.of(), true, false, false, List.of(), List.of()),
                false,
                false,
                false,
                null,
                Map.of());
        String id = await(runtime().createContainer(sandbox.id(), config, pod));
        await(runtime().startContainer(id));

        awaitContainer(pod, id, "runs", status -> status.state() == ContainerRuntime.ContainerState.RUNNING);
        assertThat(await(runtime().sandboxes())).hasSize(1);
    }

    @Test
    void findsWhatAnEarlierRunLeftAndNothingOfOthers() {
        SandboxConfig pod = newPod();
        try (ThreadedKernel kernel = new ThreadedKernel();
                DockerRuntime earlier = DockerRuntime.builder().cluster(CLUSTER).build()) {
            earlier.start(new Context(kernel, "node-a", "", uid -> {}));
            SandboxStatus left = await(earlier.runSandbox(pod));
            earlier.close();

            try (DockerRuntime later = DockerRuntime.builder()
                            .cluster(CLUSTER)
                            .removeOnClose()
                            .build();
                    DockerRuntime neighbour =
                            DockerRuntime.builder().cluster(CLUSTER).build();
                    DockerRuntime stranger =
                            DockerRuntime.builder().cluster("another").build()) {
                later.start(new Context(kernel, "node-a", "", uid -> {}));
                neighbour.start(new Context(kernel, "node-b", "", uid -> {}));
                stranger.start(new Context(kernel, "node-a", "", uid -> {}));

                assertThat(await(later.sandboxes())).containsExactly(left);
                assertThat(await(neighbour.sandboxes())).isEmpty();
                assertThat(await(stranger.sandboxes())).isEmpty();
                assertThat(await(runtime().sandboxes())).isEmpty();
            }
            try (DockerRuntime last = DockerRuntime.builder().cluster(CLUSTER).build()) {
                last.start(new Context(kernel, "node-a", "", uid -> {}));
                assertThat(await(last.sandboxes())).isEmpty();
            }
        }
    }

    @Test
    void doesNotBlameMemoryForAProcessThatOutlivedItsChild() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        ContainerConfig config = container(
                "main", 0, shell("dd if=/dev/zero of=/dev/null bs=64M; exit 3"), new Resources(0, 0, 16 << 20, 0));
        String id = await(runtime().createContainer(sandbox.id(), config, pod));
        await(runtime().startContainer(id));

        ContainerStatus status =
                awaitContainer(pod, id, "has ended", end -> end.state() == ContainerRuntime.ContainerState.EXITED);

        assertThat(status.exitCode()).isEqualTo(3);
        assertThat(status.reason()).isEqualTo("Error");
    }

    private String shellIn(String containerId, String script) {
        return new String(
                await(runtime().exec(containerId, List.of("sh", "-c", script), Duration.ofSeconds(20)))
                        .stdout(),
                StandardCharsets.UTF_8);
    }

    private static Program shell(String script) {
        return new Program(LocalDocker.IMAGE, List.of("/bin/sh", "-c", script));
    }
}
