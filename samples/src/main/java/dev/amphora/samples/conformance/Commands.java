package dev.amphora.samples.conformance;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Runs other programs. */
final class Commands {
    private Commands() {}

    /** What a program printed and how it ended. */
    record Output(int exit, String stdout, String stderr) {}

    /**
     * Runs a program to its end.
     *
     * @throws IOException if there is no such program
     */
    static Output run(String... command) throws IOException {
        Path stdout = Files.createTempFile("stdout", null);
        Path stderr = Files.createTempFile("stderr", null);
        try {
            int exit = new ProcessBuilder(command)
                    .redirectOutput(stdout.toFile())
                    .redirectError(stderr.toFile())
                    .start()
                    .waitFor();
            return new Output(exit, read(stdout), read(stderr));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + command[0] + " ran");
        } finally {
            Files.delete(stdout);
            Files.delete(stderr);
        }
    }

    /** A program on the PATH; null if there is none of that name. */
    static @Nullable Path onThePath(String name) {
        String path = System.getenv("PATH");
        return path == null
                ? null
                : Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                        .splitAsStream(path)
                        .map(directory -> Path.of(directory, name))
                        .filter(Files::isExecutable)
                        .findFirst()
                        .orElse(null);
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
