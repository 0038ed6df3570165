package dev.amphora.apiserver.audit;

import dev.amphora.api.Json;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes each event as one line of JSON to the end of a file, off the caller's thread and in order. */
public final class AuditLog implements AuditSink, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);

    private final Kernel kernel;
    private final Actor actor;
    private final OutputStream out;

    private AuditLog(Kernel kernel, OutputStream out) {
        this.kernel = kernel;
        this.out = out;
        actor = kernel.actor("apiserver/audit");
    }

    /**
     * Opens a file, or makes it.
     *
     * @param kernel does the writing
     * @throws UncheckedIOException if it can't be written
     */
    public static AuditLog to(Path file, Kernel kernel) {
        try {
            return new AuditLog(
                    kernel,
                    new BufferedOutputStream(
                            Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    @Override
    public void take(AuditEvent event) {
        actor.execute(() -> {
            try {
                out.write(Json.write(event.toTree()));
                out.write('\n');
                out.flush();
            } catch (IOException e) {
                log.error("An audit event was not written: {}", event.auditId(), e);
            }
        });
    }

    /** Writes what has been taken, and closes the file. */
    @Override
    public void close() {
        CompletableFuture<Void> written = new CompletableFuture<>();
        actor.execute(() -> written.complete(null));
        kernel.await(written);
        actor.close();
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
