package dev.amphora.kernel;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** Measurements of one name, told apart by the values of their labels, as Prometheus takes them. Thread-safe. */
public final class MetricFamily {
    private final String name;
    private final String type;
    private final String help;
    private final ImmutableList<String> labels;
    private final double[] bounds;
    /** The bounds as they are written, the one that is infinite too. */
    private final String[] texts;

    private final Map<List<String>, Series> series = new ConcurrentHashMap<>();

    private MetricFamily(String name, String type, String help, double[] bounds, String... labels) {
        this.name = name;
        this.type = type;
        this.help = help;
        this.labels = ImmutableList.copyOf(labels);
        this.bounds = bounds.clone();
        this.texts = new String[bounds.length + 1];
        for (int i = 0; i < bounds.length; i++) {
            texts[i] = number(bounds[i]);
        }
        texts[bounds.length] = "+Inf";
    }

    /** What only grows. The help begins with the stability, such as {@code [STABLE]}. */
    public static MetricFamily counter(String name, String help, String... labels) {
        return new MetricFamily(name, "counter", help, new double[0], labels);
    }

    /** What goes up and down. */
    public static MetricFamily gauge(String name, String help, String... labels) {
        return new MetricFamily(name, "gauge", help, new double[0], labels);
    }

    /** How often values lie below each of some bounds, which ascend. */
    public static MetricFamily histogram(String name, String help, double[] bounds, String... labels) {
        return new MetricFamily(name, "histogram", help, bounds, labels);
    }

    /** The measurements of one set of label values; whoever measures often keeps it. Thread-safe. */
    public static final class Series {
        private final double[] bounds;
        private final DoubleAdder sum = new DoubleAdder();
        private final LongAdder[] counts;

        private Series(double[] bounds) {
            this.bounds = bounds;
            counts = new LongAdder[bounds.length + 1];
            for (int i = 0; i <= bounds.length; i++) {
                counts[i] = new LongAdder();
            }
        }

        /** Adds to a counter or a gauge. */
        public void add(double amount) {
            sum.add(amount);
        }

        /** Sets a gauge that nobody adds to. */
        public synchronized void set(double value) {
            sum.reset();
            sum.add(value);
        }

        /** Takes a value into a histogram. */
        public void observe(double value) {
            sum.add(value);
            int place = 0;
            while (place < bounds.length && value > bounds[place]) {
                place++;
            }
            counts[place].increment();
        }
    }

    /**
     * What measures under a set of label values.
     *
     * @param values one for each label, in order
     */
    public Series series(String... values) {
        if (values.length != labels.size()) {
            throw new IllegalArgumentException(name + " has the labels " + labels);
        }
        List<String> key = List.of(values);
        Series known = series.get(key);
        return known != null ? known : series.computeIfAbsent(key, k -> new Series(bounds));
    }

    /** Adds to a counter or a gauge. */
    public MetricFamily add(double amount, String... values) {
        series(values).add(amount);
        return this;
    }

    /** Takes a value into a histogram. */
    public void observe(double value, String... values) {
        series(values).observe(value);
    }

    /** Writes the family in the text format, unless nothing has been measured. */
    public void write(StringBuilder out) {
        if (series.isEmpty()) {
            return;
        }
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        Map<String, Series> sorted = new TreeMap<>();
        series.forEach((values, each) -> sorted.put(labels(values), each));
        sorted.forEach((told, each) -> {
            if (type.equals("histogram")) {
                histogram(out, told, each);
            } else {
                sample(out, "", told, "", each.sum.sum());
            }
        });
    }

    private void histogram(StringBuilder out, String told, Series each) {
        long total = 0;
        for (int i = 0; i < each.counts.length; i++) {
            total += each.counts[i].sum();
            sample(out, "_bucket", told, texts[i], total);
        }
        sample(out, "_sum", told, "", each.sum.sum());
        sample(out, "_count", told, "", total);
    }

    /** Labels with their values, as they stand between braces. */
    private String labels(List<String> values) {
        StringBuilder told = new StringBuilder();
        for (int i = 0; i < labels.size(); i++) {
            String value = values.get(i);
            told.append(i == 0 ? "" : ",").append(labels.get(i)).append("=\"");
            if (value.indexOf('\\') >= 0 || value.indexOf('"') >= 0 || value.indexOf('\n') >= 0) {
                value = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
            }
            told.append(value).append('"');
        }
        return told.toString();
    }

    private void sample(StringBuilder out, String suffix, String told, String bound, double value) {
        out.append(name).append(suffix);
        if (!told.isEmpty() || !bound.isEmpty()) {
            out.append('{').append(told);
            if (!bound.isEmpty()) {
                out.append(told.isEmpty() ? "" : ",")
                        .append("le=\"")
                        .append(bound)
                        .append('"');
            }
            out.append('}');
        }
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            out.append(' ').append((long) value).append('\n');
        } else {
            out.append(' ').append(value).append('\n');
        }
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
