package dev.amphora.samples;

import com.sun.management.OperatingSystemMXBean;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;

/** Tells how long phases of a simulation take: on the wall, of the processor, and of simulated time. */
final class Stopwatch {
    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private final PrintWriter out;
    private long wall;
    private long cpu;
    private int tenths;
    private int lastDone;
    private long lastCpu;
    private Instant simulated = Instant.EPOCH;

    Stopwatch(PrintWriter out) {
        this.out = out;
    }

    void begin(Instant now) {
        wall = System.nanoTime();
        cpu = system.getProcessCpuTime();
        simulated = now;
        tenths = 0;
        lastDone = 0;
        lastCpu = cpu;
    }

    /** Says when another tenth of so many is done, and what each of them has cost. */
    void progress(int done, int all) {
        int tenth = (int) (10L * done / all);
        if (tenth > tenths && tenth < 10) {
            long now = system.getProcessCpuTime();
            double each = (now - lastCpu) / 1e3 / (done - lastDone);
            out.printf(
                    "    %,9d after %6.0f s, cpu %6.0f s: cpu %,7.0f us each since%n",
                    done, (System.nanoTime() - wall) / 1e9, (now - cpu) / 1e9, each);
            out.flush();
            tenths = tenth;
            lastDone = done;
            lastCpu = now;
        }
    }

    void end(String what, Instant now, int count, String of) {
        double seconds = (System.nanoTime() - wall) / 1e9;
        double computed = (system.getProcessCpuTime() - cpu) / 1e9;
        out.printf(
                "  %-44s %7.1f s   cpu %7.1f s   simulated %6d s   %,8.0f %s/s   cpu %,7.0f us each%n",
                what,
                seconds,
                computed,
                Duration.between(simulated, now).toSeconds(),
                count / seconds,
                of,
                count == 0 ? 0 : computed * 1e6 / count);
        out.flush();
    }
}
