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
import dev.amphora.samples.SchedulerBench.Figures;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** One cluster in which pods are created, scheduled and bound while it is measured how fast that goes. */
final class SchedulerRun {
    private static final long PATIENCE_SECONDS = 600;
    /** From so many pods on it is shown how fast each tenth of them was. */
    private static final int MANY = 100_000;

    private final PrintWriter out;
    private final int nodes;
    private final int callers;

    SchedulerRun(PrintWriter out, int nodes, int callers) {
        this.out = out;
        this.nodes = nodes;
        this.callers = callers;
    }

    /** A cluster whose pods need nothing but a node, as the reference was measured. */
    private static ClusterBuilder cluster(SchedulerWorkload workload) {
        return Cluster.builder()
                .store(new MemoryStore())
                .api(ApiOptions.defaults()
                        .withTokens(HttpsBench.TOKEN + ",bench,1,system:masters\n")
                        .withAdmission(List.of(), List.of("ServiceAccount", "TaintNodesByCondition", "Priority")))
                .scheduler(
                        DefaultScheduler.builder().profile(workload.profile()).build())
                .noControllers();
    }

    private Client filled(Cluster cluster) {
        Client client = cluster.api("bench");
        for (int i = 0; i < nodes; i++) {
            client.create(SchedulerWorkload.node(i));
        }
        return client;
    }

    /** Measures with a client in this process. */
    Figures inProcess(SchedulerWorkload workload) throws InterruptedException {
        try (Cluster cluster = cluster(workload).start()) {
            Client client = filled(cluster);
            int init = workload.init();
            int total = init + workload.measured();
            Bound bound = new Bound(init, total);
            Watch watch = client.watch(ResourceType.of(Pod.class), BenchObjects.NAMESPACE, ListOptions.all(), bound);
            create(client, workload, bound, 0, init);
            await(bound.before, workload);
            List<Pod> ready = new ArrayList<>();
            for (int i = init; i < total && workload.measured() < MANY; i++) {
                ready.add(workload.pod(i));
            }
            long cpu = SchedulerBench.cpu();
            long begin = System.nanoTime();
            if (ready.isEmpty()) {
                create(client, workload, bound, init, total);
            } else {
                create(client, ready, bound, init);
            }
            await(bound.all, workload);
            double seconds = (System.nanoTime() - begin) / 1e9;
            double cpuSeconds = (SchedulerBench.cpu() - cpu) / 1e9;
            if (workload.measured() >= MANY) {
                tenths(workload, bound, begin);
            }
            Figures figures = Figures.of(seconds, cpuSeconds, Arrays.copyOfRange(bound.latencies, init, total));
            watch.close();
            return figures;
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
            at[i] = bound.created[number] + bound.latencies[number] * 1000 - begin;
        }
        Arrays.sort(at);
        StringBuilder line = new StringBuilder("  " + workload.name() + ", pods/s in each tenth:");
        long last = 0;
        for (int tenth = 1; tenth <= 10; tenth++) {
            long until = at[(int) ((long) at.length * tenth / 10) - 1];
            line.append(" %,.0f".formatted(at.length / 10 * 1e9 / (until - last)));
            last = until;
        }
        out.println(line);
        out.flush();
    }

    private static void await(CountDownLatch latch, SchedulerWorkload workload) throws InterruptedException {
        if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(
                    "the pods of " + workload.name() + " were not all scheduled: " + latch.getCount() + " are left");
        }
    }

    /** Measures with a client in a process of its own, over HTTPS. The pods of one round stay for the next. */
    List<Figures> overHttps(SchedulerWorkload workload, int rounds) throws IOException, InterruptedException {
        try (Cluster cluster = cluster(workload).serve(0).start()) {
            filled(cluster);
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx1g",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Amphora.class.getName(),
                            "bench",
                            "scheduler",
                            "--outside=" + cluster.endpoint().orElseThrow().url(),
                            "--pods=" + workload.measured(),
                            "--rounds=" + rounds,
                            "--callers=8")
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            List<Figures> figures = new ArrayList<>();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                long cpu = 0;
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    String[] words = line.split(" ");
                    if (words[0].equals("begin")) {
                        cpu = SchedulerBench.cpu();
                    } else {
                        double ownCpu = (SchedulerBench.cpu() - cpu) / 1e9;
                        figures.add(new Figures(
                                workload.measured(),
                                Double.parseDouble(words[1]),
                                ownCpu + Double.parseDouble(words[2]),
                                Double.parseDouble(words[3]),
                                Double.parseDouble(words[4]),
                                (long) (BenchObjects.heap() / 1e6)));
                    }
                }
            } finally {
                process.destroy();
            }
            if (figures.size() < rounds) {
                throw new IOException("the client has ended after " + figures.size() + " rounds");
            }
            return figures;
        }
    }

    /** Counts pods as they are seen to be bound. */
    private static final class Bound implements Watcher<Pod> {
        final long[] created;
        final long[] latencies;
        final CountDownLatch before;
        final CountDownLatch all;
        private final int init;
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
            int number = Integer.parseInt(pod.getMetadata().getName().substring(1));
            if (type == EventType.DELETED || node == null || node.isEmpty() || seen[number]) {
                return;
            }
            seen[number] = true;
            latencies[number] = (System.nanoTime() - created[number]) / 1000;
            (number < init ? before : all).countDown();
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
