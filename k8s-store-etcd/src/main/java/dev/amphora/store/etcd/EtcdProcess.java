package dev.amphora.store.etcd;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A single etcd server on this machine's loopback, for tests and demonstrations. Needs the program {@code etcd} on the path.
 */
public final class EtcdProcess implements AutoCloseable {
    /** How to get etcd where it is missing. */
    public static final String HOW_TO_GET_ETCD =
            "the program etcd is not on the path; install it with: apt-get install etcd-server (Debian 12, Ubuntu 24.04),"
                    + " brew install etcd (macOS), or from https://github.com/etcd-io/etcd/releases";

    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    private static final int POLL_MILLIS = 10;

    private final Path program;
    private final Path directory;
    private final boolean temporary;
    private final int clientPort;
    private final int peerPort;
    private Process process;

    private EtcdProcess(Path program, Path directory, boolean temporary) throws IOException {
        this.program = program;
        this.directory = directory;
        this.temporary = temporary;
        this.clientPort = freePort();
        this.peerPort = freePort();
        this.process = launch();
    }

    /** Whether the program can be found. */
    public static boolean isInstalled() {
        return find().isPresent();
    }

    /**
     * Starts a server that keeps its data in a temporary directory, deleted when it is closed, and waits until it serves.
     *
     * @throws IllegalStateException if the program is missing; the message says how to get it
     * @throws UncheckedIOException if it does not start
     */
    public static EtcdProcess start() {
        try {
            return new EtcdProcess(program(), Files.createTempDirectory("amphora-etcd"), true);
        } catch (IOException e) {
            throw new UncheckedIOException("etcd cannot be started", e);
        }
    }

    /**
     * Starts a server on a directory, which stays, and waits until it serves.
     *
     * @param directory where the data is or will be
     * @throws IllegalStateException if the program is missing; the message says how to get it
     * @throws UncheckedIOException if it does not start
     */
    public static EtcdProcess start(Path directory) {
        try {
            return new EtcdProcess(program(), Files.createDirectories(directory), false);
        } catch (IOException e) {
            throw new UncheckedIOException("etcd cannot be started", e);
        }
    }

    /** The URL for clients. */
    public String endpoint() {
        return "http://127.0.0.1:" + clientPort;
    }

    /** Kills the server as a crash would; its data stays. */
    public void kill() {
        stop(process.destroyForcibly());
    }

    /** Starts a killed server again on the same port and data, and waits until it serves. */
    public void restart() {
        kill();
        try {
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException("etcd cannot be started again", e);
        }
    }

    /** Stops the server. Idempotent. */
    @Override
    public void close() {
        process.destroy();
        stop(process);
        if (temporary) {
            try (Stream<Path> files = Files.walk(directory)) {
                files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Process launch() throws IOException {
        File output = directory.resolve("etcd.log").toFile();
        String peer = "http://127.0.0.1:" + peerPort;
        Process launched = new ProcessBuilder(List.of(
                        program.toString(),
                        "--data-dir=" + directory.resolve("data"),
                        "--listen-client-urls=" + endpoint(),
                        "--advertise-client-urls=" + endpoint(),
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=default=" + peer,
                        "--heartbeat-interval=20",
                        "--election-timeout=200"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output))
                .start();
        long polls = START_TIMEOUT.toMillis() / POLL_MILLIS;
        try {
            for (long poll = 0; poll < polls; poll++) {
                if (launched.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                    throw new IOException(
                            "etcd ended with code " + launched.exitValue() + ": " + Files.readString(output.toPath()));
                }
                if (serves()) {
                    return launched;
                }
            }
        } catch (InterruptedException e) {
            launched.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while etcd started", e);
        }
        launched.destroyForcibly();
        throw new IOException("etcd does not listen on " + endpoint() + " after " + START_TIMEOUT);
    }

    private boolean serves() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), clientPort), 1000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    private static void stop(Process process) {
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static Path program() {
        return find().orElseThrow(() -> new IllegalStateException(HOW_TO_GET_ETCD));
    }

    private static Optional<Path> find() {
        String path = System.getenv("PATH");
        return Stream.of((path == null ? "" : path).split(File.pathSeparator))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, "etcd"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
