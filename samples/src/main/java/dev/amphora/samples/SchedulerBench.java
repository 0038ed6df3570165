package dev.amphora.samples;

import com.sun.management.OperatingSystemMXBean;
import dev.amphora.scheduler.SchedulerSandbox;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures how fast pods are scheduled: the decision alone, and from their creation until a watcher sees them bound. */
@Command(
        name = "scheduler",
        description = "Measure the scheduler: decisions alone, end to end through the API server, and over HTTPS.",
        mixinStandardHelpOptions = true)
final class SchedulerBench implements Callable<Integer> {
    private static final int VICTIMS = 3;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--nodes", description = "How many nodes. Default: ${DEFAULT-VALUE}")
    private int nodes = 5_000;

    @Option(names = "--init", description = "How many pods are placed before. Default: as the workload has it")
    private int init = -1;

    @Option(names = "--pods", description = "How many pods are measured. Default: as the workload has it")
    private int pods = -1;

    @Option(names = "--only", split = ",", description = "Some workloads, such as basic,affinity. Default: all")
    private List<String> only = List.of();

    @Option(
            names = "--way",
            split = ",",
            description =
                    "decision, end-to-end, https (a client in a process of its own; basic only). Default: the first two")
    private List<String> ways = List.of("decision", "end-to-end");

    @Option(names = "--warm-up", description = "Rounds before those that count. Default: ${DEFAULT-VALUE}")
    private int warmUp = 5;

    @Option(names = "--rounds", description = "Rounds that count; the median is shown. Default: ${DEFAULT-VALUE}")
    private int rounds = 3;

    @Option(names = "--callers", description = "How many threads create pods. Default: ${DEFAULT-VALUE}")
    private int callers = 2;

    @Option(names = "--curves", description = "Also show the cost by placed pods and by nodes.")
    private boolean curves;

    @Option(names = "--outside", hidden = true, description = "Be the client of this server.")
    private @Nullable String outside;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        if (outside != null) {
            new SchedulerOutside(out, outside, callers).run(SchedulerWorkload.BASIC.sized(0, pods), rounds);
            return 0;
        }
        out.printf(
                "%,d nodes of 4 CPU, 32 Gi, 110 pods in 3 zones; %d rounds of warm-up, median of %d%n",
                nodes, warmUp, rounds);
        for (SchedulerWorkload each : SchedulerWorkload.ALL) {
            if (only.isEmpty() || only.contains(each.name())) {
                measure(out, each.sized(init, pods));
            }
        }
        if (curves) {
            curves(out);
        }
        return 0;
    }

    private void measure(PrintWriter out, SchedulerWorkload workload) throws Exception {
        SchedulerRun run = new SchedulerRun(out, nodes, callers);
        if (ways.contains("decision")) {
            rounds(out, workload, "decision", () -> decide(workload, nodes, workload.init(), workload.measured()));
        }
        if (ways.contains("end-to-end")) {
            rounds(out, workload, "end to end", () -> run.inProcess(workload));
        }
        if (ways.contains("https") && workload.name().equals(SchedulerWorkload.BASIC.name())) {
            List<Figures> all = run.overHttps(workload, warmUp + rounds);
            row(out, workload, "https, cold", all.get(0));
            row(out, workload, "https", median(all.subList(warmUp, all.size())));
        }
    }

    private void rounds(PrintWriter out, SchedulerWorkload workload, String how, Callable<Figures> round)
            throws Exception {
        List<Figures> counting = new ArrayList<>();
        for (int i = 0; i < warmUp + rounds; i++) {
            Figures figures = round.call();
            if (i == 0 && warmUp > 0) {
                row(out, workload, how + ", cold", figures);
            }
            if (i >= warmUp) {
                counting.add(figures);
            }
        }
        row(out, workload, how, median(counting));
    }

    private static Figures median(List<Figures> rounds) {
        List<Figures> sorted = new ArrayList<>(rounds);
        sorted.sort(Comparator.comparingDouble(Figures::rate));
        return sorted.get(sorted.size() / 2);
    }

    /**
     * What was measured.
     *
     * @param pods how many pods were scheduled
     * @param seconds in which time
     * @param cpuSeconds of all processes: how fast it would go on cores of its own
     * @param p50 half of the attempts, or of the pods from their creation until they are seen bound, took at most this, in milliseconds
     * @param p99 the same of 99 in 100
     * @param megabytes heap in use at the end, after a collection
     */
    record Figures(int pods, double seconds, double cpuSeconds, double p50, double p99, long megabytes) {
        static Figures of(double seconds, double cpuSeconds, long[] micros) {
            long[] sorted = micros.clone();
            Arrays.sort(sorted);
            return new Figures(
                    sorted.length,
                    seconds,
                    cpuSeconds,
                    sorted[(sorted.length - 1) / 2] / 1e3,
                    sorted[(int) (0.99 * (sorted.length - 1))] / 1e3,
                    (long) (BenchObjects.heap() / 1e6));
        }

        double rate() {
            return pods / seconds;
        }
    }

    private static void row(PrintWriter out, SchedulerWorkload workload, String how, Figures figures) {
        out.printf(
                "  %-18s %-16s %8.0f pods/s   cpu %6.0f us/pod   p50 %8.3f ms   p99 %8.3f ms   heap %5d MB%s%n",
                workload.name(),
                how,
                figures.rate(),
                figures.cpuSeconds() * 1e6 / figures.pods(),
                figures.p50(),
                figures.p99(),
                figures.megabytes(),
                workload.reference() == 0 || how.startsWith("decision")
                        ? ""
                        : "   reference " + workload.reference() + " pods/s");
        out.flush();
    }

    /** Of all threads of this process, in nanoseconds. */
    static long cpu() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }

    // -- the decision alone ------------------------------------------------------------------------------------------

    private static Figures decide(SchedulerWorkload workload, int nodes, int init, int measured) {
        SchedulerSandbox sandbox = new SchedulerSandbox(workload.profile(), 1);
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
        return Figures.of(seconds, (cpu() - cpu) / 1e9, latencies);
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
}
