package dev.amphora.samples;

import dev.amphora.samples.SchedulerWorkload.Origin;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
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
    /** So many pods have been scheduled before it is measured how fast that goes. */
    private static final int WARM_AFTER = 200_000;

    private static final int LEAST_WARM_UP = 5;
    private static final int MOST_WARM_UP = 40;
    /** Of 10,000 pods each, before a curve. */
    private static final int CURVES_WARM_UP = 20;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--nodes", description = "How many nodes. Default: as the workload has it")
    private int nodes = -1;

    @Option(names = "--init", description = "How many pods are placed before. Default: as the workload has it")
    private int init = -1;

    @Option(names = "--pods", description = "How many pods are measured. Default: as the workload has it")
    private int pods = -1;

    @Option(
            names = "--only",
            split = ",",
            description =
                    "Some workloads, such as basic,affinity; or measured, those that the reference was measured with"
                            + " on a machine like ours; reference, those of its own benchmark; own, what neither has; none."
                            + " Default: all")
    private List<String> only = List.of();

    @Option(
            names = "--way",
            split = ",",
            description =
                    "decision, end-to-end, https (a client in a process of its own; basic only). Default: the first two")
    private List<String> ways = List.of("decision", "end-to-end");

    @Option(
            names = "--warm-up",
            description =
                    "Rounds before those that count. Default: as many as come to 200,000 pods, from 5 to 40; 20 of 10,000"
                            + " pods before curves")
    private int warmUp = -1;

    @Option(names = "--rounds", description = "Rounds that count; the median is shown. Default: ${DEFAULT-VALUE}")
    private int rounds = 3;

    @Option(names = "--callers", description = "How many threads create pods in process. Default: ${DEFAULT-VALUE}")
    private int callers = 2;

    @Option(names = "--curves", description = "Also show the cost by placed pods and by nodes.")
    private boolean curves;

    @Option(names = "--list", description = "Say what the workloads are.")
    private boolean list;

    @Option(names = "--outside", hidden = true, description = "Be the client of the servers whose addresses come in.")
    private boolean outside;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        if (outside) {
            new SchedulerOutside(out, callers).run(SchedulerWorkloads.BASIC.sized(-1, 0, pods));
            return 0;
        }
        List<SchedulerWorkload> chosen = SchedulerWorkloads.all().stream()
                .filter(this::isWanted)
                .map(each -> each.sized(nodes, init, pods))
                .toList();
        if (list) {
            chosen.forEach(each -> out.printf(
                    "  %-26s %-9s %,7d nodes %,7d placed %,7d waiting %,7d measured   %s%n",
                    each.name(),
                    group(each.origin()),
                    each.nodes(),
                    each.init(),
                    each.waiting(),
                    each.measured(),
                    each.known()));
            return 0;
        }
        out.printf(
                "nodes of 4 CPU, 32 Gi, 110 pods; %s rounds of warm-up, median of %d; p50 and p99: decision, of an attempt;"
                        + " otherwise from the creation until it is seen bound%n",
                warmUp < 0 ? "some" : warmUp, rounds);
        for (SchedulerWorkload each : chosen) {
            measure(out, each);
        }
        if (curves) {
            new SchedulerCurves(out, ways, callers, warmUp < 0 ? CURVES_WARM_UP : warmUp, Math.max(1, rounds)).show();
        }
        return 0;
    }

    private boolean isWanted(SchedulerWorkload workload) {
        return only.isEmpty() || only.contains(workload.name()) || only.contains(group(workload.origin()));
    }

    /**
     * How many rounds come before those that count. The compiler of the JVM goes on improving what is run often for well over 100,000 pods;
     * a round of most workloads has far fewer, and each begins with a cluster of its own, which takes time too.
     */
    private int warmUp(SchedulerWorkload workload) {
        int each = Math.max(1, workload.init() + workload.waiting() + workload.measured());
        return warmUp >= 0 ? warmUp : Math.min(MOST_WARM_UP, Math.max(LEAST_WARM_UP, WARM_AFTER / each));
    }

    private static String group(Origin origin) {
        return origin.name().toLowerCase(Locale.ROOT);
    }

    private interface Round {
        SchedulerFigures of(SchedulerWorkload workload) throws Exception;
    }

    private void measure(PrintWriter out, SchedulerWorkload workload) throws Exception {
        SchedulerRun run = new SchedulerRun(out, callers);
        if (ways.contains("decision") && workload.decides()) {
            rounds(out, workload, "decision", new SchedulerDecisions(out)::run);
        }
        if (ways.contains("end-to-end")) {
            rounds(out, workload, "end to end", run::inProcess);
        }
        if (ways.contains("https") && workload.name().equals(SchedulerWorkloads.BASIC.name())) {
            int before = warmUp(workload);
            List<SchedulerFigures> all = run.overHttps(workload, before + rounds);
            all.get(0).print(out, workload, "https, cold");
            SchedulerFigures.median(all.subList(before, all.size())).print(out, workload, "https");
        }
    }

    private void rounds(PrintWriter out, SchedulerWorkload workload, String how, Round round) throws Exception {
        if (workload.name().equals(SchedulerWorkloads.USER_PLUGIN.name())) {
            compare(out, workload, how, round);
            return;
        }
        int before = warmUp(workload);
        List<SchedulerFigures> counting = new ArrayList<>();
        for (int i = 0; i < before + rounds; i++) {
            SchedulerFigures figures = round.of(workload);
            if (i == 0 && before > 0 && workload.name().equals(SchedulerWorkloads.BASIC.name())) {
                figures.print(out, workload, how + ", cold");
            }
            if (i >= before) {
                counting.add(figures);
            }
        }
        SchedulerFigures.median(counting).print(out, workload, how);
    }

    /** Measures with a user's plugin and without in turn, so that both have the same machine. */
    private void compare(PrintWriter out, SchedulerWorkload with, String how, Round round) throws Exception {
        SchedulerWorkload without = SchedulerWorkloads.BASIC.sized(with.nodes(), with.init(), with.measured());
        List<SchedulerFigures> counting = new ArrayList<>();
        List<SchedulerFigures> plain = new ArrayList<>();
        int before = warmUp(with);
        for (int i = 0; i < before + rounds; i++) {
            SchedulerFigures beside = round.of(without);
            SchedulerFigures figures = round.of(with);
            if (i >= before) {
                plain.add(beside);
                counting.add(figures);
            }
        }
        SchedulerFigures.median(plain).print(out, without, how);
        SchedulerFigures median = SchedulerFigures.median(counting);
        median.print(out, with, how);
        out.printf(
                "    with the plugin %.0f %% of the speed without, in turn%n",
                100 * median.rate() / SchedulerFigures.median(plain).rate());
        out.flush();
    }
}
