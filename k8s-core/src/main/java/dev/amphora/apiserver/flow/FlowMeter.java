package dev.amphora.apiserver.flow;

import com.google.common.base.Suppliers;
import dev.amphora.kernel.Meters;
import dev.amphora.kernel.MetricFamily;
import dev.amphora.kernel.MetricFamily.Series;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** What is measured of the requests of one flow schema, by the reference's names; what never happened is not shown. */
final class FlowMeter {
    private static final String PREFIX = "apiserver_flowcontrol_";
    private static final double[] SECONDS = {0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30};

    private final LongAdder dispatched = new LongAdder();
    private final Supplier<Series> waited;
    private final Supplier<Series> gaveUp;
    private final Supplier<Series> took;
    private final Supplier<Series> executing;
    private final Supplier<Series> seats;
    private final Supplier<Series> queued;

    FlowMeter(Meters meters, String level, String schema) {
        MetricFamily waits = meters.histogram(
                PREFIX + "request_wait_duration_seconds",
                "[BETA] How long requests waited to be let in, in seconds.",
                SECONDS,
                "execute",
                "flow_schema",
                "priority_level");
        waited = Suppliers.memoize(() -> waits.series("true", schema, level));
        gaveUp = Suppliers.memoize(() -> waits.series("false", schema, level));
        MetricFamily durations = meters.histogram(
                PREFIX + "request_execution_seconds",
                "[ALPHA] How long requests had their seats, in seconds.",
                SECONDS,
                "flow_schema",
                "priority_level",
                "type");
        took = Suppliers.memoize(() -> durations.series(schema, level, "regular"));
        executing = gauge(meters, "current_executing_requests", "[BETA] Requests that have seats.", level, schema);
        seats = gauge(meters, "current_executing_seats", "[BETA] Seats that are taken.", level, schema);
        queued = gauge(meters, "current_inqueue_requests", "[BETA] Requests that wait for seats.", level, schema);
    }

    private static Supplier<Series> gauge(Meters meters, String name, String help, String level, String schema) {
        MetricFamily family = meters.gauge(PREFIX + name, help, "flow_schema", "priority_level");
        return Suppliers.memoize(() -> family.series(schema, level));
    }

    /** How many requests were let in. */
    long dispatched() {
        return dispatched.sum();
    }

    /** A request has to wait. */
    void queues() {
        queued.get().add(1);
    }

    /** A request that had to wait does so no longer. */
    void waited(long nanos, boolean letIn) {
        queued.get().add(-1);
        (letIn ? waited : gaveUp).get().observe(nanos / 1e9);
    }

    /** A request need not wait. */
    void goesAtOnce() {
        waited.get().observe(0);
    }

    void began(int wanted) {
        dispatched.increment();
        executing.get().add(1);
        seats.get().add(wanted);
    }

    void ended(int held, long nanos) {
        executing.get().add(-1);
        seats.get().add(-held);
        took.get().observe(nanos / 1e9);
    }
}
