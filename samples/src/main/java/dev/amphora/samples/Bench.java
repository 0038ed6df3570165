package dev.amphora.samples;

import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.Conditions;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures how long a cluster takes from the builder to the first running pod, and how much memory it holds. */
@Command(
        name = "bench",
        description =
                "Measure the time from the builder to the first running pod: cold, warm, and the memory it takes.",
        mixinStandardHelpOptions = true,
        subcommands = {ApiBench.class, CelBench.class, ControllersBench.class, CrdBench.class, SchedulerBench.class})
final class Bench implements Callable<Integer> {
    /** How long etcd and a kube-apiserver of version 1.36.3 take until they are ready, on 2 cores. */
    private static final double REFERENCE_START_MS = 4_300;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--cold", description = "How many processes to start. Default: ${DEFAULT-VALUE}")
    private int cold = 7;

    @Option(names = "--warm-up", description = "How many clusters to start before measuring. Default: ${DEFAULT-VALUE}")
    private int warmUp = 400;

    @Option(names = "--warm", description = "How many clusters to start and measure. Default: ${DEFAULT-VALUE}")
    private int warm = 100;

    @Option(names = "--once", hidden = true, description = "Be the process that is measured.")
    private boolean once;

    @Option(
            names = "--train",
            hidden = true,
            description = "Load what the other commands load, for an archive of classes.")
    private boolean train;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (once) {
            firstPod(() -> {
                System.gc();
                Runtime runtime = Runtime.getRuntime();
                out.println(runtime.totalMemory() - runtime.freeMemory());
            });
            return 0;
        }
        if (train) {
            firstPod(Cluster.builder().serve(0), () -> {});
            return 0;
        }
        List<Double> processes = new ArrayList<>();
        List<Double> archived = new ArrayList<>();
        List<Double> heaps = new ArrayList<>();
        Path archive = cold > 0 && program().toString().endsWith(".jar") ? archive() : null;
        for (int i = 0; i < cold; i++) {
            long begin = System.nanoTime();
            heaps.add(Double.parseDouble(startProcess(List.of(), "--once")) / 1e6);
            processes.add((System.nanoTime() - begin) / 1e6);
            if (archive != null) {
                begin = System.nanoTime();
                startProcess(List.of("-XX:SharedArchiveFile=" + archive), "--once");
                archived.add((System.nanoTime() - begin) / 1e6);
            }
        }
        if (archive != null) {
            delete(archive);
        }
        for (int i = 0; i < warmUp; i++) {
            firstPod(() -> {});
        }
        List<Double> warmStarts = new ArrayList<>();
        List<Double> warmPods = new ArrayList<>();
        for (int i = 0; i < warm; i++) {
            double[] times = firstPod(() -> {});
            warmStarts.add(times[0]);
            warmPods.add(times[1]);
        }
        out.println("From Cluster.builder() to the first pod Running (memory store, one node, fake runtime):");
        row(out, "cold, whole process by samples/amphora", archived, "ms");
        row(out, "cold, whole process by java -jar", processes, "ms");
        row(out, "warm, start() returns", warmStarts, "ms");
        row(out, "warm, first pod Running", warmPods, "ms");
        row(out, "heap after start and first pod", heaps, "MB");
        out.printf(
                "Reference: etcd and kube-apiserver 1.36.3 take %.1f s to be ready, without a pod.%n",
                REFERENCE_START_MS / 1e3);
        return 0;
    }

    /** Starts a cluster and waits for its first pod: milliseconds until the start was done, and until the pod ran. */
    private static double[] firstPod(Runnable whileRunning) {
        return firstPod(Cluster.builder(), whileRunning);
    }

    private static double[] firstPod(ClusterBuilder builder, Runnable whileRunning) {
        long begin = System.nanoTime();
        try (Cluster cluster = builder.store(new MemoryStore())
                .node("worker-1", new FakeRuntime())
                .start()) {
            double started = (System.nanoTime() - begin) / 1e6;
            cluster.api("bench").create(pod());
            cluster.await(Conditions.pod("first").running());
            double running = (System.nanoTime() - begin) / 1e6;
            whileRunning.run();
            return new double[] {started, running};
        }
    }

    private static Pod pod() {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("first")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("amphora.dev/web:1")
                .endContainer()
                .endSpec()
                .build();
    }

    /** Makes an archive of the classes that a start loads, as {@code samples/amphora} does. */
    private static Path archive() {
        try {
            Path archive = Files.createTempFile("amphora-", ".jsa");
            startProcess(List.of("-Xlog:disable", "-XX:ArchiveClassesAtExit=" + archive), "--train");
            return archive;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs this program anew and gives what it prints. */
    private static String startProcess(List<String> options, String mode) {
        try {
            Path program = program();
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(options);
            command.add("-cp");
            command.add(
                    program.toString().endsWith(".jar") ? program.toString() : System.getProperty("java.class.path"));
            command.addAll(List.of(Amphora.class.getName(), "bench", mode));
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException("the measured process failed: " + output);
            }
            return output.strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The jar that this program is in, or a directory of classes. */
    private static Path program() {
        try {
            return Path.of(Bench.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void row(PrintWriter out, String what, List<Double> values, String unit) {
        if (values.isEmpty()) {
            return;
        }
        out.printf(
                "  %-40s median %7.1f %s   best %7.1f %s   worst %7.1f %s%n",
                what, median(values), unit, Collections.min(values), unit, Collections.max(values), unit);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }
}
