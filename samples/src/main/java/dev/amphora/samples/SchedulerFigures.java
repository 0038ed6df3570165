package dev.amphora.samples;

import com.sun.management.OperatingSystemMXBean;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What was measured of a workload.
 *
 * @param pods how many pods were scheduled
 * @param seconds in which time
 * @param cpuSeconds of all processes: how fast it would go on cores of its own
 * @param p50 half of the attempts, or of the pods from their creation until they are seen bound, took at most this, in milliseconds
 * @param p99 the same of 99 in 100
 * @param megabytes heap in use at the end, after a collection
 * @param note what else there is to say
 */
record SchedulerFigures(
        int pods, double seconds, double cpuSeconds, double p50, double p99, long megabytes, String note) {
    private static final int TENTHS = 10;

    static SchedulerFigures of(double seconds, double cpuSeconds, long[] nanos) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return new SchedulerFigures(
                sorted.length,
                seconds,
                cpuSeconds,
                sorted[(sorted.length - 1) / 2] / 1e6,
                sorted[(int) (0.99 * (sorted.length - 1))] / 1e6,
                heap(),
                "");
    }

    /** In use after a collection, in megabytes. */
    static long heap() {
        return (long) (BenchObjects.heap() / 1e6);
    }

    /** Of all threads of this process until now, in nanoseconds. */
    static long cpu() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }

    double rate() {
        return pods / seconds;
    }

    double micros() {
        return seconds * 1e6 / pods;
    }

    double cpuMicros() {
        return cpuSeconds * 1e6 / pods;
    }

    static SchedulerFigures median(List<SchedulerFigures> rounds) {
        List<SchedulerFigures> sorted = new ArrayList<>(rounds);
        sorted.sort(Comparator.comparingDouble(SchedulerFigures::rate));
        return sorted.get(sorted.size() / 2);
    }

    void print(PrintWriter out, SchedulerWorkload workload, String how) {
        boolean compared = !how.startsWith("decision") && !workload.known().isEmpty();
        out.printf(
                "  %-26s %-16s %8.0f pods/s   cpu %6.0f us/pod   p50 %8.3f ms   p99 %8.3f ms   heap %5d MB%s%s%n",
                workload.name(),
                how,
                rate(),
                cpuMicros(),
                p50,
                p99,
                megabytes,
                note.isEmpty() ? "" : "   " + note,
                compared ? "   reference " + workload.known() + factor(workload) : "");
        out.flush();
    }

    private String factor(SchedulerWorkload workload) {
        return workload.rate() == 0 ? "" : " (x%.0f)".formatted(rate() / workload.rate());
    }

    /** Shows how a cost goes from tenth to tenth, and what the last is to the first. */
    static void tenths(PrintWriter out, String what, double[] values) {
        StringBuilder line =
                new StringBuilder("    in each tenth, ").append(what).append(':');
        for (double value : values) {
            line.append(" %,.0f".formatted(value));
        }
        out.println(line);
        out.flush();
    }

    /** Microseconds per pod in each tenth, of the moments at which pods were done, in order, from a beginning on. */
    static double[] costs(long begin, long[] at) {
        double[] costs = new double[TENTHS];
        long last = begin;
        for (int tenth = 1; tenth <= TENTHS; tenth++) {
            int first = (int) ((long) at.length * (tenth - 1) / TENTHS);
            int end = (int) ((long) at.length * tenth / TENTHS);
            long until = at[end - 1];
            costs[tenth - 1] = (until - last) / 1e3 / (end - first);
            last = until;
        }
        return costs;
    }
}
