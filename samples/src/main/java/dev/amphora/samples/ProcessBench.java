package dev.amphora.samples;

import static dev.amphora.samples.BenchObjects.CONFIG_MAPS;
import static dev.amphora.samples.BenchObjects.NAMESPACE;
import static dev.amphora.samples.BenchObjects.PODS;

import dev.amphora.Cluster;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.RequestOptions;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.VersionedObject;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** The measurements through the client in process. */
final class ProcessBench {
    private static final int LATENCIES = 1_000;

    private final PrintWriter out;
    private final int seconds;
    private final int warmUp;
    private final int threads;

    ProcessBench(PrintWriter out, int seconds, int warmUp, int threads) {
        this.out = out;
        this.seconds = seconds;
        this.warmUp = warmUp;
        this.threads = threads;
    }

    void run(List<Integer> lists, List<Integer> watchers) throws InterruptedException {
        out.println("In process, " + threads + " callers:");
        rates();
        lists(lists);
        for (int count : watchers) {
            fanOut(count);
        }
    }

    private void rates() throws InterruptedException {
        try (Cluster cluster = ApiBench.server().start()) {
            Client client = cluster.api("bench");
            AtomicInteger made = new AtomicInteger();
            calls(warmUp, i -> client.create(BenchObjects.pod("warm-" + made.incrementAndGet())));
            row(
                    "pod creates",
                    calls(seconds, i -> client.create(BenchObjects.pod("p-" + made.incrementAndGet()))),
                    "769/s");
            client.create(BenchObjects.pod("one"));
            row("pod gets", calls(seconds, i -> client.get(PODS, NAMESPACE, "one")), "1,913/s");
            for (int i = 0; i < threads; i++) {
                client.create(BenchObjects.pod("patched-" + i));
            }
            AtomicInteger change = new AtomicInteger();
            IntConsumer patch = i ->
                    client.patch(PODS, NAMESPACE, "patched-" + i, BenchObjects.label(change.incrementAndGet()), null);
            calls(warmUp / 3, patch);
            row("strategic merge patches of pods", calls(seconds, patch), "617/s");
            IntConsumer apply = i -> BenchObjects.apply(cluster, "applied-" + i, change.incrementAndGet());
            calls(warmUp / 5, apply);
            row("applies of ConfigMaps", calls(seconds, apply), null);
        }
    }

    private void lists(List<Integer> lists) throws InterruptedException {
        try (Cluster cluster = ApiBench.server().start()) {
            Client client = cluster.api("bench");
            long before = heap();
            AtomicInteger there = new AtomicInteger();
            for (int count : lists) {
                fill(client, there, count);
                double[] times = new double[7];
                for (int i = 0; i < times.length; i++) {
                    long begin = System.nanoTime();
                    client.list(PODS, NAMESPACE, ListOptions.all());
                    times[i] = (System.nanoTime() - begin) / 1e6;
                }
                out.printf(
                        "  %-34s %10.2f ms%n", "list of %,d pods, median".formatted(count), BenchObjects.median(times));
                out.flush();
            }
            double each = (heap() - before) / 1024.0 / there.get();
            double bytes = bytes(cluster, "p-1") / 1024.0;
            out.printf("  %-34s %10.2f KB   of which its JSON is %.2f KB%n", "heap per stored pod", each, bytes);
            out.flush();
        }
    }

    /** Creates pods until there are so many. */
    private void fill(Client client, AtomicInteger there, int count) throws InterruptedException {
        List<Thread> callers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            Thread caller = new Thread(() -> {
                for (int i = there.incrementAndGet(); i <= count; i = there.incrementAndGet()) {
                    client.create(BenchObjects.pod("p-" + i));
                }
            });
            callers.add(caller);
            caller.start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        there.set(count);
    }

    private static int bytes(Cluster cluster, String pod) {
        VersionedObject object = cluster.apiServer()
                .handle(new ApiRequest(
                        User.of("bench", User.MASTERS),
                        "bench",
                        Verb.GET,
                        PODS.group(),
                        PODS.version(),
                        PODS.plural(),
                        NAMESPACE,
                        pod,
                        "",
                        RequestOptions.none(),
                        null))
                .object();
        return Objects.requireNonNull(object).bytes().length;
    }

    /** How many events per second all watchers get together, and how long one event takes from the call that makes it. */
    private void fanOut(int count) throws InterruptedException {
        try (Cluster cluster = ApiBench.server().start()) {
            Client client = cluster.api("bench");
            AtomicLong seen = new AtomicLong();
            AtomicLong arrived = new AtomicLong();
            List<Watch> watches = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                watches.add(client.watch(CONFIG_MAPS, NAMESPACE, ListOptions.all(), new Counter<>(seen, arrived)));
            }
            int events = Math.max(20, 200_000 / count);
            long begin = System.nanoTime();
            for (int i = 0; i < events; i++) {
                client.create(BenchObjects.configMap(NAMESPACE, "c-" + i));
            }
            await(seen, (long) events * count);
            double took = (System.nanoTime() - begin) / 1e9;
            double[] latencies = new double[count > 1_000 ? LATENCIES / 10 : LATENCIES];
            for (int i = 0; i < latencies.length; i++) {
                long before = seen.get();
                long sent = System.nanoTime();
                client.create(BenchObjects.configMap(NAMESPACE, "l-" + i));
                await(seen, before + count);
                latencies[i] = (arrived.get() - sent) / 1e3;
            }
            out.printf(
                    "  %-34s %,10.0f events/s   create to %s watcher p50 %,.0f us p99 %,.0f us%n",
                    "%,d watchers".formatted(count),
                    (double) events * count / took,
                    count == 1 ? "the" : "the last",
                    BenchObjects.median(latencies),
                    BenchObjects.quantile(latencies, 0.99));
            out.flush();
            watches.forEach(Watch::close);
        }
    }

    static void await(AtomicLong seen, long wanted) throws InterruptedException {
        while (seen.get() < wanted) {
            Thread.onSpinWait();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    /** Calls from several threads for some seconds; gives calls per second. */
    private double calls(double forSeconds, IntConsumer call) throws InterruptedException {
        AtomicLong calls = new AtomicLong();
        long begin = System.nanoTime();
        long end = begin + (long) (forSeconds * 1e9);
        List<Thread> callers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int number = t;
            Thread caller = new Thread(() -> {
                while (System.nanoTime() < end) {
                    call.accept(number);
                    calls.incrementAndGet();
                }
            });
            callers.add(caller);
            caller.start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        return calls.get() * 1e9 / (System.nanoTime() - begin);
    }

    private void row(String what, double rate, @Nullable String reference) {
        out.printf(
                "  %-34s %,10.0f /s%s%n",
                what, rate, reference == null ? "" : "   reference " + reference + " over HTTPS");
        out.flush();
    }

    private static long heap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /** Counts what all watchers get. */
    record Counter<T extends HasMetadata>(AtomicLong seen, AtomicLong arrived) implements Watcher<T> {
        @Override
        public void onEvent(EventType type, T object) {
            arrived.set(System.nanoTime());
            seen.incrementAndGet();
        }

        @Override
        public void onBookmark(String resourceVersion) {}

        @Override
        public void onClose(@Nullable StatusException error) {}
    }
}
