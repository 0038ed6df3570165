package dev.amphora.stream;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what comes until it is known where it goes, and lets the sender run ahead of the receiver by a limited number of bytes, so that
 * one who stalls does not hold up at once what else comes the same way.
 */
public final class BufferedSink implements ByteSink {
    private static final int LIMIT = 256 << 10;

    private final Queue<Consumer<ByteSink>> early = new ArrayDeque<>();
    private @Nullable ByteSink target;
    private boolean connecting;
    private long waiting;
    private @Nullable CompletableFuture<@Nullable Void> room;

    /** Not connected yet. */
    public BufferedSink() {}

    /** Says where everything goes. Called once. */
    public void connect(ByteSink to) {
        synchronized (this) {
            if (connecting) {
                throw new IllegalStateException("connected already");
            }
            connecting = true;
        }
        while (true) {
            Consumer<ByteSink> next;
            synchronized (this) {
                next = early.poll();
                if (next == null) {
                    target = to;
                    return;
                }
            }
            next.accept(to);
        }
    }

    @Override
    public CompletionStage<@Nullable Void> write(byte[] piece) {
        CompletionStage<@Nullable Void> answer;
        synchronized (this) {
            waiting += piece.length;
            if (waiting <= LIMIT) {
                answer = READY;
            } else {
                if (room == null) {
                    room = new CompletableFuture<>();
                }
                answer = room;
            }
        }
        pass(to -> to.write(piece).whenComplete((taken, failure) -> taken(piece.length)));
        return answer;
    }

    @Override
    public void end() {
        pass(ByteSink::end);
    }

    @Override
    public void abort() {
        pass(ByteSink::abort);
    }

    private void pass(Consumer<ByteSink> act) {
        ByteSink to;
        synchronized (this) {
            to = target;
            if (to == null) {
                early.add(act);
                return;
            }
        }
        act.accept(to);
    }

    private void taken(int length) {
        CompletableFuture<@Nullable Void> free = null;
        synchronized (this) {
            waiting -= length;
            if (waiting <= LIMIT / 2) {
                free = room;
                room = null;
            }
        }
        if (free != null) {
            free.complete(null);
        }
    }
}
