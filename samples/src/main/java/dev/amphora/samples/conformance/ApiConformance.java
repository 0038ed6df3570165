package dev.amphora.samples.conformance;

import dev.amphora.samples.conformance.EmbeddedRuns.Way;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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

    @Mixin
    private final ReplayFlags flags = new ReplayFlags();

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

    @Override
    public Integer call() {
        return flags.run("api", (recordings, results) -> {
            List<Path> files = recordings.stream().filter(Replay::holdsCases).toList();
            if (server == null) {
                replayEmbedded(files, results);
            } else {
                replayAt(server, files, results);
            }
        });
    }

    private void replayAt(URI url, List<Path> files, Report results) {
        Options options = new Options(
                controllers, namespaceController, pause == null ? 1 : pause, PATIENCE_WITH_CACHES, flags.only());
        try (Target target = new UrlTarget(url, token, tokens, compact);
                Session session = new Session(target, options)) {
            Replay replay = new Replay(session);
            files.forEach(file -> replay.replay(file, results.of(file, "url")));
        }
    }

    private void replayEmbedded(List<Path> files, Report results) {
        EmbeddedRuns runs = new EmbeddedRuns(pause == null ? 0 : pause, flags.only());
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
