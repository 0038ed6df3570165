package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.amphora.Cluster;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The real kubectl, at work in one namespace.
 *
 * @param binary the program
 * @param kubeconfig whom it calls as whom
 * @param home a directory for its cache and output, its own
 * @param namespace the one it works in
 */
public record Kubectl(Path binary, Path kubeconfig, Path home, String namespace) {
    /** Said where none is found. */
    public static final String HOW_TO_GET_KUBECTL =
            """
            No kubectl here.
            To get one:  https://dl.k8s.io/release/v1.33.0/bin/linux/amd64/kubectl, or the package google-cloud-cli-kubectl
            Where it is: on the PATH, or in the directory that the environment variable KUBECTL_DIR names""";

    private static final String NONE = "none";
    private static final Set<String> VERSIONS =
            new TreeSet<>(List.of("kubectl.1.27", "kubectl.1.31", "kubectl.1.32", "kubectl.1.33"));
    private static final String CLOUD_SDK = "/usr/lib/google-cloud-sdk/bin";
    private static final long PATIENCE_SECONDS = 60;
    private static final int MAX_DISCARDED = 5;

    /** All in KUBECTL_DIR, if that is set; else the versions that matter, if they are installed; else the one on the PATH. */
    public static List<Path> installed() {
        String chosen = System.getenv("KUBECTL_DIR");
        if (chosen != null) {
            return in(Path.of(chosen))
                    .filter(each -> name(each).startsWith("kubectl"))
                    .sorted()
                    .toList();
        }
        List<Path> found = directories()
                .flatMap(Kubectl::in)
                .filter(each -> VERSIONS.contains(name(each)))
                .distinct()
                .sorted()
                .toList();
        return found.isEmpty()
                ? directories()
                        .flatMap(Kubectl::in)
                        .filter(each -> name(each).equals("kubectl"))
                        .limit(1)
                        .toList()
                : found;
    }

    private static Stream<Path> directories() {
        return Stream.concat(Stream.of(System.getenv("PATH").split(File.pathSeparator)), Stream.of(CLOUD_SDK))
                .map(Path::of);
    }

    private static Stream<Path> in(Path directory) {
        if (!Files.isDirectory(directory)) {
            return Stream.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isExecutable).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    /** The installed ones for a parameterized test; one that aborts it with advice if there is none. */
    static Stream<String> binaries() {
        List<Path> installed = installed();
        return installed.isEmpty() ? Stream.of(NONE) : installed.stream().map(Path::toString);
    }

    /**
     * A kubectl that calls a cluster as its administrator.
     *
     * @param directory for what it needs: its kubeconfig, and a home of its own for each version
     * @param binary one of {@link #binaries()}
     */
    static Kubectl of(Cluster cluster, Path directory, String binary, String namespace) {
        if (binary.equals(NONE)) {
            abort(HOW_TO_GET_KUBECTL);
        }
        Path program = Path.of(binary);
        Path kubeconfig = directory.resolve("kubeconfig");
        Path home = directory.resolve("home-" + name(program));
        try {
            if (!Files.exists(kubeconfig)) {
                Files.writeString(kubeconfig, cluster.endpoint().orElseThrow().kubeconfig());
            }
            Files.createDirectories(home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Kubectl(program, kubeconfig, home, namespace);
    }

    /** The version as it may stand in the name of an object. */
    String label() {
        return name(binary).replace('.', '-');
    }

    /** Runs a command that has to succeed. Returns what it printed on both channels. */
    String run(String... arguments) {
        return run(0, arguments);
    }

    /** Runs a command that has to end with an exit code. Returns what it printed on both channels. */
    String run(int exit, String... arguments) {
        Path output = home.resolve("output-" + namespace);
        return end(builder(output, arguments), output, exit, arguments);
    }

    /** Runs a command that is given an input, and has to succeed. Returns what it printed on both channels. */
    String feed(String input, String... arguments) {
        return feed(0, input, arguments);
    }

    /** Runs a command that is given an input, and has to end with an exit code. Returns what it printed on both channels. */
    String feed(int exit, String input, String... arguments) {
        Path file = home.resolve("input-" + namespace);
        Path output = home.resolve("fed-" + namespace);
        try {
            Files.writeString(file, input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return end(builder(output, arguments).redirectInput(file.toFile()), output, exit, arguments);
    }

    /**
     * Runs a command in a container, which has to succeed. Returns what came from there, without what the client says itself.
     *
     * <p>A client that reads before it has made its streams discards what it is sent first (1.31 and later, seldom), and says so; then the
     * command is run again.
     *
     * @param input null for none
     */
    String exec(@Nullable String input, String... arguments) {
        Path own = home.resolve("said-" + namespace);
        Path output = home.resolve("executed-" + namespace);
        for (int attempt = 1; ; attempt++) {
            ProcessBuilder builder =
                    builder(output, arguments).redirectErrorStream(false).redirectError(own.toFile());
            try {
                if (input != null) {
                    Path file = home.resolve("input-" + namespace);
                    Files.writeString(file, input);
                    builder.redirectInput(file.toFile());
                }
                String printed = end(builder, output, 0, arguments);
                if (attempt == MAX_DISCARDED || !Files.readString(own).contains("discarding message")) {
                    return printed;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private String end(ProcessBuilder builder, Path output, int exit, String... arguments) {
        try {
            Process process = builder.start();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            String printed = Files.readString(output);
            assertThat(process.exitValue())
                    .as("%s %s%n%s", name(binary), String.join(" ", arguments), printed)
                    .isEqualTo(exit);
            return printed;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Starts a command that prints to a file. */
    Process start(Path output, String... arguments) {
        try {
            return builder(output, arguments).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ProcessBuilder builder(Path output, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of(binary.toString(), "--cache-dir=" + home.resolve("cache"), "--namespace=" + namespace));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("KUBECONFIG", kubeconfig.toString());
        builder.environment().put("KUBE_EDITOR", "sed -i s/web:1/web:9/");
        return builder;
    }
}
