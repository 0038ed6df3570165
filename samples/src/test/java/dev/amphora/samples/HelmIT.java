package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real helm keeps a small chart in a cluster. */
class HelmIT {
    private static final String HOW_TO_GET_HELM =
            """
            No helm here.
            To get one:  GOBIN=$HOME/.cache/amphora/bin go install helm.sh/helm/v3/cmd/helm@latest
            Where it is: on the PATH, or in $HOME/.cache/amphora/bin""";
    private static final String NAMESPACE = "market";
    private static final long PATIENCE_SECONDS = 120;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void installsUpgradesRollsBackAndUninstalls() throws Exception {
        Path helm = helm();
        Path chart =
                Path.of(HelmIT.class.getResource("/chart/Chart.yaml").toURI()).getParent();
        try (Cluster cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", new FakeRuntime())
                .serve(0)
                .start()) {
            Files.writeString(
                    directory.resolve("kubeconfig"),
                    cluster.endpoint().orElseThrow().kubeconfig());
            KubernetesClient client = cluster.client();

            assertThat(run(helm, "install", "web", chart.toString(), "--create-namespace", "--wait"))
                    .contains("STATUS: deployed", "REVISION: 1", "web serves in market.");
            assertThat(deployment(client).getStatus().getReadyReplicas()).isEqualTo(1);
            assertThat(prepared(client)).isEqualTo("1");

            assertThat(run(
                            helm,
                            "upgrade",
                            "web",
                            chart.toString(),
                            "--set=replicas=3,image=example.dev/shop:2,colour=red",
                            "--wait"))
                    .contains("has been upgraded", "REVISION: 2");
            assertThat(deployment(client).getStatus().getReadyReplicas()).isEqualTo(3);
            assertThat(image(client)).isEqualTo("example.dev/shop:2");
            assertThat(prepared(client)).isEqualTo("2");
            assertThat(run(helm, "get", "values", "web")).contains("colour: red");

            assertThat(run(helm, "rollback", "web", "1", "--wait")).contains("Rollback was a success");
            assertThat(deployment(client).getSpec().getReplicas()).isEqualTo(1);
            assertThat(image(client)).isEqualTo("example.dev/shop:1");
            JsonNode history =
                    Json.read(run(helm, "history", "web", "--output=json").getBytes(StandardCharsets.UTF_8));
            assertThat(history.findValuesAsText("status")).containsExactly("superseded", "superseded", "deployed");
            JsonNode list = Json.read(run(helm, "list", "--output=json").getBytes(StandardCharsets.UTF_8));
            assertThat(list.findValuesAsText("name")).containsExactly("web");
            assertThat(list.findValuesAsText("revision")).containsExactly("3");
            assertThat(run(helm, "status", "web")).contains("STATUS: deployed");

            assertThat(run(helm, "uninstall", "web", "--wait")).contains("release \"web\" uninstalled");
            assertThat(deployment(client)).isNull();
            assertThat(client.pods().inNamespace(NAMESPACE).list().getItems()).isEmpty();
            assertThat(client.secrets().inNamespace(NAMESPACE).list().getItems())
                    .extracting(Secret::getType)
                    .doesNotContain("helm.sh/release.v1");
            assertThat(Json.read(run(helm, "list", "--output=json").getBytes(StandardCharsets.UTF_8)))
                    .isEmpty();
        }
    }

    private static Deployment deployment(KubernetesClient client) {
        return client.apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .withName("web")
                .get();
    }

    private static String image(KubernetesClient client) {
        return deployment(client)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0)
                .getImage();
    }

    /** What the hook that runs before each install and upgrade has left. */
    private static String prepared(KubernetesClient client) {
        return client.configMaps()
                .inNamespace(NAMESPACE)
                .withName("web-prepared")
                .get()
                .getData()
                .get("revision");
    }

    private String run(Path helm, String... arguments) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        List<String> command = new ArrayList<>(List.of(
                helm.toString(), "--kubeconfig=" + directory.resolve("kubeconfig"), "--namespace=" + NAMESPACE));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
        builder.environment().put("HOME", directory.toString());
        builder.environment().keySet().removeIf(name -> name.startsWith("HELM_") || name.startsWith("XDG_"));
        Process process = builder.start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        String printed = Files.readString(output);
        assertThat(process.exitValue())
                .as("helm %s%n%s%n%s", String.join(" ", arguments), printed, Files.readString(errors))
                .isZero();
        return printed;
    }

    private static Path helm() {
        Path cached = Path.of(System.getProperty("user.home"), ".cache", "amphora", "bin");
        return Stream.concat(
                        Stream.of(System.getenv("PATH").split(File.pathSeparator))
                                .map(Path::of),
                        Stream.of(cached))
                .map(each -> each.resolve("helm"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseGet(HelmIT::missing);
    }

    /** Skips the test with advice, but not where the build promises the program. */
    private static Path missing() {
        if ("true".equals(System.getenv("CI"))) {
            throw new AssertionError(HOW_TO_GET_HELM);
        }
        return abort(HOW_TO_GET_HELM);
    }
}
