package dev.amphora.runtime.fake;

import dev.amphora.stream.ByteSink;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Keeps all that comes. */
final class Collected implements ByteSink {
    private final ByteArrayOutputStream all = new ByteArrayOutputStream();

    synchronized byte[] bytes() {
        return all.toByteArray();
    }

    @Override
    public synchronized CompletionStage<@Nullable Void> write(byte[] piece) {
        all.writeBytes(piece);
        return READY;
    }

    @Override
    public void end() {}

    @Override
    public void abort() {}
}
