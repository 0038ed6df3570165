package dev.amphora.stream;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Where bytes go, one piece after the other. Safe for concurrent use; never blocks. */
public interface ByteSink {
    /** What {@link #write} may give where the next piece is welcome at once. */
    CompletionStage<@Nullable Void> READY = CompletableFuture.completedStage(null);

    /**
     * Takes a piece. Pieces go out in the order given, also if the caller does not wait; one that does wait keeps memory bounded.
     *
     * @param piece not changed by anybody afterwards
     * @return completes when the next piece is welcome, exceptionally if nobody takes it any more
     */
    CompletionStage<@Nullable Void> write(byte[] piece);

    /** Says that nothing more comes. Idempotent. */
    void end();

    /** Says that what comes ends before its time. Idempotent, and without effect after {@link #end}. */
    void abort();

    /** Takes everything and keeps nothing. */
    static ByteSink discarding() {
        return new ByteSink() {
            @Override
            public CompletionStage<@Nullable Void> write(byte[] piece) {
                return READY;
            }

            @Override
            public void end() {}

            @Override
            public void abort() {}
        };
    }
}
