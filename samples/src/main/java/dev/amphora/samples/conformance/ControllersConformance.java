package dev.amphora.samples.conformance;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays what controllers were recorded to do. */
@Command(
        name = "controllers",
        description = {
            "Replay recorded scenarios of controllers in simulated time and compare objects, writes and Events.",
            "Every scenario runs in a control plane of its own: all controllers, a scripted kubelet, no scheduler."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ControllersConformance implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", arity = "1..*", description = "Scenarios, or folders or zip files of them.")
    private List<Path> paths = List.of();

    @Option(names = "--seed", description = "What the order of concurrent work follows from. Default: ${DEFAULT-VALUE}")
    private long seed = 1;

    @Option(names = "--only", paramLabel = "REGEX", description = "Only scenarios whose name it finds.")
    private @Nullable Pattern only;

    @Option(names = "-v", description = "Print every difference, not only the first of each scenario.")
    private boolean verbose;

    @Override
    public Integer call() throws IOException {
        for (Path path : paths) {
            if (!Files.exists(path)) {
                throw new ParameterException(spec.commandLine(), "there is no " + path);
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        Report report = new Report(out, null, verbose);
        try (VectorFiles.Opened opened = VectorFiles.open(paths, "controllers")) {
            for (Path file : opened.files()) {
                ControllerScenario scenario = ControllerScenario.read(file);
                if (only == null || only.matcher(scenario.name()).find()) {
                    report.of(file, "simulated")
                            .replay(scenario.name(), () -> ControllerReplay.differences(scenario, seed));
                }
            }
        }
        return report.finish() ? 0 : 1;
    }
}
