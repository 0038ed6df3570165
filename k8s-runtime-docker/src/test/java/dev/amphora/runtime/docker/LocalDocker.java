package dev.amphora.runtime.docker;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A Docker Engine for a test class, with an image to run: skipped with advice where there is none, but not where the build promises one. */
final class LocalDocker {
    /** Holds busybox with a link for each of its programs. */
    static final String IMAGE = "amphora-test/busybox:1";

    private static final Path BUSYBOX = Path.of("/bin/busybox");

    private LocalDocker() {}

    static void require() {
        try {
            DockerRuntime.requireEngine();
        } catch (RuntimeException e) {
            missing(String.valueOf(e.getMessage()));
        }
        if (!Files.isExecutable(BUSYBOX)) {
            missing("a static " + BUSYBOX + " is needed to make an image from: apt-get install busybox-static");
        }
        try (Engine engine = new Engine(null, Map.of())) {
            ImageArchive.load(engine.client(), IMAGE, engine.version().getArch(), fileSystem());
        }
    }

    private static TarArchive fileSystem() {
        try {
            TarArchive archive = new TarArchive()
                    .directory("bin", "0000755")
                    .directory("tmp", "0001777")
                    .directory("etc", "0000755")
                    .file("bin/busybox", Files.readAllBytes(BUSYBOX));
            Process list = new ProcessBuilder(BUSYBOX.toString(), "--list").start();
            String programs = new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            programs.lines()
                    .filter(name -> !name.equals("busybox"))
                    .forEach(name -> archive.link("bin/" + name, "busybox"));
            return archive;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void missing(String advice) {
        if ("true".equals(System.getenv("CI"))) {
            throw new AssertionError(advice);
        }
        abort(advice);
    }
}
