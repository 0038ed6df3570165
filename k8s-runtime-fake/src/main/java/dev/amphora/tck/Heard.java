package dev.amphora.tck;

import dev.amphora.stream.ByteSink;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Keeps what a command prints or a port sends. */
final class Heard implements ByteSink {
    private final ByteArrayOutputStream all = new ByteArrayOutputStream();
    private final CompletableFuture<@Nullable Void> end = new CompletableFuture<>();

    synchronized String text() {
        return all.toString(StandardCharsets.UTF_8);
    }

    CompletionStage<@Nullable Void> whenEnded() {
        return end;
    }

    @Override
    public synchronized CompletionStage<@Nullable Void> write(byte[] piece) {
        all.writeBytes(piece);
        return READY;
    }

    @Override
    public void end() {
        end.complete(null);
    }

    @Override
    public void abort() {
        end.complete(null);
    }
}
