package dev.amphora.rest;

import dev.amphora.apiserver.flow.FlowControl;
import dev.amphora.kernel.MetricFamily;
import java.util.List;

/** What {@code /metrics} tells of flow control, by the reference's names. */
final class FlowMetrics {
    private static final String PREFIX = "apiserver_flowcontrol_";
    private static final String LEVEL = "priority_level";
    private static final String SCHEMA = "flow_schema";

    private FlowMetrics() {}

    static void write(FlowControl flow, StringBuilder out) {
        MetricFamily nominal = MetricFamily.gauge(
                PREFIX + "nominal_limit_seats", "[BETA] The seats that a priority level is meant to have.", LEVEL);
        MetricFamily lower = MetricFamily.gauge(
                PREFIX + "lower_limit_seats", "[ALPHA] The seats that a priority level never lends.", LEVEL);
        MetricFamily upper = MetricFamily.gauge(
                PREFIX + "upper_limit_seats", "[ALPHA] The seats that a priority level may take at most.", LEVEL);
        MetricFamily current = MetricFamily.gauge(
                PREFIX + "current_limit_seats", "[ALPHA] The seats that a priority level has.", LEVEL);
        MetricFamily demand = MetricFamily.gauge(
                PREFIX + "demand_seats_average", "[ALPHA] The seats that are wanted of a priority level.", LEVEL);
        for (FlowControl.Level level : flow.levels()) {
            nominal.add(level.nominal(), level.name());
            lower.add(level.least(), level.name());
            upper.add(level.most(), level.name());
            current.add(Math.max(level.nominal(), level.executing()), level.name());
            demand.add((double) level.executing() + level.seatsWaiting(), level.name());
        }
        MetricFamily dispatched = MetricFamily.counter(
                PREFIX + "dispatched_requests_total", "[BETA] Requests that were let in.", LEVEL, SCHEMA);
        flow.dispatched((level, schema, reason, count) -> dispatched.add(count, level, schema));
        MetricFamily rejected = MetricFamily.counter(
                PREFIX + "rejected_requests_total", "[BETA] Requests that were not let in.", LEVEL, SCHEMA, "reason");
        flow.refused((level, schema, reason, count) -> rejected.add(count, level, schema, reason));
        List.of(nominal, lower, upper, current, demand, dispatched, rejected).forEach(family -> family.write(out));
    }
}
