package dev.amphora.samples;

import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.store.memory.MemoryStore;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
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

    @Option(
            names = "--unrelated",
            description =
                    "How many objects are there that have nothing to do with the calls. Default: ${DEFAULT-VALUE}")
    private int unrelated = 100_000;

    @Option(names = "--connections", description = "How many connections over HTTPS. Default: ${DEFAULT-VALUE}")
    private int connections = 16;

    @Option(names = "--only", description = "process, unrelated or https. Default: all")
    private @Nullable String only;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        if (runs("process")) {
            new ProcessBench(out, seconds, warmUp, threads).run(lists, watchers);
        }
        if (runs("unrelated")) {
            new UnrelatedBench(out).run(unrelated, watchers.get(watchers.size() - 1));
        }
        if (runs("https")) {
            try (Cluster cluster = server().serve(0).start()) {
                new HttpsBench(out, cluster, seconds, connections, warmUp).run(lists, watchers);
            }
        }
        MockBench.run(
                out, seconds, Math.max(1, warmUp / 3), () -> server().serve(0).start());
        out.flush();
        return 0;
    }

    private boolean runs(String part) {
        return only == null || only.equals(part);
    }

    /** An API server alone, whose pods need no service account. */
    static ClusterBuilder server() {
        return Cluster.builder()
                .store(new MemoryStore())
                .noScheduler()
                .noControllers()
                .api(ApiOptions.defaults()
                        .withTokens(HttpsBench.TOKEN + ",bench,1,system:masters\n")
                        .withAdmission(List.of(), List.of("ServiceAccount")));
    }
}
