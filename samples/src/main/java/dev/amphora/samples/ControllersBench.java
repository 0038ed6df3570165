package dev.amphora.samples;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.Patch;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kubelet.KubeletConfig;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Measures the controllers in a whole cluster of one process, on the simulated kernel: Deployments come to life, some are updated, a zone
 * is lost. Then how a rollout's cost depends on what has nothing to do with it.
 */
@Command(
        name = "controllers",
        description = {
            "Measure the controllers in a whole simulated cluster of one process: many Deployments come to life, some are"
                    + " updated, a zone is lost.",
            "Then the same rollout beside once and twice as many other objects."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ControllersBench implements Callable<Integer> {
    private static final ResourceType<Deployment> DEPLOYMENTS = ResourceType.of(Deployment.class);
    private static final String NAMESPACE = "fleet";
    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final Duration LOOK = Duration.ofSeconds(1);
    /** How long the nodes are watched at rest, and how often each renews its Lease meanwhile. */
    private static final Duration REST = Duration.ofMinutes(5);

    private static final int BEATS = 30;
    private static final Duration PATIENCE = Duration.ofHours(6);

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--nodes", description = "How many nodes, each with a kubelet. Default: ${DEFAULT-VALUE}")
    private int nodes = 5_000;

    @Option(names = "--zones", description = "In how many zones they are. Default: ${DEFAULT-VALUE}")
    private int zones = 10;

    @Option(names = "--deployments", description = "How many Deployments. Default: ${DEFAULT-VALUE}")
    private int deployments = 1_000;

    @Option(names = "--replicas", description = "How many pods each has. Default: ${DEFAULT-VALUE}")
    private int replicas = 100;

    @Option(names = "--rolling", description = "How many Deployments are updated. Default: ${DEFAULT-VALUE}")
    private int rolling = 100;

    @Option(
            names = "--unrelated",
            description =
                    "Pods, with a Deployment for each fifty, beside which one Deployment is updated: these and twice"
                            + " as many. 0 for not at all. Default: ${DEFAULT-VALUE}")
    private int unrelated = 10_000;

    @Option(names = "--writes", description = "Say what was written, by whom.")
    private boolean writes;

    @Option(names = "--only", description = "fleet or unrelated. Default: both")
    private @Nullable String only;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (!"unrelated".equals(only)) {
            fleet(out);
        }
        if (!"fleet".equals(only) && unrelated > 0) {
            new UnrelatedControllersBench(out).run(unrelated);
        }
        out.flush();
        return 0;
    }

    private void fleet(PrintWriter out) {
        int pods = deployments * replicas;
        out.printf(
                "%,d nodes in %d zones, %,d Deployments of %d pods: %,d pods. One process, simulated kernel, fake runtime.%n",
                nodes, zones, deployments, replicas, pods);
        Stopwatch watch = new Stopwatch(out);
        double empty = BenchObjects.heap();
        try (SimulatedKernel kernel = new SimulatedKernel(1)) {
            ClusterBuilder builder = Cluster.builder().kernel(kernel).store(new MemoryStore());
            for (int i = 0; i < nodes; i++) {
                builder.node(
                        KubeletConfig.of("node-" + i)
                                .withCapacity("memory", "32Gi")
                                .withLabel(ZONE, "zone-" + i % zones),
                        new FakeRuntime());
            }
            watch.begin(kernel.instant());
            try (Cluster cluster = builder.start()) {
                watch.end("nodes ready", kernel.instant(), nodes, "nodes");
                double bare = BenchObjects.heap();
                out.printf("    heap %,.0f MB: %,.0f bytes a node%n", bare / 1e6, (bare - empty) / nodes);
                watch.begin(kernel.instant());
                kernel.advance(REST);
                watch.end("nothing but heartbeats", kernel.instant(), nodes * BEATS, "beats");
                Fleet fleet = new Fleet(cluster, available -> watch.progress(available, pods));
                Client client = cluster.api("bench");
                WriteCount count = new WriteCount();
                if (writes) {
                    cluster.apiServer().listen(count);
                }
                client.create(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .endMetadata()
                        .build());
                kernel.advance(LOOK);
                watch.begin(kernel.instant());
                for (int i = 0; i < deployments; i++) {
                    client.create(deployment(NAMESPACE, "web-" + i, replicas));
                }
                until(kernel, () -> fleet.available == pods && fleet.rolledOut == deployments);
                watch.end("steady state", kernel.instant(), pods, "pods");
                written(out, count, pods);
                double full = BenchObjects.heap();
                out.printf("    heap %,.0f MB: %,.0f bytes a pod%n", full / 1e6, (full - bare) / pods);
                watch.begin(kernel.instant());
                for (int i = 0; i < rolling; i++) {
                    client.patch(DEPLOYMENTS, NAMESPACE, "web-" + i, image("amphora.dev/web:2"), null);
                }
                kernel.advance(LOOK);
                until(kernel, () -> fleet.rolledOut == deployments);
                watch.end("update of %,d Deployments".formatted(rolling), kernel.instant(), rolling * replicas, "pods");
                written(out, count, rolling * replicas);
                int lost = lose(cluster);
                watch.begin(kernel.instant());
                until(kernel, () -> fleet.readyNodes == nodes - lost && fleet.notReady > 0);
                watch.end("a zone of %,d nodes: its loss noticed".formatted(lost), kernel.instant(), lost, "nodes");
                written(out, count, lost);
                watch.begin(kernel.instant());
                until(kernel, () -> fleet.available == pods && fleet.rolledOut == deployments && fleet.elsewhere());
                watch.end("its pods replaced elsewhere", kernel.instant(), fleet.lostPods, "pods");
                written(out, count, fleet.lostPods);
                out.printf("    heap %,.0f MB%n", BenchObjects.heap() / 1e6);
                if (!kernel.failures().isEmpty()) {
                    throw new IllegalStateException(
                            "a task failed", kernel.failures().get(0));
                }
                fleet.close();
            }
        }
        out.println("Reference: no figure for its controllers; its scheduler alone binds 238 such pods/s on two cores,"
                + " and its API server takes 769 pod creates/s.");
    }

    private void written(PrintWriter out, WriteCount count, int of) {
        if (writes) {
            count.print(out, of);
        }
    }

    private int lose(Cluster cluster) {
        int lost = 0;
        for (int i = 0; i < nodes; i += zones) {
            cluster.node("node-" + i).fail();
            lost++;
        }
        return lost;
    }

    private static void until(SimulatedKernel kernel, BooleanSupplier condition) {
        Instant end = kernel.instant().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            if (kernel.instant().isAfter(end)) {
                throw new IllegalStateException("not within " + PATIENCE);
            }
            kernel.advance(LOOK);
        }
    }

    static Deployment deployment(String namespace, String name, int replicas) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewSelector()
                .addToMatchLabels("app", name)
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", name)
                .endMetadata()
                .withSpec(BenchObjects.pod(name).getSpec())
                .endTemplate()
                .endSpec()
                .build();
    }

    static Patch image(String image) {
        ObjectNode body = Json.object();
        body.putObject("spec")
                .putObject("template")
                .putObject("spec")
                .putArray("containers")
                .addObject()
                .put("name", "main")
                .put("image", image);
        return Patch.strategic(body);
    }
}
