package dev.amphora.samples;

import java.io.PrintWriter;
import java.util.List;

/** How the cost of a pod goes with the pods that are placed already, and with the nodes. */
final class SchedulerCurves {
    private static final int[] PLACED = {0, 20_000, 50_000, 100_000, 150_000};
    private static final int[] NODES = {500, 1_000, 5_000, 10_000, 20_000};
    private static final int AT_A_TIME = 5_000;

    private final PrintWriter out;
    private final List<String> ways;
    private final int callers;
    private final int warmUp;

    SchedulerCurves(PrintWriter out, List<String> ways, int callers, int warmUp) {
        this.out = out;
        this.ways = ways;
        this.callers = callers;
        this.warmUp = warmUp;
    }

    private interface Measure {
        SchedulerFigures of(SchedulerWorkload workload) throws InterruptedException;
    }

    void show() throws InterruptedException {
        if (ways.contains("decision")) {
            SchedulerDecisions decisions = new SchedulerDecisions(out);
            byPlaced("decision", SchedulerWorkloads.BASIC, decisions::run);
            byPlaced("decision", SchedulerWorkloads.SPREADING, decisions::run);
            byNodes("decision", decisions::run);
        }
        if (ways.contains("end-to-end")) {
            SchedulerRun run = new SchedulerRun(out, callers);
            byPlaced("end to end", SchedulerWorkloads.BASIC, run::inProcess);
            byNodes("end to end", run::inProcess);
        }
    }

    private void byPlaced(String how, SchedulerWorkload workload, Measure measure) throws InterruptedException {
        out.printf("%s of %s pods by pods placed before, 5,000 nodes:%n", how, workload.name());
        for (int i = 0; i < warmUp; i++) {
            // all rows are compared with the first, which must not be the one that everything is compiled in
            measure.of(workload.sized(5_000, 0, AT_A_TIME));
        }
        double first = 0;
        for (int placed : PLACED) {
            first = row("placed", placed, measure.of(workload.sized(5_000, placed, AT_A_TIME)), first);
        }
    }

    private void byNodes(String how, Measure measure) throws InterruptedException {
        out.printf("%s of basic pods by nodes, 1,000 placed before:%n", how);
        double first = 0;
        for (int nodes : NODES) {
            first = row("nodes", nodes, measure.of(SchedulerWorkloads.BASIC.sized(nodes, 1_000, AT_A_TIME)), first);
        }
    }

    /** Shows one point, beside the first; gives the first. */
    private double row(String what, int count, SchedulerFigures figures, double first) {
        double cost = figures.cpuMicros();
        out.printf(
                "  %,9d %-6s  %8.1f us/pod   cpu %8.1f us/pod%s%n",
                count, what, figures.micros(), cost, first == 0 ? "" : "   x%.2f".formatted(cost / first));
        out.flush();
        return first == 0 ? cost : first;
    }
}
