package dev.amphora;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.controller.Controllers;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.Store;
import dev.amphora.store.memory.MemoryStore;
import dev.amphora.tck.Rivals;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Built-in controllers that elect a leader. More seeds run with {@code -Dsimulation.seeds=1000}. */
class LeaderElectionTest {
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 4);
    private static final ResourceType<Deployment> DEPLOYMENTS = ResourceType.of(Deployment.class);

    @Test
    void ofTwoClustersOnOneStoreOneControlsAndTheOtherTakesOver() {
        SimulatedKernel kernel = new SimulatedKernel(3);
        MemoryStore store = new MemoryStore();
        store.start(kernel);
        try (Cluster second = cluster(kernel, store, "second")) {
            try (Cluster first = cluster(kernel, store, "first")) {
                kernel.advance(Duration.ofMinutes(1));
                assertThat(holder(first.api("user"))).isEqualTo("second");
                second.api("user").create(web(2));
                kernel.advance(Duration.ofMinutes(1));
                assertThat(pods(first.api("user"))).isEqualTo(2);
                second.close();
                kernel.advance(Duration.ofMinutes(1));

                assertThat(holder(first.api("user"))).isEqualTo("first");
                scale(first.api("user"), 4);
                kernel.advance(Duration.ofMinutes(1));
                assertThat(pods(first.api("user"))).isEqualTo(4);
            }
        }
        assertThat(kernel.failures()).isEmpty();
    }

    @Test
    void onlyTheLeadersBuiltInControllersWrite() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed);
            try (Cluster cluster = Cluster.builder()
                            .kernel(kernel)
                            .store(new MemoryStore())
                            .controllers("serviceaccount-controller,root-ca-certificate-publisher-controller")
                            .noScheduler()
                            .start();
                    Rivals rivals =
                            new Rivals(kernel, cluster.api("rival"), () -> new Controllers(List::of, () -> "PEM")
                                    .select("deployment-controller,replicaset-controller"))) {
                Client user = cluster.api("user");
                rivals.start(3);
                rivals.trouble();
                user.create(web(1));
                for (int replicas = 2; replicas < 30; replicas++) {
                    kernel.advance(Duration.ofSeconds(20));
                    scale(user, replicas % 7);
                }
                rivals.peace();
                kernel.advance(Duration.ofMinutes(20));

                assertThat(rivals.violations()).as("seed %d", seed).isEmpty();
                assertThat(rivals.leaders()).as("leaders, seed %d", seed).isEqualTo(1);
                assertThat(pods(user)).as("pods, seed %d", seed).isEqualTo(29 % 7);
                assertThat(user.list(ResourceType.of(ReplicaSet.class), null, ListOptions.all())
                                .items())
                        .hasSize(1);
            }
        }
    }

    private static Cluster cluster(SimulatedKernel kernel, MemoryStore shared, String identity) {
        Store store = (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("start") || method.getName().equals("close")) {
                        return null;
                    }
                    try {
                        return method.invoke(shared, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        return Cluster.builder()
                .kernel(kernel)
                .store(store)
                .noScheduler()
                .leaderElection(identity)
                .start();
    }

    private static String holder(Client user) {
        return user.get(ResourceType.of(Lease.class), "kube-system", "kube-controller-manager")
                .getSpec()
                .getHolderIdentity();
    }

    private static long pods(Client user) {
        return user.list(ResourceType.of(Pod.class), "default", ListOptions.all()).items().stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .count();
    }

    private static void scale(Client user, int replicas) {
        while (true) {
            Deployment next = Json.copy(user.get(DEPLOYMENTS, "default", "web"));
            next.getSpec().setReplicas(replicas);
            try {
                user.update(next);
                return;
            } catch (StatusException e) {
                assertThat(e.isConflict()).isTrue();
            }
        }
    }

    private static Deployment web(int replicas) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewSelector()
                .addToMatchLabels("app", "web")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "web")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("web:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }
}
