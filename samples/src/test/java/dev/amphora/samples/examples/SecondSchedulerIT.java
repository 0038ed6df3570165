package dev.amphora.samples.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.client.RemoteClient;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.samples.Amphora;
import dev.amphora.scheduler.ElectedScheduler;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The second scheduler against a cluster of another process, with no more than a scheduler's rights. */
class SecondSchedulerIT {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void bindsItsOwnPodsOnlyAndHandsOver() throws Exception {
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Amphora.class.getName(),
                        "serve",
                        "--secure-port=0",
                        "--nodes=2",
                        "--kubeconfig=" + directory.resolve("kubeconfig"))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader printed = server.inputReader()) {
            for (String line = printed.readLine(); !line.startsWith("kubectl "); line = printed.readLine()) {
                assertThat(line).isNotNull();
            }
            Config admin = Config.fromKubeconfig(Files.readString(directory.resolve("kubeconfig")));
            try (RemoteClient user = RemoteClient.of(admin, "user")) {
                grant(user, "system:kube-scheduler");
                grant(user, "system:volume-scheduler");
                try (RemoteClient client = RemoteClient.of(asServiceAccount(admin, user), "second-scheduler")) {
                    assertThatThrownBy(() -> client.list(ResourceType.of(Secret.class), null, ListOptions.all()))
                            .isInstanceOf(StatusException.class)
                            .hasMessageContaining("forbidden");
                    handsOver(client, user);
                }
            }
        } finally {
            server.destroy();
            assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static void handsOver(RemoteClient client, Client user) {
        user.create(pod("before", "second"));
        user.create(pod("other", "default-scheduler"));
        until(() -> !nodeOf(user, "other").isEmpty());
        assertThat(nodeOf(user, "before")).isEmpty();
        try (ThreadedKernel one = new ThreadedKernel();
                ThreadedKernel two = new ThreadedKernel();
                ElectedScheduler first = SecondScheduler.start(one, client)) {
            until(() -> !nodeOf(user, "before").isEmpty());
            try (ElectedScheduler second = SecondScheduler.start(two, client)) {
                user.create(pod("between", "second"));
                until(() -> !nodeOf(user, "between").isEmpty());
                assertThat(first.isLeading()).isTrue();
                assertThat(second.isLeading()).isFalse();
                first.close();
                user.create(pod("after", "second"));
                until(() -> !nodeOf(user, "after").isEmpty());
                assertThat(first.isLeading()).isFalse();
                assertThat(second.isLeading()).isTrue();
            }
        }
    }

    private static void grant(Client user, String role) {
        if (user.find(ResourceType.of(ServiceAccount.class), "default", "second-scheduler")
                .isEmpty()) {
            user.create(new ServiceAccountBuilder()
                    .withNewMetadata()
                    .withNamespace("default")
                    .withName("second-scheduler")
                    .endMetadata()
                    .build());
        }
        user.create(new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName("second-" + role.replace(':', '-'))
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", role)
                .addNewSubject(null, "ServiceAccount", "second-scheduler", "default")
                .build());
    }

    /** The same server, seen by who has nothing but a token of the service account. */
    private static Config asServiceAccount(Config admin, Client user) {
        ObjectNode request =
                Json.object().put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenRequest");
        request.putObject("spec");
        String token = user.subresource(
                        ResourceType.of(ServiceAccount.class), "default", "second-scheduler", "token", request, false)
                .at("/status/token")
                .asText();
        return new ConfigBuilder(Config.empty())
                .withMasterUrl(admin.getMasterUrl())
                .withCaCertData(admin.getCaCertData())
                .withOauthToken(token)
                .build();
    }

    private static String nodeOf(Client user, String name) {
        String node = user.get(PODS, "default", name).getSpec().getNodeName();
        return node == null ? "" : node;
    }

    private static Pod pod(String name, String scheduler) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withSchedulerName(scheduler)
                .addNewContainer()
                .withName("c")
                .withImage("app")
                .endContainer()
                .endSpec()
                .build();
    }

    private static void until(BooleanSupplier condition) {
        Instant end = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(50_000_000);
        }
    }
}
