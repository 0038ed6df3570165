package dev.amphora.samples.conformance;

import java.io.FileWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
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

/** Replays recorded decisions of kube-scheduler. */
@Command(
        name = "scheduler",
        description = "Replay what kube-scheduler was recorded to decide and tell every difference.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class SchedulerConformance implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", arity = "1..*", description = "Recordings, folders of them, or zip files.")
    private List<Path> paths = List.of();

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
        try (VectorFiles.Opened opened = VectorFiles.open(paths, "scheduler");
                PrintWriter everything = report == null
                        ? null
                        : new PrintWriter(new FileWriter(report.toFile(), StandardCharsets.UTF_8))) {
            Report results = new Report(out, everything, verbose);
            for (Path file : opened.files()) {
                SchedulerCases.replay(file, only(file, results.of(file, "scheduler")));
            }
            return results.finish() ? 0 : 1;
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "--report: cannot write " + report, e);
        }
    }

    private Results only(Path file, Results all) {
        Pattern wanted = only;
        return wanted == null
                ? all
                : new Results() {
                    @Override
                    public void replayed(String name, List<String> differences) {
                        if (wanted.matcher(file + " " + name).find()) {
                            all.replayed(name, differences);
                        }
                    }

                    @Override
                    public void skipped(String name, String reason) {
                        if (wanted.matcher(file + " " + name).find()) {
                            all.skipped(name, reason);
                        }
                    }
                };
    }
}
