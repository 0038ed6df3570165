package dev.amphora.samples.examples;

import static dev.amphora.scheduler.testing.TestNode.node;
import static dev.amphora.scheduler.testing.TestPod.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.Cluster;
import dev.amphora.Conditions;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kubelet.KubeletConfig;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.scheduler.DefaultScheduler;
import dev.amphora.scheduler.SchedulerConfiguration;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.testing.SchedulerTester;
import dev.amphora.scheduler.testing.TestNode;
import dev.amphora.scheduler.testing.TestPod;
import dev.amphora.store.memory.MemoryStore;
import dev.amphora.tck.SchedulerPluginContract;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The sample of a plugin with arguments: its own tests, the contract of plugins, and a running cluster. */
class NodePriceTest {
    private static final SchedulerConfiguration CONFIGURATION = SchedulerConfiguration.read(
            """
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            profiles:
            - plugins:
                multiPoint:
                  enabled: [{name: NodePrice, weight: 10}]
              pluginConfig:
              - name: NodePrice
                args: {label: example.dev/cents, limit: 50}
            """,
            Map.of("NodePrice", NodePrice.factory()));

    @Test
    void turnsDownWhatCostsTooMuchAndPrefersWhatCostsLeast() {
        SchedulerTester tester = SchedulerTester.of(CONFIGURATION)
                .put(node("unknown"))
                .put(node("dear").label("example.dev/cents", "51"))
                .put(node("fair").label("example.dev/cents", "40"))
                .put(node("cheap").label("example.dev/cents", "10"));

        assertThat(tester.schedule(pod("p")))
                .choseNode("cheap")
                .hasFeasible("fair", "cheap")
                .rejected("NodePrice", "unknown", "node(s) had no price")
                .rejected("NodePrice", "dear", "node(s) cost too much")
                .scoredRaw("NodePrice", "fair", 40)
                .scored("NodePrice", "fair", 0)
                .scoredWeighted("NodePrice", "cheap", 750);
        assertThat(tester.schedule(pod("q").label(NodePrice.LIMIT, "5")))
                .choseNoNode("0/4 nodes are available: 1 node(s) had no price, 3 node(s) cost too much. no new claims "
                        + "to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for "
                        + "scheduling.");
    }

    @Test
    void wakesPodsWhenANodeIsCheapEnough() {
        SchedulerTester tester = SchedulerTester.of(CONFIGURATION);

        assertThat(tester.added(node("n").label("example.dev/cents", "50").build(), pod("p")))
                .wakes("NodePrice");
        assertThat(tester.changed(
                        node("n").label("example.dev/cents", "90").build(),
                        node("n").label("example.dev/cents", "60").build(),
                        pod("p")))
                .doesNotWake("NodePrice");
    }

    @Test
    void refusesArgumentsThatMakeNoSense() {
        assertThatThrownBy(() -> new NodePrice(new NodePrice.Args(null, -1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit: -1 is negative");
    }

    @Test
    void aRunningClusterTriesAPodAgainWhenANodeBecomesCheap() {
        try (SimulatedKernel kernel = new SimulatedKernel(1);
                Cluster cluster = Cluster.builder()
                        .kernel(kernel)
                        .store(new MemoryStore())
                        .scheduler(DefaultScheduler.builder()
                                .configuration(CONFIGURATION)
                                .build())
                        .node(KubeletConfig.of("dear").withLabel("example.dev/cents", "80"), new FakeRuntime())
                        .node(KubeletConfig.of("dearer").withLabel("example.dev/cents", "90"), new FakeRuntime())
                        .start()) {
            KubernetesClient client = cluster.client();
            client.resource(pod("p").edit(p -> p.editMetadata().withUid(null).endMetadata())
                            .build())
                    .create();
            kernel.advance(Duration.ofSeconds(30));
            Pod waiting = client.pods().inNamespace("default").withName("p").get();
            assertThat(waiting.getSpec().getNodeName()).isNull();
            assertThat(waiting.getStatus().getConditions().get(0).getMessage())
                    .startsWith("0/2 nodes are available: 2 node(s) cost too much.");

            client.nodes().withName("dearer").edit(n -> new NodeBuilder(n)
                    .editMetadata()
                    .addToLabels("example.dev/cents", "20")
                    .endMetadata()
                    .build());

            cluster.await(Conditions.pod("p").running());
            assertThat(client.pods()
                            .inNamespace("default")
                            .withName("p")
                            .get()
                            .getSpec()
                            .getNodeName())
                    .isEqualTo("dearer");
            assertThat(kernel.failures()).isEmpty();
        }
    }

    @Nested
    class Contract extends SchedulerPluginContract {
        @Override
        protected PluginFactory plugin() {
            return NodePrice.factory();
        }

        @Override
        protected TestNode vary(TestNode node, RandomGenerator chance) {
            return chance.nextInt(5) == 0 ? node : node.label("example.dev/price", String.valueOf(chance.nextInt(100)));
        }

        @Override
        protected TestPod vary(TestPod pod, RandomGenerator chance) {
            return pod.label(NodePrice.LIMIT, String.valueOf(chance.nextInt(60)));
        }
    }
}
