package dev.amphora.runtime.docker;

import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.SocketLink;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** A command of the engine's with its streams connected. */
final class DockerSession implements Session {
    private final SocketLink link;
    private final Executor blocking;
    private final Control control;
    private final boolean stdin;
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    /** What the engine is asked about the command apart from its streams. Both block. */
    interface Control {
        void resize(int columns, int rows);

        int exitCode();
    }

    private DockerSession(SocketLink link, boolean stdin, Executor blocking, Control control) {
        this.link = link;
        this.stdin = stdin;
        this.blocking = blocking;
        this.control = control;
    }

    /**
     * Begins to hand on output.
     *
     * @param channel carries the streams
     * @param stdin whether there is input
     * @param plain whether output comes unparted
     */
    static DockerSession begin(
            SocketChannel channel, boolean stdin, boolean plain, Output output, Executor blocking, Control control) {
        SocketLink link = new SocketLink(channel, blocking);
        DockerSession session = new DockerSession(link, stdin, blocking, control);
        Demultiplexer parts = new Demultiplexer(output, plain);
        parts.whenEnded().whenComplete((nothing, failure) -> blocking.execute(session::ended));
        link.receive(parts);
        if (!stdin) {
            link.end();
        }
        return session;
    }

    private void ended() {
        try {
            exitCode.complete(control.exitCode());
        } catch (RuntimeException e) {
            exitCode.completeExceptionally(e);
        }
        link.abort();
    }

    @Override
    public ByteSink stdin() {
        return stdin ? link : ByteSink.discarding();
    }

    @Override
    public void resize(int columns, int rows) {
        blocking.execute(() -> {
            try {
                control.resize(columns, rows);
            } catch (RuntimeException over) {
                // a command that has just ended has no terminal any more
            }
        });
    }

    @Override
    public CompletionStage<Integer> exitCode() {
        return exitCode;
    }

    @Override
    public void close() {
        link.abort();
    }
}
