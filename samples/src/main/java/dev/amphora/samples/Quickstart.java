package dev.amphora.samples;

import dev.amphora.Cluster;
import dev.amphora.FlowTrace;
import dev.amphora.controller.node.NodeLifecycleController;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.proxy.UserspaceProxy;
import dev.amphora.store.Store;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows a Deployment's whole life in one process, on the engines of choice. */
@Command(
        name = "quickstart",
        description = "Run a Deployment through its whole life and show the way of one of its pods.",
        mixinStandardHelpOptions = true)
final class Quickstart implements Callable<Integer> {
    static final String LOST_NODE = "worker-3";
    static final String OLD_IMAGE = "amphora.dev/web:1";
    static final String NEW_IMAGE = "amphora.dev/web:2";
    private static final int NODES = 3;
    private static final int CALLS = 20;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--store", description = "memory or etcd. Default: ${DEFAULT-VALUE}")
    private Engines.StoreEngine storeEngine = Engines.StoreEngine.memory;

    @Option(names = "--runtime", description = "fake or docker. Default: ${DEFAULT-VALUE}")
    private Engines.RuntimeEngine runtimeEngine = Engines.RuntimeEngine.fake;

    @Option(names = "--etcd-servers", split = ",", description = "Where etcd is. Default: ${DEFAULT-VALUE}")
    private String[] etcdServers = {"http://127.0.0.1:2379"};

    @Option(names = "--keep", description = "Leave everything as it is for the next start, which finds it.")
    private boolean keep;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Kernel kernel = new ThreadedKernel()) {
            run(kernel, out);
            return 0;
        } catch (Engines.MissingException e) {
            spec.commandLine().getErr().println(e.getMessage());
            return 1;
        } finally {
            out.flush();
        }
    }

    private void run(Kernel kernel, PrintWriter out) {
        Engines.prepare(runtimeEngine, OLD_IMAGE, NEW_IMAGE);
        Store store = Engines.store(storeEngine, kernel, Engines.ETCD_PREFIX, etcdServers);
        Instant begin = kernel.instant();
        var builder = Cluster.builder()
                .kernel(kernel)
                .store(store)
                .proxy(new UserspaceProxy())
                .nodeMonitoring(new NodeLifecycleController.Settings(
                        Duration.ofMillis(250), Duration.ofSeconds(3), Duration.ofSeconds(3), 10))
                .everyNode(node -> node.withHeartbeat(Duration.ofMillis(500), Duration.ofSeconds(3)));
        for (int i = 1; i <= NODES; i++) {
            builder.node("worker-" + i, Engines.runtime(runtimeEngine, "amphora-quickstart", keep));
        }
        try (Cluster cluster = builder.start();
                FlowTrace trace = cluster.trace()) {
            Scenario scenario = new Scenario(cluster);
            out.printf(
                    "A cluster of %d nodes, store %s, runtime %s, started in %d ms.%n",
                    NODES,
                    storeEngine,
                    runtimeEngine,
                    Duration.between(begin, kernel.instant()).toMillis());

            if (scenario.isLoaded()) {
                findAgain(cluster, scenario, out);
            } else {
                play(cluster, scenario, trace, out);
            }
            step(out, "The end state");
            scenario.endState().forEach((what, state) -> out.printf("  %-24s %s%n", what, state));
            if (!keep) {
                scenario.remove();
            }
        }
    }

    /** A later start on the same store: everything is there as it was left. */
    private static void findAgain(Cluster cluster, Scenario scenario, PrintWriter out) {
        step(out, "The store holds Deployment xyz as an earlier start left it");
        scenario.awaitSettled();
        table(out, scenario);
        callService(cluster, scenario, out);
    }

    private static void callService(Cluster cluster, Scenario scenario, PrintWriter out) {
        Service service = scenario.service();
        step(out, "Call the Service at " + address(service) + ", " + CALLS + " times");
        cluster.await("the Service answers", Duration.ofSeconds(30), () -> answers(service));
        call(service).forEach((name, count) -> out.printf("  %2d answers from %s%n", count, name));
    }

    private static void play(Cluster cluster, Scenario scenario, FlowTrace trace, PrintWriter out) {
        step(out, "Load the manifest: Deployment xyz (extensions/v1beta1, 4 replicas) and Service xyz");
        scenario.load();
        scenario.awaitRollout();
        table(out, scenario);

        Pod pod = scenario.pods().get(0);
        step(out, "The way of pod " + pod.getMetadata().getName());
        out.print(FlowTrace.table(trace.of(pod)));

        callService(cluster, scenario, out);

        step(out, "Roll out " + NEW_IMAGE);
        scenario.setImage(NEW_IMAGE);
        scenario.awaitRollout();
        table(out, scenario);

        step(out, "Roll back");
        scenario.rollBack();
        scenario.awaitRollout();
        table(out, scenario);

        step(out, "Scale to " + Scenario.SCALED);
        scenario.scale(Scenario.SCALED);
        scenario.awaitRollout();
        out.printf("  %d pods are ready%n", scenario.pods().size());

        step(out, "Kill a container");
        Pod healed = scenario.killAndHeal();
        out.printf(
                "  %s is ready again after %d restart%n",
                healed.getMetadata().getName(), Scenario.status(healed).getRestartCount());

        step(out, "Lose " + LOST_NODE);
        scenario.loseNode(LOST_NODE);
        table(out, scenario);
        scenario.recoverNode(LOST_NODE);
        out.printf("  %s is back, and what was left on it is gone%n", LOST_NODE);
    }

    private static void step(PrintWriter out, String title) {
        out.printf("%n%s%n", title);
        out.flush();
    }

    private static void table(PrintWriter out, Scenario scenario) {
        out.printf("  %-24s %-9s %-10s %-16s %s%n", "POD", "PHASE", "NODE", "ADDRESS", "IMAGE");
        for (Pod pod : scenario.pods()) {
            out.printf(
                    "  %-24s %-9s %-10s %-16s %s%n",
                    pod.getMetadata().getName(),
                    pod.getMetadata().getDeletionTimestamp() == null
                            ? pod.getStatus().getPhase()
                            : "Ending",
                    pod.getSpec().getNodeName(),
                    pod.getStatus().getPodIP(),
                    pod.getSpec().getContainers().get(0).getImage());
        }
        out.flush();
    }

    private static String address(Service service) {
        return service.getSpec().getClusterIP() + ":"
                + service.getSpec().getPorts().get(0).getPort();
    }

    private static boolean answers(Service service) {
        try {
            get(service);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static Map<String, Integer> call(Service service) {
        Map<String, Integer> answers = new TreeMap<>();
        for (int i = 0; i < CALLS; i++) {
            try {
                answers.merge(get(service), 1, Integer::sum);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return answers;
    }

    private static String get(Service service) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://" + address(service) + "/").toURL().openConnection();
        connection.setRequestProperty("Connection", "close");
        connection.setConnectTimeout(2_000);
        connection.setReadTimeout(5_000);
        try (var in = connection.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }
}
