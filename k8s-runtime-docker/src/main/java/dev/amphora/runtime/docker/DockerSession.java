package dev.amphora.runtime.docker;

import com.github.dockerjava.api.DockerClient;
import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.SocketLink;
import dev.amphora.stream.Streams;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** A command of the engine's with its streams connected. */
final class DockerSession implements Session {
    private static final int KILLED = 137;

    private final SocketLink link;
    private final Executor blocking;
    private final Control control;
    private final boolean stdin;
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    /** What the engine is asked about the command apart from its streams. Both block. */
    private interface Control {
        void resize(int columns, int rows);

        int exitCode();
    }

    private DockerSession(SocketLink link, boolean stdin, Executor blocking, Control control) {
        this.link = link;
        this.stdin = stdin;
        this.blocking = blocking;
        this.control = control;
    }

    /** Runs a command in a container. Blocks until the engine has begun it. */
    static DockerSession exec(
            Engine engine, Executor blocking, String containerId, List<String> command, Streams streams, Output output)
            throws IOException {
        DockerClient client = engine.client();
        String id = client.execCreateCmd(containerId)
                .withAttachStdin(streams.stdin())
                .withAttachStdout(streams.stdout())
                .withAttachStderr(streams.stderr())
                .withTty(streams.tty())
                .withCmd(command.toArray(String[]::new))
                .exec()
                .getId();
        SocketChannel channel =
                engine.hijack().post("/exec/" + id + "/start", "{\"Detach\":false,\"Tty\":" + streams.tty() + "}");
        return begin(channel, streams, output, blocking, new Control() {
            @Override
            public void resize(int columns, int rows) {
                client.resizeExecCmd(id).withSize(rows, columns).exec();
            }

            @Override
            public int exitCode() {
                Long code = client.inspectExecCmd(id).exec().getExitCodeLong();
                return code == null ? KILLED : code.intValue();
            }
        });
    }

    /** Joins in with a container's own process. Blocks until the engine has connected its streams. */
    static DockerSession attach(Engine engine, Executor blocking, String containerId, Streams streams, Output output)
            throws IOException {
        DockerClient client = engine.client();
        if (ContainerReport.container(client.inspectContainerCmd(containerId).exec())
                        .state()
                != ContainerState.RUNNING) {
            throw new IllegalStateException("container " + containerId + " is not running");
        }
        SocketChannel channel = engine.hijack()
                .post(
                        "/containers/" + containerId + "/attach?stream=1&stdin=" + streams.stdin() + "&stdout="
                                + streams.stdout() + "&stderr=" + streams.stderr(),
                        "");
        return begin(channel, streams, output, blocking, new Control() {
            @Override
            public void resize(int columns, int rows) {
                client.resizeContainerCmd(containerId).withSize(rows, columns).exec();
            }

            @Override
            public int exitCode() {
                return 0;
            }
        });
    }

    /** Begins to hand on output. */
    private static DockerSession begin(
            SocketChannel channel, Streams streams, Output output, Executor blocking, Control control) {
        SocketLink link = new SocketLink(channel, blocking);
        DockerSession session = new DockerSession(link, streams.stdin(), blocking, control);
        // a terminal has one output, which comes unparted
        Demultiplexer parts = new Demultiplexer(output, streams.tty());
        parts.whenEnded().whenComplete((nothing, failure) -> blocking.execute(session::ended));
        link.receive(parts);
        if (!streams.stdin()) {
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
