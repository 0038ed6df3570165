package dev.amphora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.HostAndPort;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.proxy.UserspaceProxy;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ComponentCondition;
import io.fabric8.kubernetes.api.model.ComponentStatus;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a program may rely on when it starts and closes clusters. */
class ClusterTest {

    @Test
    void aPodIsPlacedAtTheFirstTryOnceTheClusterHasStarted() {
        for (int seed = 1; seed <= 100; seed++) {
            try (SimulatedKernel kernel = new SimulatedKernel(seed);
                    Cluster cluster = Cluster.builder()
                            .kernel(kernel)
                            .store(new MemoryStore(kernel))
                            .node("worker-1", new FakeRuntime())
                            .start()) {
                Client client = cluster.api("test");
                client.create(pod("first"));
                cluster.await(Conditions.pod("first").running(), Duration.ofMinutes(1));
                assertThat(client.list(ResourceType.of(Event.class), "default", ListOptions.all())
                                .items())
                        .as("seed %s", seed)
                        .extracting(Event::getReason)
                        .contains("Scheduled")
                        .doesNotContain("FailedScheduling");
            }
        }
    }

    @Test
    void closeLeavesNoThreadAndNoPort() throws Exception {
        Set<Thread> before = new HashSet<>(Thread.getAllStackTraces().keySet());
        URI url;
        try (Cluster cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", new FakeRuntime())
                .proxy(new UserspaceProxy())
                .serve(0)
                .start()) {
            url = URI.create(cluster.endpoint().orElseThrow().url());
            new Socket(url.getHost(), url.getPort()).close();
            cluster.api("test").create(pod("first"));
            cluster.await(Conditions.pod("first").running());
        }

        Set<Thread> after = new HashSet<>(Thread.getAllStackTraces().keySet());
        after.removeAll(before);
        after.removeIf(thread -> !thread.isAlive() || thread.getName().equals("Common-Cleaner"));
        assertThat(after).isEmpty();
        assertThatThrownBy(() -> new Socket(InetAddress.getByName(url.getHost()), url.getPort()).close())
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void clustersInOneProcessDontKnowOfEachOther() {
        try (Cluster one = Cluster.builder()
                        .store(new MemoryStore())
                        .node("worker-1", new FakeRuntime())
                        .start();
                Cluster other = Cluster.builder()
                        .store(new MemoryStore())
                        .node("worker-1", new FakeRuntime())
                        .start()) {
            one.api("test").create(pod("first"));
            one.await(Conditions.pod("first").running());

            assertThat(other.api("test")
                            .list(ResourceType.of(Pod.class), null, ListOptions.all())
                            .items())
                    .isEmpty();
            assertThat(other.node("worker-1")).isNotSameAs(one.node("worker-1"));
        }
    }

    @Test
    void managedFieldsNameTheControllersByTheirProgram() {
        try (SimulatedKernel kernel = new SimulatedKernel(1);
                Cluster cluster = Cluster.builder()
                        .kernel(kernel)
                        .store(new MemoryStore(kernel))
                        .controllersProgram("kcm")
                        .start()) {
            kernel.advance(Duration.ofSeconds(5));
            assertThat(cluster.api("test")
                            .get(ResourceType.of(ConfigMap.class), "default", "kube-root-ca.crt")
                            .getMetadata()
                            .getManagedFields())
                    .extracting(ManagedFieldsEntry::getManager)
                    .containsExactly("kcm");
        }
    }

    @Test
    void componentsOfThisProcessAreKnownToBeHealthyUnlessTheirPortsAreToBeAsked() {
        try (SimulatedKernel kernel = new SimulatedKernel(1);
                Cluster cluster = Cluster.builder()
                        .kernel(kernel)
                        .store(new MemoryStore(kernel))
                        .noScheduler()
                        .start()) {
            assertThat(componentStatus(cluster, "controller-manager")).isEqualTo("True ok");
            assertThat(componentStatus(cluster, "scheduler"))
                    .isEqualTo("False Get \"https://127.0.0.1:10259/healthz\": dial tcp 127.0.0.1:10259: connect:"
                            + " connection refused");
        }
        try (SimulatedKernel kernel = new SimulatedKernel(1);
                Cluster cluster = Cluster.builder()
                        .kernel(kernel)
                        .store(new MemoryStore(kernel))
                        .componentsAtPorts()
                        .start()) {
            assertThat(componentStatus(cluster, "controller-manager"))
                    .isEqualTo("False Get \"https://127.0.0.1:10257/healthz\": dial tcp 127.0.0.1:10257: connect:"
                            + " connection refused");
        }
    }

    @Test
    void whoAnswersAtAPortIsHealthy() {
        try (Kernel kernel = new ThreadedKernel()) {
            ComponentPorts ports = new ComponentPorts(kernel, true);
            HostAndPort address;
            try (Cluster cluster = Cluster.builder()
                    .kernel(kernel)
                    .store(new MemoryStore())
                    .serve(0)
                    .start()) {
                URI url = URI.create(cluster.endpoint().orElseThrow().url());
                address = HostAndPort.fromParts(url.getHost(), url.getPort());
                assertThat(ports.ask(address)).isEmpty();
            }
            assertThat(ports.ask(address))
                    .hasValue("Get \"https://%s/healthz\": dial tcp %s: connect: connection refused"
                            .formatted(address, address));
        }
    }

    private static String componentStatus(Cluster cluster, String name) {
        ComponentCondition condition = cluster.api("test")
                .get(ResourceType.of(ComponentStatus.class), null, name)
                .getConditions()
                .get(0);
        return condition.getStatus() + " " + condition.getMessage();
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("amphora.dev/web:1")
                .endContainer()
                .endSpec()
                .build();
    }
}
