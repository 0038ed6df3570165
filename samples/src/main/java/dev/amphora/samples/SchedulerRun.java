package dev.amphora.samples;

import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.samples.SchedulerWorkload.Disturbance;
import dev.amphora.scheduler.DefaultScheduler;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** One cluster in which pods are created, scheduled and bound while it is measured how fast that goes. */
final class SchedulerRun {
    private static final long PATIENCE_SECONDS = 60;
    /** From so many pods on it is shown how fast each tenth of them was. */
    static final int MANY = 100_000;

    private final PrintWriter out;
    private final int callers;

    SchedulerRun(PrintWriter out, int callers) {
        this.out = out;
        this.callers = callers;
    }

    /** A cluster whose pods need nothing but a node, as the reference was measured. */
    private static ClusterBuilder cluster(SchedulerWorkload workload) {
        MemoryStore store = new MemoryStore();
        if (!workload.definitions().isEmpty()) {
            try (Cluster before =
                    Cluster.builder().store(store).noScheduler().noControllers().start()) {
                workload.definitions().forEach(before.api("bench")::create);
            }
        }
        return Cluster.builder()
                .store(store)
                .api(ApiOptions.defaults()
                        .withTokens(HttpsBench.TOKEN + ",bench,1,system:masters\n")
                        .withAdmission(List.of(), List.of("ServiceAccount", "TaintNodesByCondition", "Priority")))
                .scheduler(
                        DefaultScheduler.builder().profile(workload.profile()).build())
                .controllers(workload.controllers());
    }

    private static Client filled(Cluster cluster, SchedulerWorkload workload) {
        Client client = cluster.api("bench");
        for (int i = 0; i < workload.nodes(); i++) {
            client.create(workload.node(i));
        }
        workload.prepare(client::create);
        return client;
    }

    /** Measures with a client in this process. */
    SchedulerFigures inProcess(SchedulerWorkload workload) throws InterruptedException {
        try (Cluster cluster = cluster(workload).start()) {
            Client client = filled(cluster, workload);
            int init = workload.init();
            int total = init + workload.measured();
            Bound bound = new Bound(init, total);
            try (Watch watch = client.watch(ResourceType.of(Pod.class), null, ListOptions.all(), bound)) {
                create(client, workload, bound, 0, init);
                await(bound.before, workload);
                inTurn(workload.waiting(), i -> client.create(workload.waitingPod(i)));
                List<Pod> ready = new ArrayList<>();
                for (int i = init; i < total && workload.measured() < MANY; i++) {
                    ready.add(workload.pod(i));
                }
                Disturbing disturbing = new Disturbing(client, workload);
                bound.cpu[0] = SchedulerFigures.cpu();
                long begin = System.nanoTime();
                if (ready.isEmpty()) {
                    create(client, workload, bound, init, total);
                } else {
                    create(client, ready, bound, init);
                }
                await(bound.all, workload);
                double seconds = (System.nanoTime() - begin) / 1e9;
                double cpuSeconds = (SchedulerFigures.cpu() - bound.cpu[0]) / 1e9;
                String note = disturbing.end();
                if (workload.measured() >= MANY) {
                    tenths(workload, bound, begin);
                }
                SchedulerFigures figures =
                        SchedulerFigures.of(seconds, cpuSeconds, Arrays.copyOfRange(bound.latencies, init, total));
                return new SchedulerFigures(
                        figures.pods(), seconds, cpuSeconds, figures.p50(), figures.p99(), figures.megabytes(), note);
            }
        }
    }

    private void create(Client client, SchedulerWorkload workload, Bound bound, int from, int to)
            throws InterruptedException {
        inTurn(to - from, i -> {
            Pod pod = workload.pod(from + i);
            bound.created[from + i] = System.nanoTime();
            client.create(pod);
        });
    }

    private void create(Client client, List<Pod> pods, Bound bound, int from) throws InterruptedException {
        inTurn(pods.size(), i -> {
            bound.created[from + i] = System.nanoTime();
            client.create(pods.get(i));
        });
    }

    /** Does something for each number, by several threads that take the next one each. */
    private void inTurn(int count, IntConsumer task) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < callers; t++) {
            Thread thread = new Thread(() -> {
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    task.accept(i);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void tenths(SchedulerWorkload workload, Bound bound, long begin) {
        long[] at = new long[workload.measured()];
        for (int i = 0; i < at.length; i++) {
            int number = workload.init() + i;
            at[i] = bound.created[number] + bound.latencies[number];
        }
        Arrays.sort(at);
        SchedulerFigures.tenths(out, "us/pod", SchedulerFigures.costs(begin, at));
        double[] cpu = new double[bound.cpu.length - 1];
        for (int i = 0; i < cpu.length; i++) {
            cpu[i] = (bound.cpu[i + 1] - bound.cpu[i]) / 1e3 / (at.length / (double) cpu.length);
        }
        SchedulerFigures.tenths(out, "cpu us/pod", cpu);
    }

    /** Waits until all are there, as long as some come. */
    private static void await(CountDownLatch latch, SchedulerWorkload workload) throws InterruptedException {
        for (long left = latch.getCount(); !latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS); left = latch.getCount()) {
            if (latch.getCount() == left) {
                throw new IllegalStateException("the pods of " + workload.name() + " were not all scheduled: " + left
                        + " are left, and none has come for " + PATIENCE_SECONDS + " s");
            }
        }
    }

    /** Measures with a client in a process of its own, over HTTPS, which stays the same while each round has a cluster of its own. */
    List<SchedulerFigures> overHttps(SchedulerWorkload workload, int rounds) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Amphora.class.getName(),
                        "bench",
                        "scheduler",
                        "--outside",
                        "--pods=" + workload.measured(),
                        "--callers=8")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<SchedulerFigures> figures = new ArrayList<>();
        try (BufferedReader from =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
                PrintWriter to = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8)) {
            for (int i = 0; i < rounds; i++) {
                figures.add(overHttps(workload, from, to));
            }
        } finally {
            process.destroy();
        }
        return figures;
    }

    private SchedulerFigures overHttps(SchedulerWorkload workload, BufferedReader from, PrintWriter to)
            throws IOException {
        try (Cluster cluster = cluster(workload).serve(0).start()) {
            filled(cluster, workload);
            to.println(cluster.endpoint().orElseThrow().url());
            line(from);
            long cpu = SchedulerFigures.cpu();
            String[] end = line(from);
            double ownCpu = (SchedulerFigures.cpu() - cpu) / 1e9;
            double clientCpu = Double.parseDouble(end[2]);
            int pods = workload.measured();
            return new SchedulerFigures(
                    pods,
                    Double.parseDouble(end[1]),
                    ownCpu + clientCpu,
                    Double.parseDouble(end[3]),
                    Double.parseDouble(end[4]),
                    SchedulerFigures.heap(),
                    "of the cpu %.0f us/pod in the server, %.0f in the client"
                            .formatted(ownCpu * 1e6 / pods, clientCpu * 1e6 / pods));
        }
    }

    private static String[] line(BufferedReader from) throws IOException {
        String line = from.readLine();
        if (line == null) {
            throw new IOException("the client has ended");
        }
        return line.split(" ");
    }

    /** What goes on while pods are measured. */
    private static final class Disturbing {
        private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        private final AtomicInteger acts = new AtomicInteger();
        private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        private final boolean any;

        Disturbing(Client client, SchedulerWorkload workload) {
            any = !workload.disturbances().isEmpty();
            for (Disturbance each : workload.disturbances()) {
                AtomicInteger number = new AtomicInteger();
                long nanos = each.every().toNanos();
                timer.scheduleAtFixedRate(
                        () -> act(() -> each.step().act(workload, client, number.getAndIncrement())),
                        0,
                        nanos,
                        TimeUnit.NANOSECONDS);
            }
        }

        private void act(Runnable what) {
            try {
                what.run();
                acts.incrementAndGet();
            } catch (RuntimeException e) {
                failure.compareAndSet(null, e);
                throw e;
            }
        }

        /** Ends it; says how often something happened. */
        String end() throws InterruptedException {
            timer.shutdownNow();
            timer.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
            RuntimeException failed = failure.get();
            if (failed != null) {
                throw failed;
            }
            return any ? "disturbed " + acts + " times" : "";
        }
    }

    /** Counts pods as they are seen to be bound. */
    private static final class Bound implements Watcher<Pod> {
        final long[] created;
        final long[] latencies;
        final CountDownLatch before;
        final CountDownLatch all;
        /** At the beginning and the end of each tenth of those that are measured, of the process. */
        final long[] cpu = new long[11];

        private final int init;
        private int done;
        private final boolean[] seen;

        Bound(int init, int total) {
            this.init = init;
            created = new long[total];
            latencies = new long[total];
            seen = new boolean[total];
            before = new CountDownLatch(init);
            all = new CountDownLatch(total - init);
        }

        @Override
        public void onEvent(EventType type, Pod pod) {
            String node = pod.getSpec().getNodeName();
            String name = pod.getMetadata().getName();
            if (type == EventType.DELETED || node == null || node.isEmpty() || name.charAt(0) != 'p') {
                return;
            }
            int number = Integer.parseInt(name.substring(1));
            if (seen[number]) {
                return;
            }
            seen[number] = true;
            latencies[number] = System.nanoTime() - created[number];
            if (number < init) {
                before.countDown();
                return;
            }
            done++;
            int measured = seen.length - init;
            if (done * 10L % measured < 10) {
                cpu[(int) (done * 10L / measured)] = SchedulerFigures.cpu();
            }
            all.countDown();
        }

        @Override
        public void onBookmark(String resourceVersion) {
            // nothing to count
        }

        @Override
        public void onClose(@Nullable StatusException error) {
            // the latch tells
        }
    }
}
