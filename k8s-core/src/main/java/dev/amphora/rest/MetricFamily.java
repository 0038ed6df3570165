package dev.amphora.rest;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** Measurements of one name, told apart by the values of their labels, as Prometheus takes them. Thread-safe. */
final class MetricFamily {
    private final String name;
    private final String type;
    private final String help;
    private final ImmutableList<String> labels;
    private final double[] bounds;
    private final Map<List<String>, Series> series = new ConcurrentHashMap<>();

    private MetricFamily(String name, String type, String help, double[] bounds, String... labels) {
        this.name = name;
        this.type = type;
        this.help = help;
        this.labels = ImmutableList.copyOf(labels);
        this.bounds = bounds;
    }

    /** What only grows. The help begins with the stability, such as {@code [STABLE]}. */
    static MetricFamily counter(String name, String help, String... labels) {
        return new MetricFamily(name, "counter", help, new double[0], labels);
    }

    /** What goes up and down. */
    static MetricFamily gauge(String name, String help, String... labels) {
        return new MetricFamily(name, "gauge", help, new double[0], labels);
    }

    /** How often values lie below each of some bounds, which ascend. */
    static MetricFamily histogram(String name, String help, double[] bounds, String... labels) {
        return new MetricFamily(name, "histogram", help, bounds, labels);
    }

    /** The measurements of one set of label values. */
    private static final class Series {
        private final DoubleAdder sum = new DoubleAdder();
        private final LongAdder[] counts;

        Series(int bounds) {
            counts = new LongAdder[bounds + 1];
            for (int i = 0; i <= bounds; i++) {
                counts[i] = new LongAdder();
            }
        }
    }

    private Series series(String... values) {
        List<String> key = List.of(values);
        Series known = series.get(key);
        return known != null ? known : series.computeIfAbsent(key, k -> new Series(bounds.length));
    }

    /** Adds to a counter or a gauge. */
    MetricFamily add(double amount, String... values) {
        series(values).sum.add(amount);
        return this;
    }

    /** Takes a value into a histogram. */
    void observe(double value, String... values) {
        Series each = series(values);
        each.sum.add(value);
        int place = 0;
        while (place < bounds.length && value > bounds[place]) {
            place++;
        }
        each.counts[place].increment();
    }

    /** Writes the family in the text format, unless nothing has been measured. */
    void write(StringBuilder out) {
        if (series.isEmpty()) {
            return;
        }
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        List<Map.Entry<List<String>, Series>> sorted = new ArrayList<>(series.entrySet());
        sorted.sort((one, other) -> String.join("\0", one.getKey()).compareTo(String.join("\0", other.getKey())));
        for (Map.Entry<List<String>, Series> each : sorted) {
            if (type.equals("histogram")) {
                histogram(out, each.getKey(), each.getValue());
            } else {
                sample(out, "", each.getKey(), "", each.getValue().sum.sum());
            }
        }
    }

    private void histogram(StringBuilder out, List<String> values, Series each) {
        long total = 0;
        for (int i = 0; i < each.counts.length; i++) {
            total += each.counts[i].sum();
            sample(out, "_bucket", values, i < bounds.length ? number(bounds[i]) : "+Inf", total);
        }
        sample(out, "_sum", values, "", each.sum.sum());
        sample(out, "_count", values, "", total);
    }

    private void sample(StringBuilder out, String suffix, List<String> values, String bound, double value) {
        out.append(name).append(suffix);
        String separator = "{";
        for (int i = 0; i < labels.size(); i++) {
            out.append(separator).append(labels.get(i)).append("=\"");
            out.append(values.get(i).replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
            out.append('"');
            separator = ",";
        }
        if (!bound.isEmpty()) {
            out.append(separator).append("le=\"").append(bound).append('"');
            separator = ",";
        }
        if (separator.equals(",")) {
            out.append('}');
        }
        out.append(' ').append(number(value)).append('\n');
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
