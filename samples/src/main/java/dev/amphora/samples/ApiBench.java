package dev.amphora.samples;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.RequestOptions;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Patch;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures the API server alone, in process and over HTTPS, beside what the reference does on two cores. */
@Command(
        name = "api",
        description =
                "Measure the API server: creates, gets, patches, applies, lists and watches, in process and over HTTPS.",
        mixinStandardHelpOptions = true)
final class ApiBench implements Callable<Integer> {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final ResourceType<ConfigMap> CONFIG_MAPS = ResourceType.of(ConfigMap.class);
    private static final String NAMESPACE = "default";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--seconds", description = "How long each rate is measured. Default: ${DEFAULT-VALUE}")
    private int seconds = 3;

    @Option(
            names = "--warm-up",
            description = "For how many seconds pods are created before. Default: ${DEFAULT-VALUE}")
    private int warmUp = 10;

    @Option(names = "--threads", description = "How many callers in process. Default: ${DEFAULT-VALUE}")
    private int threads = 2;

    @Option(
            names = "--lists",
            split = ",",
            description = "How many pods there are when they are listed. Default: ${DEFAULT-VALUE}")
    private List<Integer> lists = List.of(5_000, 10_000, 150_000);

    @Option(
            names = "--watchers",
            split = ",",
            description = "How many watchers share the events. Default: ${DEFAULT-VALUE}")
    private List<Integer> watchers = List.of(1, 100, 10_000);

    @Option(names = "--connections", description = "How many connections over HTTPS. Default: ${DEFAULT-VALUE}")
    private int connections = 16;

    @Option(names = "--only", description = "process or https. Default: both")
    private @Nullable String only;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        if (!"https".equals(only)) {
            out.println("In process, " + threads + " callers:");
            rates(out);
            lists(out);
            for (int count : watchers) {
                fanOut(out, count);
            }
        }
        if (!"process".equals(only)) {
            try (Cluster cluster = server().serve(0).start()) {
                new HttpsBench(out, cluster.endpoint().orElseThrow().url(), seconds, connections, warmUp).run();
            }
        }
        out.flush();
        return 0;
    }

    /** An API server alone, whose pods need no service account. */
    private static ClusterBuilder server() {
        return Cluster.builder()
                .store(new MemoryStore())
                .noScheduler()
                .noControllers()
                .api(ApiOptions.defaults()
                        .withTokens(HttpsBench.TOKEN + ",bench,1,system:masters\n")
                        .withAdmission(List.of(), List.of("ServiceAccount")));
    }

    private void rates(PrintWriter out) throws InterruptedException {
        try (Cluster cluster = server().start()) {
            Client client = cluster.api("bench");
            AtomicInteger made = new AtomicInteger();
            run(warmUp, i -> client.create(pod("warm-" + made.incrementAndGet())));
            row(out, "pod creates", run(seconds, i -> client.create(pod("p-" + made.incrementAndGet()))), "769/s");
            client.create(pod("one"));
            row(out, "pod gets", run(seconds, i -> client.get(PODS, NAMESPACE, "one")), "1,913/s");
            for (int i = 0; i < threads; i++) {
                client.create(pod("patched-" + i));
            }
            AtomicInteger change = new AtomicInteger();
            row(
                    out,
                    "strategic merge patches",
                    run(seconds, i -> client.patch(PODS, NAMESPACE, "patched-" + i, label(change), null)),
                    "617/s");
            row(out, "applies", run(seconds, i -> apply(cluster, i, change)), null);
        }
    }

    private static Patch label(AtomicInteger change) {
        ObjectNode body = Json.object();
        body.putObject("metadata").putObject("labels").put("change", "c" + change.incrementAndGet());
        return Patch.strategic(body);
    }

    private static void apply(Cluster cluster, int caller, AtomicInteger change) {
        String name = "applied-" + caller;
        ObjectNode body = Json.object().put("apiVersion", "v1").put("kind", "ConfigMap");
        body.putObject("metadata").put("name", name);
        body.putObject("data").put("key", "v" + change.incrementAndGet());
        cluster.apiServer()
                .handle(new ApiRequest(
                        User.of("bench", "system:masters"),
                        "bench",
                        Verb.PATCH,
                        CONFIG_MAPS.group(),
                        CONFIG_MAPS.version(),
                        CONFIG_MAPS.plural(),
                        NAMESPACE,
                        name,
                        "",
                        RequestOptions.parse(Map.of("fieldManager", List.of("bench"))),
                        Body.of(body, Patch.Type.APPLY.mediaType())));
    }

    private void lists(PrintWriter out) {
        try (Cluster cluster = server().start()) {
            Client client = cluster.api("bench");
            long before = heap();
            int there = 0;
            for (int count : lists) {
                for (; there < count; there++) {
                    client.create(pod("p-" + there));
                }
                double[] times = new double[7];
                for (int i = 0; i < times.length; i++) {
                    long begin = System.nanoTime();
                    client.list(PODS, NAMESPACE, ListOptions.all());
                    times[i] = (System.nanoTime() - begin) / 1e6;
                }
                Arrays.sort(times);
                out.printf("  %-34s %10.2f ms%n", "list of %,d pods, median".formatted(count), times[times.length / 2]);
            }
            out.printf("  %-34s %10.2f KB%n", "heap per stored pod", (heap() - before) / 1024.0 / there);
            out.flush();
        }
    }

    /** How many events per second all watchers get together, and how long one event takes to one watcher. */
    private void fanOut(PrintWriter out, int count) throws InterruptedException {
        try (Cluster cluster = server().start()) {
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
                client.create(configMap("c-" + i));
            }
            await(seen, (long) events * count);
            double took = (System.nanoTime() - begin) / 1e9;
            double[] latencies = new double[200];
            for (int i = 0; i < latencies.length; i++) {
                long before = seen.get();
                long sent = System.nanoTime();
                client.create(configMap("l-" + i));
                await(seen, before + count);
                latencies[i] = (arrived.get() - sent) / 1e3;
            }
            Arrays.sort(latencies);
            out.printf(
                    "  %-34s %,10.0f events/s   create to last watcher p50 %,.0f us%n",
                    "%,d watchers".formatted(count), (double) events * count / took, latencies[latencies.length / 2]);
            out.flush();
            watches.forEach(Watch::close);
        }
    }

    private static void await(AtomicLong seen, long wanted) throws InterruptedException {
        while (seen.get() < wanted) {
            Thread.onSpinWait();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    /** Calls from several threads for some seconds; gives calls per second. */
    private double run(int forSeconds, IntConsumer call) throws InterruptedException {
        AtomicLong calls = new AtomicLong();
        long begin = System.nanoTime();
        long end = begin + forSeconds * 1_000_000_000L;
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

    private static void row(PrintWriter out, String what, double rate, @Nullable String reference) {
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

    private static ConfigMap configMap(String name) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(name)
                .endMetadata()
                .addToData("key", "value")
                .build();
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(name)
                .addToLabels("app", "bench")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("amphora.dev/web:1")
                .withNewResources()
                .addToRequests("cpu", new Quantity("100m"))
                .addToRequests("memory", new Quantity("500Mi"))
                .endResources()
                .endContainer()
                .endSpec()
                .build();
    }

    /** Counts what all watchers get. */
    private record Counter<T extends HasMetadata>(AtomicLong seen, AtomicLong arrived) implements Watcher<T> {
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
