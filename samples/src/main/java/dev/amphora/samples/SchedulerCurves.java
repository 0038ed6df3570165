package dev.amphora.samples;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * How the cost of a pod goes with the pods that are placed already, and with the nodes.
 *
 * <p>Each point is measured several times, and the points in turn from one end and from the other: what gets faster or slower while it is measured,
 * the JVM's compiler above all, must not look like a slope.
 */
final class SchedulerCurves {
    private static final int[] PLACED = {0, 20_000, 50_000, 100_000, 150_000};
    private static final int[] NODES = {500, 1_000, 5_000, 10_000, 20_000};
    private static final int AT_A_TIME = 10_000;

    private final PrintWriter out;
    private final List<String> ways;
    private final int callers;
    private final int warmUp;
    private final int rounds;

    /**
     * Shows nothing yet.
     *
     * @param warmUp rounds of 10,000 pods before those that count
     * @param rounds how often each point is measured; the median is shown
     */
    SchedulerCurves(PrintWriter out, List<String> ways, int callers, int warmUp, int rounds) {
        this.out = out;
        this.ways = ways;
        this.callers = callers;
        this.warmUp = warmUp;
        this.rounds = rounds;
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
        out.flush();
        for (int i = 0; i < warmUp; i++) {
            measure.of(workload.sized(5_000, 0, AT_A_TIME));
        }
        curve("placed", PLACED, placed -> workload.sized(5_000, placed, AT_A_TIME), measure);
    }

    /** Comes after such pods were measured by the pods placed before, and needs no warm-up. */
    private void byNodes(String how, Measure measure) throws InterruptedException {
        out.printf("%s of basic pods by nodes, 1,000 placed before:%n", how);
        out.flush();
        curve("nodes", NODES, nodes -> SchedulerWorkloads.BASIC.sized(nodes, 1_000, AT_A_TIME), measure);
    }

    private void curve(String what, int[] counts, IntFunction<SchedulerWorkload> point, Measure measure)
            throws InterruptedException {
        List<List<SchedulerFigures>> points = Arrays.stream(counts)
                .<List<SchedulerFigures>>mapToObj(count -> new ArrayList<>())
                .toList();
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < counts.length; i++) {
                int next = round % 2 == 0 ? i : counts.length - 1 - i;
                points.get(next).add(measure.of(point.apply(counts[next])));
            }
        }
        double first = 0;
        for (int i = 0; i < counts.length; i++) {
            first = row(what, counts[i], points.get(i), first);
        }
    }

    /** Shows one point, beside the first; gives the first. */
    private double row(String what, int count, List<SchedulerFigures> figures, double first) {
        double[] costs = figures.stream()
                .mapToDouble(SchedulerFigures::cpuMicros)
                .sorted()
                .toArray();
        double cost = costs[costs.length / 2];
        out.printf(
                "  %,9d %-6s  %8.1f us/pod   cpu %8.1f us/pod (%.1f to %.1f)%s%n",
                count,
                what,
                SchedulerFigures.median(figures).micros(),
                cost,
                costs[0],
                costs[costs.length - 1],
                first == 0 ? "" : "   x%.2f".formatted(cost / first));
        out.flush();
        return first == 0 ? cost : first;
    }
}
