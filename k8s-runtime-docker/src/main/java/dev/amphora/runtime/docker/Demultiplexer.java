package dev.amphora.runtime.docker;

import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Parts the output of a command: where it has no terminal the engine puts eight bytes before each piece, which say whether it is error
 * output, and how long it is.
 */
final class Demultiplexer implements ByteSink {
    private static final int HEAD = 8;
    private static final int STDERR = 2;

    private final Output output;
    private final boolean plain;
    private final CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
    private final ByteBuffer head = ByteBuffer.allocate(HEAD);
    private int left;
    private boolean stderr;

    /**
     * For one command.
     *
     * @param plain whether everything is standard output, without heads
     */
    Demultiplexer(Output output, boolean plain) {
        this.output = output;
        this.plain = plain;
    }

    /** Completes when the output has been handed on. */
    CompletionStage<@Nullable Void> whenEnded() {
        return end;
    }

    @Override
    public CompletionStage<@Nullable Void> write(byte[] piece) {
        if (plain) {
            return output.stdout().write(piece);
        }
        CompletionStage<@Nullable Void> last = READY;
        ByteBuffer in = ByteBuffer.wrap(piece);
        while (in.hasRemaining()) {
            if (left == 0) {
                head.put(in.get());
                if (!head.hasRemaining()) {
                    stderr = head.get(0) == STDERR;
                    left = head.getInt(Integer.BYTES);
                    head.clear();
                }
                continue;
            }
            byte[] content = new byte[Math.min(left, in.remaining())];
            in.get(content);
            left -= content.length;
            last = (stderr ? output.stderr() : output.stdout()).write(content);
        }
        return last;
    }

    @Override
    public void end() {
        output.stdout().end();
        output.stderr().end();
        end.complete(null);
    }

    /** A container that ends may break the connection: the engine then says how it ended. */
    @Override
    public void abort() {
        end();
    }
}
