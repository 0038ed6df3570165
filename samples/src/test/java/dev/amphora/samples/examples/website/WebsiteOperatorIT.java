package dev.amphora.samples.examples.website;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.LeaderElector;
import dev.amphora.client.ListOptions;
import dev.amphora.client.RemoteClient;
import dev.amphora.controller.ElectedControllers;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.samples.Amphora;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator on threads: in the cluster's process, and over HTTPS with no more than its role's rights. */
class WebsiteOperatorIT {
    private static final ResourceType<Website> SITES = ResourceType.of(Website.class);
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    private final Set<String> dns = ConcurrentHashMap.newKeySet();

    @Test
    void runsInTheClustersProcess() {
        try (Cluster cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", new FakeRuntime())
                .controller(new WebsiteOperator(dns).controller())
                .start()) {
            cluster.client()
                    .load(Website.class.getResourceAsStream("/website/crd.yaml"))
                    .create();
            servesAndGoes(cluster.api("user"));
        }
    }

    @Test
    void runsOverHttpsWithItsRoleAndHandsOver() throws Exception {
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Amphora.class.getName(),
                        "serve",
                        "--secure-port=0",
                        "--nodes=1",
                        "--kubeconfig=" + directory.resolve("kubeconfig"))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader printed = server.inputReader()) {
            for (String line = printed.readLine(); !line.startsWith("kubectl "); line = printed.readLine()) {
                assertThat(line).isNotNull();
            }
            Config admin = Config.fromKubeconfig(Files.readString(directory.resolve("kubeconfig")));
            try (KubernetesClient kubernetes =
                            new KubernetesClientBuilder().withConfig(admin).build();
                    RemoteClient user = RemoteClient.of(admin, "user")) {
                kubernetes
                        .load(Website.class.getResourceAsStream("/website/rbac.yaml"))
                        .create();
                kubernetes
                        .load(Website.class.getResourceAsStream("/website/crd.yaml"))
                        .create();
                try (RemoteClient operator = RemoteClient.of(asServiceAccount(admin, user), "website-operator")) {
                    assertThatThrownBy(() -> operator.list(ResourceType.of(Secret.class), null, ListOptions.all()))
                            .isInstanceOf(StatusException.class)
                            .hasMessageContaining("forbidden");
                    handsOver(operator, user);
                }
            }
        } finally {
            server.destroy();
            assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private void handsOver(Client operator, Client user) {
        try (ThreadedKernel one = new ThreadedKernel();
                ThreadedKernel other = new ThreadedKernel();
                ElectedControllers first = instance(one, operator, "first")) {
            until(first::isLeading);
            try (ElectedControllers second = instance(other, operator, "second")) {
                servesAndGoes(user);
                assertThat(second.isLeading()).isFalse();
                first.close();
                until(second::isLeading);
                assertThat(first.isLeading()).isFalse();
                servesAndGoes(user);
            }
        }
    }

    private ElectedControllers instance(ThreadedKernel kernel, Client client, String identity) {
        return new ElectedControllers(
                        kernel,
                        client,
                        LeaderElector.Settings.of("default", "website-operator", identity),
                        () -> List.of(new WebsiteOperator(dns).controller()))
                .start();
    }

    /** The same server, seen by who has nothing but a token of the service account. */
    private static Config asServiceAccount(Config admin, Client user) {
        ObjectNode request =
                Json.object().put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenRequest");
        request.putObject("spec");
        String token = user.subresource(
                        ResourceType.of(ServiceAccount.class), "default", "website-operator", "token", request, false)
                .at("/status/token")
                .asText();
        return new ConfigBuilder(Config.empty())
                .withMasterUrl(admin.getMasterUrl())
                .withCaCertData(admin.getCaCertData())
                .withOauthToken(token)
                .build();
    }

    private void servesAndGoes(Client user) {
        until(() -> isServed(user)); // the definition is there
        user.create(WebsiteOperatorTest.site("home", 2));
        until(() -> {
            Website home = user.get(SITES, "default", "home");
            return home.getStatus() != null && home.getStatus().readyReplicas == 2;
        });
        assertThat(dns).containsExactly("home.default.example.dev");
        user.delete(SITES, "default", "home", DeleteOptions.defaults());
        until(() -> user.find(SITES, "default", "home").isEmpty());
        assertThat(dns).isEmpty();
    }

    private static boolean isServed(Client user) {
        try {
            return user.list(SITES, null, ListOptions.all()).items().isEmpty();
        } catch (StatusException e) {
            return false;
        }
    }

    private static void until(BooleanSupplier condition) {
        Instant end = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(50_000_000);
        }
    }
}
