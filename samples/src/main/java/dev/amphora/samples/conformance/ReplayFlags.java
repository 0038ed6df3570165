package dev.amphora.samples.conformance;

import java.io.FileWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** What every command that replays recordings is told: where they are, which of them, and how to tell differences. */
@Command
final class ReplayFlags {
    @Spec(Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", arity = "1..*", description = "Recordings, or folders or zip files of them.")
    private List<Path> paths = List.of();

    @Option(names = "--only", paramLabel = "REGEX", description = "Only cases whose file and name it finds.")
    private @Nullable Pattern only;

    @Option(names = "--report", paramLabel = "FILE", description = "Write every difference here.")
    private @Nullable Path report;

    @Option(names = "-v", description = "Print every difference, not only the first of each case.")
    private boolean verbose;

    /** Replays the cases of some files. */
    interface Work {
        void replay(List<Path> files, Report results) throws IOException;
    }

    /** Which cases are wanted; null for all. */
    @Nullable Pattern only() {
        return only;
    }

    boolean wants(Path file, String name) {
        return only == null || only.matcher(file + " " + name).find();
    }

    /**
     * Opens what the command line names, has it replayed and prints the totals.
     *
     * @param folder a place is narrowed to its folder of this name if it has one
     * @return the exit code: 0 if nothing failed
     * @throws ParameterException if a place doesn't exist or the report cannot be written
     */
    int run(String folder, Work work) {
        for (Path path : paths) {
            if (!Files.exists(path)) {
                throw new ParameterException(spec.commandLine(), "there is no " + path);
            }
        }
        try (VectorFiles.Opened opened = VectorFiles.open(paths, folder);
                PrintWriter everything = report == null
                        ? null
                        : new PrintWriter(new FileWriter(report.toFile(), StandardCharsets.UTF_8))) {
            Report results = new Report(spec.commandLine().getOut(), everything, verbose);
            work.replay(opened.files(), results);
            return results.finish() ? 0 : 1;
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "cannot read or write: " + e.getMessage(), e);
        }
    }
}
