package dev.amphora.samples.conformance;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Anybody's API server, at a URL. */
final class UrlTarget implements Target {
    private static final Duration AFTER_COMPACTION = Duration.ofMillis(200);

    private final Kernel kernel = new ThreadedKernel();
    private final Pace pace = new Pace(kernel);
    private final Transport transport;
    private final Server server;
    private final @Nullable String compactCommand;

    /**
     * @param token of a user in system:masters
     * @param tokens for the other names in recordings
     * @param compactCommand what a shell does to compact the store; null if there is no way
     */
    UrlTarget(URI url, String token, Map<String, String> tokens, @Nullable String compactCommand) {
        this.transport = new HttpTransport(url, kernel);
        this.server = new Server(transport, token, tokens);
        this.compactCommand = compactCommand;
    }

    @Override
    public Server server() {
        return server;
    }

    @Override
    public Pace pace() {
        return pace;
    }

    @Override
    public void compact() {
        if (compactCommand == null) {
            throw new SkipException("needs a way to compact the store (--compact)");
        }
        try {
            Commands.Output output = Commands.run("sh", "-c", compactCommand);
            if (output.exit() != 0) {
                throw new IllegalStateException("--compact: " + output.stderr());
            }
        } catch (IOException e) {
            throw new SkipException("needs a shell for --compact");
        }
        pace.pause(AFTER_COMPACTION);
    }

    @Override
    public void close() {
        transport.close();
        pace.close();
        kernel.close();
    }
}
