package dev.amphora.rest.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.stream.BufferedSink;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A command in a container and its client, whatever carries their streams: starts it, and tells the client how it ended. */
final class RemoteCommand {
    private final BufferedSink stdin = new BufferedSink();
    private final ByteSink stdout;
    private final ByteSink stderr;
    private final ByteSink error;
    private final boolean statusAsJson;
    private final Runnable finished;
    private @Nullable Session session;
    private byte @Nullable [] earlySize;
    private boolean gone;

    /**
     * A command about to be started.
     *
     * @param stdout to the client
     * @param stderr to the client
     * @param error tells the client how the command ended, with the fourth version of the protocol as a status, before that as text
     * @param finished run when all is said
     */
    RemoteCommand(ByteSink stdout, ByteSink stderr, ByteSink error, boolean statusAsJson, Runnable finished) {
        this.stdout = stdout;
        this.stderr = stderr;
        this.error = error;
        this.statusAsJson = statusAsJson;
        this.finished = finished;
    }

    /** Where the client's input goes. */
    ByteSink stdin() {
        return stdin;
    }

    /** Starts the command that has been looked for. */
    void start(CompletionStage<Session.Starter> command) {
        command.thenCompose(starter -> starter.start(new Output(stdout, stderr)))
                .whenComplete((started, failure) -> {
                    if (failure != null) {
                        stdin.connect(ByteSink.discarding());
                        tell(failure, failed(failure));
                    } else {
                        begun(started);
                    }
                });
    }

    private void begun(Session started) {
        byte[] size;
        boolean late;
        synchronized (this) {
            session = started;
            size = earlySize;
            late = gone;
        }
        if (late) {
            started.close();
        }
        if (size != null) {
            resize(size);
        }
        stdin.connect(started.stdin());
        started.exitCode().whenComplete((code, failure) -> {
            if (failure != null) {
                tell(failure, failed(failure));
            } else {
                tell(null, code == 0 ? status("Success") : exited(code));
            }
        });
    }

    /** The client's terminal has another size: a JSON object with {@code Width} and {@code Height}. */
    void resize(byte[] message) {
        Session current;
        synchronized (this) {
            current = session;
            if (current == null) {
                earlySize = message;
                return;
            }
        }
        try {
            JsonNode size = Json.read(message);
            int columns = size.path("Width").asInt();
            int rows = size.path("Height").asInt();
            if (columns > 0 && rows > 0) {
                current.resize(columns, rows);
            }
        } catch (UncheckedIOException | IllegalArgumentException e) {
            // a size that cannot be read changes nothing
        }
    }

    /** The client has gone. */
    void gone() {
        Session current;
        synchronized (this) {
            gone = true;
            current = session;
        }
        if (current != null) {
            current.close();
        }
    }

    private void tell(@Nullable Throwable failure, ObjectNode status) {
        if (statusAsJson) {
            error.write(Json.write(status));
        } else if (!status.path("status").asText().equals("Success")) {
            error.write(status.path("message").asText().getBytes(StandardCharsets.UTF_8));
        }
        stdout.end();
        stderr.end();
        error.end();
        finished.run();
    }

    private static ObjectNode status(String status) {
        ObjectNode tree = Json.object();
        tree.putObject("metadata");
        return tree.put("status", status);
    }

    private static ObjectNode exited(int code) {
        ObjectNode status = status("Failure")
                .put("message", "command terminated with non-zero exit code: exit status " + code)
                .put("reason", "NonZeroExitCode");
        status.putObject("details")
                .putArray("causes")
                .addObject()
                .put("reason", "ExitCode")
                .put("message", Integer.toString(code));
        return status;
    }

    private static ObjectNode failed(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof KubeletFailure told) {
            return told(told);
        }
        // what was refused before the command began is what an upgrade towards the kubelet would have failed with
        String what = cause instanceof StatusException
                ? "unable to upgrade connection: "
                : "error executing command in container: ";
        return internal(what + (cause.getMessage() == null ? cause.toString() : cause.getMessage()));
    }

    private static ObjectNode told(KubeletFailure failure) {
        ObjectNode status = failure.status();
        return status == null ? internal(String.valueOf(failure.getMessage())) : status;
    }

    private static ObjectNode internal(String message) {
        ObjectNode status = status("Failure")
                .put("message", "Internal error occurred: " + message)
                .put("reason", "InternalError");
        status.putObject("details").putArray("causes").addObject().put("message", message);
        return status.put("code", 500);
    }
}
