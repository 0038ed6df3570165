package dev.amphora.kernel;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/**
 * What the components on a kernel measure of themselves, for whoever looks after them: families of measurements by their names.
 * Thread-safe.
 */
public final class Meters {
    private final Map<String, MetricFamily> families = new ConcurrentSkipListMap<>();

    private final Set<Runnable> readings = ConcurrentHashMap.newKeySet();

    /** A registry of its own, of which nobody sees anything unless they ask it. */
    public Meters() {}

    /**
     * Takes a reading before families are shown, for what changes by itself, such as how long something has been going on.
     *
     * @param reading sets series; short, called from any thread
     * @return ends it
     */
    public AutoCloseable reading(Runnable reading) {
        readings.add(reading);
        return () -> readings.remove(reading);
    }

    /** A family of what only grows; the one of that name, if there is one. See {@link MetricFamily#counter}. */
    public MetricFamily counter(String name, String help, String... labels) {
        return families.computeIfAbsent(name, key -> MetricFamily.counter(key, help, labels));
    }

    /** A family of what goes up and down; the one of that name, if there is one. See {@link MetricFamily#gauge}. */
    public MetricFamily gauge(String name, String help, String... labels) {
        return families.computeIfAbsent(name, key -> MetricFamily.gauge(key, help, labels));
    }

    /** A family of distributions; the one of that name, if there is one. See {@link MetricFamily#histogram}. */
    public MetricFamily histogram(String name, String help, double[] bounds, String... labels) {
        return families.computeIfAbsent(name, key -> MetricFamily.histogram(key, help, bounds, labels));
    }

    /** Shows every family, in the order of their names. */
    public void each(Consumer<MetricFamily> visitor) {
        readings.forEach(Runnable::run);
        families.values().forEach(visitor);
    }
}
