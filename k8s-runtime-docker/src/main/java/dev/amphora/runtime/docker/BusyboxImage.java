package dev.amphora.runtime.docker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** An image with busybox and a link for each of its programs, made from this machine's own without a registry. */
public final class BusyboxImage {
    private static final Path BUSYBOX = Path.of("/bin/busybox");
    private static final String ADVICE =
            "a static " + BUSYBOX + " is needed to make an image from (Debian, Ubuntu: apt-get install busybox-static)";

    private BusyboxImage() {}

    /**
     * Makes the image unless the engine has it. Blocks.
     *
     * @param names with their tags; each becomes an image of its own
     * @throws IllegalStateException if this machine has no busybox; the message says how to get it
     * @throws RuntimeException if no engine answers; the message says how to get one
     */
    public static void make(String... names) {
        if (!Files.isExecutable(BUSYBOX)) {
            throw new IllegalStateException(ADVICE);
        }
        try (Engine engine = new Engine(null, Map.of())) {
            for (String name : names) {
                ImageArchive.load(engine.client(), name, engine.version().getArch(), fileSystem());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TarArchive fileSystem() throws IOException {
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
    }
}
