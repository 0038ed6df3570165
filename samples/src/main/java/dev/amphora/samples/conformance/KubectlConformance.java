package dev.amphora.samples.conformance;

import dev.amphora.samples.conformance.KubectlCluster.Level;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays recorded command lines of kubectl. */
@Command(
        name = "kubectl",
        description = {
            "Run recorded command lines of kubectl and compare what they print.",
            "Without --server: against a fresh Amphora in this process, with three scripted nodes where they are needed."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class KubectlConformance implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", arity = "1..*", description = "Scenarios, or folders of them.")
    private List<Path> paths = List.of();

    @Option(names = "--kubectl", description = "The client. Default: the one on the PATH")
    private @Nullable Path kubectl;

    @Option(
            names = "--needs",
            description =
                    "Only scenarios that need no more than this: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
    private Level needs = Level.nodes;

    @Option(names = "--server", description = "The API server under test; its certificate is not checked.")
    private @Nullable URI server;

    @Option(names = "--token", description = "Bearer token of a user in system:masters. Default: ${DEFAULT-VALUE}")
    private String token = "admin";

    @Option(names = "--kubelet", description = "With --server: add the three scripted nodes.")
    private boolean kubelet;

    @Option(names = "--jobs", description = "How many scenarios at a time. Default: ${DEFAULT-VALUE}")
    private int jobs = 3;

    @Option(names = "--only", paramLabel = "REGEX", description = "Only scenarios whose name it finds.")
    private @Nullable Pattern only;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Path client = kubectl == null ? Commands.onThePath("kubectl") : kubectl;
        if (client == null || !Files.isExecutable(client)) {
            throw new ParameterException(spec.commandLine(), "no kubectl here; --kubectl names one");
        }
        String version = KubectlRuns.version(client);
        try (VectorFiles.Opened opened = VectorFiles.open(paths, "kubectl/scenarios", "scenarios")) {
            List<KubectlScenario> scenarios = KubectlRuns.select(opened.files(), version, needs).stream()
                    .filter(each -> only == null || only.matcher(each.name()).find())
                    .toList();
            if (scenarios.isEmpty()) {
                throw new ParameterException(spec.commandLine(), "no scenarios");
            }
            Map<String, Tally> byScenario = new TreeMap<>();
            Tally lines = new Tally();
            new KubectlRuns(client, jobs).replay(scenarios, cluster(), name -> results(name, out, byScenario, lines));
            Tally total = new Tally();
            byScenario.values().forEach(tally -> total.count(!tally.hasFailures()));
            out.println("command lines: " + lines);
            out.println(total);
            out.flush();
            return total.hasFailures() ? 1 : 0;
        }
    }

    private Supplier<KubectlCluster> cluster() {
        URI url = server;
        return url == null ? () -> KubectlCluster.embedded(needs) : () -> KubectlCluster.at(url, token, needs, kubelet);
    }

    private static Results results(String scenario, PrintWriter out, Map<String, Tally> byScenario, Tally lines) {
        Tally own = new Tally();
        synchronized (byScenario) {
            byScenario.put(scenario, own);
        }
        return new Results() {
            @Override
            public void replayed(String name, List<String> differences) {
                synchronized (byScenario) {
                    own.count(differences.isEmpty());
                    lines.count(differences.isEmpty());
                    if (!differences.isEmpty()) {
                        out.println("FAIL " + scenario + " " + name + ": " + String.join("; ", differences));
                        out.flush();
                    }
                }
            }

            @Override
            public void skipped(String name, String reason) {
                out.println("SKIP " + scenario + " " + name + ": " + reason);
            }
        };
    }
}
