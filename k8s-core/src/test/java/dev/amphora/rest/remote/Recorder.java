package dev.amphora.rest.remote;

import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Keeps what comes, and how it ended. */
final class Recorder implements ByteSink {
    private final ByteArrayOutputStream all = new ByteArrayOutputStream();
    boolean ended;
    boolean aborted;

    byte[] bytes() {
        return all.toByteArray();
    }

    String text() {
        return all.toString(StandardCharsets.UTF_8);
    }

    void clear() {
        all.reset();
    }

    @Override
    public CompletionStage<Void> write(byte[] piece) {
        all.writeBytes(piece);
        return READY;
    }

    @Override
    public void end() {
        ended = true;
    }

    @Override
    public void abort() {
        aborted = true;
    }

    /** A command that prints what a test says. */
    static final class Command implements Session, Session.Starter {
        final Recorder stdin = new Recorder();
        final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
        Output output = new Output(ByteSink.discarding(), ByteSink.discarding());
        int columns;
        int rows;
        boolean closed;

        @Override
        public CompletionStage<Session> start(Output given) {
            output = given;
            return CompletableFuture.completedStage(this);
        }

        CompletionStage<Session.Starter> found() {
            return CompletableFuture.completedStage(this);
        }

        void prints(String text) {
            output.stdout().write(text.getBytes(StandardCharsets.UTF_8));
        }

        void complains(String text) {
            output.stderr().write(text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public ByteSink stdin() {
            return stdin;
        }

        @Override
        public void resize(int newColumns, int newRows) {
            columns = newColumns;
            rows = newRows;
        }

        @Override
        public CompletionStage<Integer> exitCode() {
            return exitCode;
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
