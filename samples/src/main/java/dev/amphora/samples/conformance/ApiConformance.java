package dev.amphora.samples.conformance;

import dev.amphora.samples.conformance.EmbeddedRuns.Way;
import java.io.FileWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays recorded exchanges with an API server. */
@Command(
        name = "api",
        description = {
            "Replay recorded requests and compare the answers with the recorded ones.",
            "Without --server: against a fresh Amphora in this process for each topic, without a socket and over HTTPS."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ApiConformance implements Callable<Integer> {
    private static final Duration PATIENCE_WITH_CACHES = Duration.ofSeconds(60);

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", arity = "1..*", description = "Recordings, or folders or zip files of them.")
    private List<Path> paths = List.of();

    @Option(names = "--way", description = "in-process, https or both. Default: ${DEFAULT-VALUE}")
    private String way = "both";

    @Option(names = "--server", description = "The server under test instead; its certificate is not checked.")
    private @Nullable URI server;

    @Option(names = "--token", description = "Bearer token of a user in system:masters. Default: ${DEFAULT-VALUE}")
    private String token = "admin";

    @Option(
            names = "--as",
            paramLabel = "NAME=TOKEN",
            description = "For requests recorded under another identity. Default: the name is the token")
    private Map<String, String> tokens = Map.of();

    @Option(names = "--controllers", description = "With --server: a controller manager runs.")
    private boolean controllers;

    @Option(names = "--namespace-controller", description = "With --server: the namespace controller runs.")
    private boolean namespaceController;

    @Option(names = "--compact", paramLabel = "COMMAND", description = "With --server: compacts the store.")
    private @Nullable String compact;

    @Option(
            names = "--pause",
            paramLabel = "FACTOR",
            description = "Factor for recorded pauses. Default: 1 with --server, else 0")
    private @Nullable Double pause;

    @Option(names = "--only", paramLabel = "REGEX", description = "Only cases whose file and name it finds.")
    private @Nullable Pattern only;

    @Option(names = "--report", paramLabel = "FILE", description = "Write every difference here.")
    private @Nullable Path report;

    @Option(names = "-v", description = "Print every difference, not only the first of each case.")
    private boolean verbose;

    @Override
    public Integer call() {
        for (Path path : paths) {
            if (!Files.exists(path)) {
                throw new ParameterException(spec.commandLine(), "there is no " + path);
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        try (VectorFiles.Opened opened = VectorFiles.open(paths, "api");
                PrintWriter everything = report == null
                        ? null
                        : new PrintWriter(new FileWriter(report.toFile(), StandardCharsets.UTF_8))) {
            List<Path> files =
                    opened.files().stream().filter(Replay::holdsCases).toList();
            Report results = new Report(out, everything, verbose);
            if (server == null) {
                replayEmbedded(files, results);
            } else {
                replayAt(server, files, results);
            }
            return results.finish() ? 0 : 1;
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "--report: cannot write " + report, e);
        }
    }

    private void replayAt(URI url, List<Path> files, Report results) {
        Options options =
                new Options(controllers, namespaceController, pause == null ? 1 : pause, PATIENCE_WITH_CACHES, only);
        try (Target target = new UrlTarget(url, token, tokens, compact);
                Session session = new Session(target, options)) {
            Replay replay = new Replay(session);
            files.forEach(file -> replay.replay(file, results.of(file, "url")));
        }
    }

    private void replayEmbedded(List<Path> files, Report results) {
        EmbeddedRuns runs = new EmbeddedRuns(pause == null ? 0 : pause, only);
        for (Way each : ways()) {
            runs.replay(files, each, file -> results.of(file, each.toString()));
        }
    }

    private List<Way> ways() {
        if (way.equals("both")) {
            return List.of(Way.values());
        }
        for (Way each : Way.values()) {
            if (each.toString().equals(way)) {
                return List.of(each);
            }
        }
        throw new ParameterException(spec.commandLine(), "--way is in-process, https or both, not " + way);
    }
}
