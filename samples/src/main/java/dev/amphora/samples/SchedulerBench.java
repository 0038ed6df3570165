package dev.amphora.samples;

import com.sun.management.OperatingSystemMXBean;
import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerSandbox;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures how fast pods are scheduled: the decision alone, and from their creation until a watcher sees them bound. */
@Command(
        name = "scheduler",
        description = "Measure the scheduler: decisions alone, and end to end through the API server.",
        mixinStandardHelpOptions = true)
final class SchedulerBench implements Callable<Integer> {
    private static final long PATIENCE_SECONDS = 600;
    private static final int VICTIMS = 3;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--nodes", description = "How many nodes. Default: ${DEFAULT-VALUE}")
    private int nodes = 5_000;

    @Option(names = "--only", description = "One workload, such as basic. Default: all")
    private @Nullable String only;

    @Option(names = "--way", description = "decision, end-to-end or both. Default: ${DEFAULT-VALUE}")
    private String way = "both";

    @Option(names = "--rounds", description = "How often each is measured; the last counts. Default: ${DEFAULT-VALUE}")
    private int rounds = 2;

    @Option(names = "--curves", description = "Also show the cost by placed pods and by nodes.")
    private boolean curves;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        List<SchedulerWorkload> workloads = List.of(
                SchedulerWorkload.BASIC,
                SchedulerWorkload.AFFINITY,
                SchedulerWorkload.SPREADING,
                SchedulerWorkload.ANTI_AFFINITY,
                SchedulerWorkload.PREFERRED,
                SchedulerWorkload.PREEMPTION);
        out.printf("%d nodes of 4 CPU, 32 Gi, 110 pods in 3 zones%n", nodes);
        for (SchedulerWorkload workload : workloads) {
            if (only != null && !only.equals(workload.name())) {
                continue;
            }
            if (!way.equals("end-to-end")) {
                Figures last = null;
                for (int i = 0; i < rounds; i++) {
                    last = decide(workload, nodes, workload.init(), workload.measured());
                }
                row(out, workload, "decision", last);
            }
            if (!way.equals("decision")) {
                Figures last = null;
                for (int i = 0; i < rounds; i++) {
                    last = endToEnd(workload);
                }
                row(out, workload, "end to end", last);
            }
        }
        if (curves) {
            curves(out);
        }
        return 0;
    }

    /**
     * What was measured.
     *
     * @param pods how many pods were scheduled
     * @param seconds in which time
     * @param cpuSeconds of the whole process: how fast it would go on cores of its own
     * @param latencies of each attempt or pod in microseconds, sorted
     * @param megabytes heap in use at the end
     */
    private record Figures(int pods, double seconds, double cpuSeconds, long[] latencies, long megabytes) {
        double rate() {
            return pods / seconds;
        }

        double quantile(double share) {
            return latencies.length == 0 ? 0 : latencies[(int) (share * (latencies.length - 1))] / 1000.0;
        }
    }

    private static void row(PrintWriter out, SchedulerWorkload workload, String how, @Nullable Figures figures) {
        if (figures != null) {
            out.printf(
                    "  %-20s %-10s %8.0f pods/s   cpu %6.0f us/pod   p50 %8.3f ms   p99 %8.3f ms   heap %5d MB%s%n",
                    workload.name(),
                    how,
                    figures.rate(),
                    figures.cpuSeconds() * 1e6 / figures.pods(),
                    figures.quantile(0.5),
                    figures.quantile(0.99),
                    figures.megabytes(),
                    workload.reference() == 0 || how.equals("decision")
                            ? ""
                            : "   reference " + workload.reference() + " pods/s");
            out.flush();
        }
    }

    /** Of all threads of this process, in nanoseconds. */
    private static long cpu() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }

    private static long heap() {
        Runtime runtime = Runtime.getRuntime();
        return (runtime.totalMemory() - runtime.freeMemory()) >> 20;
    }

    // -- the decision alone ------------------------------------------------------------------------------------------

    private static Figures decide(SchedulerWorkload workload, int nodes, int init, int measured) {
        SchedulerSandbox sandbox = new SchedulerSandbox(Profile.named(Profile.DEFAULT_SCHEDULER_NAME), 1);
        for (int i = 0; i < nodes; i++) {
            sandbox.put(SchedulerWorkload.node(i));
        }
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < init + measured; i++) {
            pods.add(workload.pod(i < init ? i : workload.init() + i - init));
        }
        Map<String, List<Pod>> placed = new HashMap<>();
        for (int i = 0; i < init; i++) {
            String node = sandbox.scheduleAndPlace(pods.get(i)).nodeName();
            placed.computeIfAbsent(String.valueOf(node), name -> new ArrayList<>())
                    .add(pods.get(i));
        }
        long[] latencies = new long[measured];
        long cpu = cpu();
        long begin = System.nanoTime();
        for (int i = 0; i < measured; i++) {
            long start = System.nanoTime();
            Pod pod = pods.get(init + i);
            SchedulerSandbox.Attempted attempted = sandbox.scheduleAndPlace(pod);
            if (attempted.nominatedNode() != null) {
                List<Pod> victims = placed.getOrDefault(attempted.nominatedNode(), List.of());
                victims.subList(0, Math.min(VICTIMS, victims.size())).forEach(sandbox::remove);
                victims.clear();
                sandbox.place(pod, attempted.nominatedNode());
            }
            latencies[i] = (System.nanoTime() - start) / 1000;
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        Arrays.sort(latencies);
        return new Figures(measured, seconds, (cpu() - cpu) / 1e9, latencies, heap());
    }

    private static void curves(PrintWriter out) {
        out.println("decision of basic pods by pods placed before, 5,000 nodes:");
        for (int init : new int[] {0, 20_000, 50_000, 100_000}) {
            out.printf(
                    "  %7d placed  %8.1f us/pod%n", init, micros(decide(SchedulerWorkload.BASIC, 5_000, init, 5_000)));
        }
        out.println("decision of spreading pods by pods placed before, 5,000 nodes:");
        for (int init : new int[] {0, 20_000, 50_000, 100_000}) {
            out.printf(
                    "  %7d placed  %8.1f us/pod%n",
                    init, micros(decide(SchedulerWorkload.SPREADING, 5_000, init, 5_000)));
        }
        out.println("decision of basic pods by nodes, 1,000 placed before:");
        for (int count : new int[] {500, 1_000, 5_000, 10_000, 20_000}) {
            out.printf(
                    "  %7d nodes   %8.1f us/pod%n",
                    count, micros(decide(SchedulerWorkload.BASIC, count, 1_000, 5_000)));
        }
        out.flush();
    }

    private static double micros(Figures figures) {
        return figures.seconds() * 1e6 / figures.pods();
    }

    // -- end to end --------------------------------------------------------------------------------------------------

    private Figures endToEnd(SchedulerWorkload workload) throws InterruptedException {
        try (Cluster cluster = Cluster.builder()
                .store(new MemoryStore())
                .api(ApiOptions.defaults()
                        .withAdmission(List.of(), List.of("ServiceAccount", "TaintNodesByCondition", "Priority")))
                .noControllers()
                .start()) {
            Client client = cluster.api("bench");
            for (int i = 0; i < nodes; i++) {
                client.create(SchedulerWorkload.node(i));
            }
            Bound bound = new Bound(workload.init(), workload.init() + workload.measured());
            Watch watch = client.watch(ResourceType.of(Pod.class), BenchObjects.NAMESPACE, ListOptions.all(), bound);
            List<Pod> pods = new ArrayList<>();
            for (int i = 0; i < workload.init() + workload.measured(); i++) {
                pods.add(workload.pod(i));
            }
            for (int i = 0; i < workload.init(); i++) {
                bound.created[i] = System.nanoTime();
                client.create(pods.get(i));
            }
            await(bound.before, workload);
            long cpu = cpu();
            long begin = System.nanoTime();
            for (int i = workload.init(); i < workload.init() + workload.measured(); i++) {
                bound.created[i] = System.nanoTime();
                client.create(pods.get(i));
            }
            await(bound.all, workload);
            double seconds = (System.nanoTime() - begin) / 1e9;
            double cpuSeconds = (cpu() - cpu) / 1e9;
            long[] latencies =
                    Arrays.copyOfRange(bound.latencies, workload.init(), workload.init() + workload.measured());
            Arrays.sort(latencies);
            long heap = heap();
            watch.close();
            return new Figures(workload.measured(), seconds, cpuSeconds, latencies, heap);
        }
    }

    private static void await(CountDownLatch latch, SchedulerWorkload workload) throws InterruptedException {
        if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(
                    "the pods of " + workload.name() + " were not all scheduled: " + latch.getCount() + " are left");
        }
    }

    /** Counts pods as they are seen to be bound. */
    private static final class Bound implements Watcher<Pod> {
        final long[] created;
        final long[] latencies;
        final CountDownLatch before;
        final CountDownLatch all;
        private final int init;
        private final boolean[] seen;

        Bound(int init, int total) {
            this.init = init;
            created = new long[total];
            latencies = new long[total];
            seen = new boolean[total];
            before = new CountDownLatch(init);
            all = new CountDownLatch(total - init);
        }

        @Override
        public void onEvent(EventType type, Pod pod) {
            String node = pod.getSpec().getNodeName();
            int number = Integer.parseInt(pod.getMetadata().getName().substring(1));
            if (type == EventType.DELETED || node == null || node.isEmpty() || seen[number]) {
                return;
            }
            seen[number] = true;
            latencies[number] = (System.nanoTime() - created[number]) / 1000;
            (number < init ? before : all).countDown();
        }

        @Override
        public void onBookmark(String resourceVersion) {
            // nothing to count
        }

        @Override
        public void onClose(@Nullable StatusException error) {
            // the latch tells
        }
    }
}
