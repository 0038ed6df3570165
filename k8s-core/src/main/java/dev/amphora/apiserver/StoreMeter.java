package dev.amphora.apiserver;

import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.MetricFamily;
import dev.amphora.kernel.MetricFamily.Series;
import dev.amphora.store.Store;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** How long writes to the store take, by the reference's names, whatever the store. Thread-safe. */
final class StoreMeter {
    private static final double[] SECONDS = {
        0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60
    };

    private final Kernel kernel;
    private final MetricFamily durations;
    private final MetricFamily totals;
    private final Map<String, Resource> resources = new ConcurrentHashMap<>();

    /** What can be done to a key. */
    enum Operation {
        create,
        update,
        delete
    }

    private record Measured(Series duration, Series total) {}

    private record Resource(Measured create, Measured update, Measured delete) {
        Measured of(Operation operation) {
            return switch (operation) {
                case create -> create;
                case update -> update;
                case delete -> delete;
            };
        }
    }

    StoreMeter(Kernel kernel) {
        this.kernel = kernel;
        durations = kernel.meters()
                .histogram(
                        "etcd_request_duration_seconds",
                        "[ALPHA] How long the store took, in seconds.",
                        SECONDS,
                        "group",
                        "operation",
                        "resource");
        totals = kernel.meters()
                .counter("etcd_requests_total", "[ALPHA] What the store was asked.", "group", "operation", "resource");
    }

    /** Writes, and takes the time. */
    Store.Swap measure(Endpoint endpoint, Operation operation, Supplier<Store.Swap> write) {
        long began = kernel.nanoTime();
        Store.Swap swap = write.get();
        Measured measured = resources
                .computeIfAbsent(endpoint.cache().prefix(), prefix -> resource(endpoint.stored()))
                .of(operation);
        measured.total.add(1);
        measured.duration.observe((kernel.nanoTime() - began) / 1e9);
        return swap;
    }

    private Resource resource(ResourceInfo info) {
        return new Resource(
                measured(info, Operation.create), measured(info, Operation.update), measured(info, Operation.delete));
    }

    private Measured measured(ResourceInfo info, Operation operation) {
        return new Measured(
                durations.series(info.group(), operation.name(), info.plural()),
                totals.series(info.group(), operation.name(), info.plural()));
    }
}
