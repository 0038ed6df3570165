package dev.amphora.samples;

import com.sun.management.ThreadMXBean;
import dev.amphora.Cluster;
import dev.amphora.Conditions;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.controller.node.NodeLifecycleController;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kubelet.KubeletConfig;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;

/**
 * The same rollout beside so many other pods and beside twice as many, by turns: what it costs must not grow. A simulation runs on one
 * thread, so that what the thread allocates and computes is what the rollout costs; what it allocates is the same in each run.
 */
final class UnrelatedControllersBench {
    private static final ResourceType<Deployment> DEPLOYMENTS = ResourceType.of(Deployment.class);
    private static final List<String> NAMESPACES = List.of("here", "elsewhere");
    /** There are as few nodes as have addresses for all pods. */
    private static final int LEAST_NODES = 40;

    private static final int PODS_PER_NODE = 100;
    private static final int REPLICAS = 50;
    private static final int ROUNDS = 6;
    private static final int WARM_UP = 3;

    /** Nodes are believed to be there: heartbeats are not what is measured. */
    private static final NodeLifecycleController.Settings PATIENT =
            new NodeLifecycleController.Settings(Duration.ofSeconds(5), Duration.ofHours(3), Duration.ofHours(3), 0.1);

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final PrintWriter out;

    UnrelatedControllersBench(PrintWriter out) {
        this.out = out;
    }

    /**
     * Compares.
     *
     * @param pods how many others in the smaller world
     */
    void run(int pods) {
        int nodes = Math.max(LEAST_NODES, 2 * pods / PODS_PER_NODE);
        out.printf(
                "Updates of one Deployment of %d pods beside %,d other pods and beside %,d, by turns, %d nodes:%n",
                REPLICAS, pods, 2 * pods, nodes);
        for (String crowd : NAMESPACES) {
            try (World once = new World(pods, crowd, nodes);
                    World twice = new World(2 * pods, crowd, nodes)) {
                double[][] cost = new double[4][ROUNDS];
                for (int i = -WARM_UP; i < ROUNDS; i++) {
                    double[] small = once.update();
                    double[] large = twice.update();
                    if (i >= 0) {
                        cost[0][i] = small[0];
                        cost[1][i] = large[0];
                        cost[2][i] = small[1];
                        cost[3][i] = large[1];
                    }
                }
                double cpu = BenchObjects.median(cost[1]) / BenchObjects.median(cost[0]);
                double bytes = BenchObjects.median(cost[3]) / BenchObjects.median(cost[2]);
                out.printf(
                        "  others %-9s  cpu %7.1f ms and %7.1f ms: %.2f times   allocated %7.1f MB and %7.1f MB: %.2f times%n",
                        crowd,
                        BenchObjects.median(cost[0]),
                        BenchObjects.median(cost[1]),
                        cpu,
                        BenchObjects.median(cost[2]),
                        BenchObjects.median(cost[3]),
                        bytes);
                out.flush();
            }
        }
    }

    /** A cluster with a crowd of Deployments, and one that is updated. */
    private final class World implements AutoCloseable {
        private final SimulatedKernel kernel = new SimulatedKernel(1);
        private final Cluster cluster;
        private final Client client;
        private int version = 1;

        World(int pods, String crowd, int nodes) {
            var builder = Cluster.builder().kernel(kernel).store(new MemoryStore());
            for (int i = 0; i < nodes; i++) {
                builder.node(
                        KubeletConfig.of("node-" + i)
                                .withCapacity("cpu", "1000")
                                .withCapacity("memory", "10Ti")
                                .withCapacity("pods", "10000")
                                .withHeartbeat(Duration.ofMinutes(30), Duration.ofHours(2)),
                        new FakeRuntime());
            }
            cluster = builder.nodeMonitoring(PATIENT).start();
            client = cluster.api("bench");
            for (String name : NAMESPACES) {
                client.create(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build());
            }
            kernel.advance(Duration.ofSeconds(1));
            for (int i = 0; i < pods / REPLICAS; i++) {
                client.create(ControllersBench.deployment(crowd, "other-" + i, REPLICAS));
            }
            client.create(ControllersBench.deployment("here", "web", REPLICAS));
            kernel.advance(Duration.ofMinutes(2));
            if (!isDone()) {
                throw new IllegalStateException("not ready");
            }
        }

        /** Updates the Deployment; milliseconds computed and megabytes allocated. */
        double[] update() {
            System.gc();
            long thread = Thread.currentThread().getId();
            long allocated = threads.getThreadAllocatedBytes(thread);
            long cpu = threads.getCurrentThreadCpuTime();
            client.patch(DEPLOYMENTS, "here", "web", ControllersBench.image("amphora.dev/web:" + ++version), null);
            for (int i = 0; i < 120 && (i == 0 || !isDone()); i++) {
                kernel.advance(Duration.ofSeconds(1));
            }
            if (!isDone()) {
                throw new IllegalStateException("not rolled out");
            }
            return new double[] {
                (threads.getCurrentThreadCpuTime() - cpu) / 1e6,
                (threads.getThreadAllocatedBytes(thread) - allocated) / 1e6
            };
        }

        private boolean isDone() {
            return Conditions.deployment("web")
                    .in("here")
                    .rolledOut()
                    .test()
                    .test(client.get(DEPLOYMENTS, "here", "web"));
        }

        @Override
        public void close() {
            cluster.close();
            kernel.close();
        }
    }
}
