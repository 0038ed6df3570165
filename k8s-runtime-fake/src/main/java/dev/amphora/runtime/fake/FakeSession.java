package dev.amphora.runtime.fake;

import dev.amphora.kernel.Actor;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** A scripted command while it runs: the client's side may be used from any thread, the script's on the runtime's actor. */
final class FakeSession implements Session, Console {
    private final Actor actor;
    private final List<String> command;
    private final Streams streams;
    private final Output output;
    private final IntConsumer whenExited;
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    private final List<byte[]> early = new ArrayList<>();
    private @Nullable Consumer<byte[]> inputAction;
    private @Nullable Runnable inputEndAction;
    private @Nullable Consumer<Size> resizeAction;
    private @Nullable Size size;
    private boolean inputEnded;

    /**
     * A command about to begin.
     *
     * @param actor the runtime's
     * @param whenExited told the exit code when the script ends the command
     */
    FakeSession(Actor actor, List<String> command, Streams streams, Output output, IntConsumer whenExited) {
        this.actor = actor;
        this.command = command;
        this.streams = streams;
        this.output = output;
        this.whenExited = whenExited;
        this.inputEnded = !streams.stdin();
    }

    // -- the client's side -------------------------------------------------------------------------------------------

    @Override
    public ByteSink stdin() {
        return new ByteSink() {
            @Override
            public CompletionStage<@Nullable Void> write(byte[] piece) {
                actor.execute(() -> input(piece));
                return READY;
            }

            @Override
            public void end() {
                actor.execute(FakeSession.this::inputEnd);
            }

            @Override
            public void abort() {
                end();
            }
        };
    }

    @Override
    public void resize(int columns, int rows) {
        actor.execute(() -> {
            Size now = new Size(columns, rows);
            size = now;
            if (resizeAction != null && !exitCode.isDone()) {
                resizeAction.accept(now);
            }
        });
    }

    @Override
    public CompletionStage<Integer> exitCode() {
        return exitCode;
    }

    @Override
    public void close() {
        actor.execute(() -> {
            inputEnd();
            exitCode.completeExceptionally(new IllegalStateException("the client has gone"));
        });
    }

    // -- the script's side -------------------------------------------------------------------------------------------

    @Override
    public List<String> command() {
        return command;
    }

    @Override
    public boolean tty() {
        return streams.tty();
    }

    @Override
    public Console write(byte[] bytes) {
        if (streams.stdout() && bytes.length > 0 && !exitCode.isDone()) {
            output.stdout().write(bytes);
        }
        return this;
    }

    @Override
    public Console print(String text) {
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Console printError(String text) {
        if (tty()) {
            return print(text);
        }
        if (streams.stderr() && !text.isEmpty() && !exitCode.isDone()) {
            output.stderr().write(text.getBytes(StandardCharsets.UTF_8));
        }
        return this;
    }

    @Override
    public void exit(int code) {
        if (exitCode.isDone()) {
            return;
        }
        endOutput();
        exitCode.complete(code);
        whenExited.accept(code);
    }

    @Override
    public void fail(String message) {
        if (!exitCode.isDone()) {
            endOutput();
            exitCode.completeExceptionally(new IllegalStateException(message));
        }
    }

    @Override
    public Console onInput(Consumer<byte[]> action) {
        inputAction = action;
        List<byte[]> came = List.copyOf(early);
        early.clear();
        came.forEach(action);
        return this;
    }

    @Override
    public Console onInputEnd(Runnable action) {
        inputEndAction = action;
        if (inputEnded) {
            action.run();
        }
        return this;
    }

    @Override
    public Console onResize(Consumer<Size> action) {
        resizeAction = action;
        if (size != null) {
            action.accept(size);
        }
        return this;
    }

    @Override
    public Console after(Duration delay, Runnable action) {
        if (delay.isZero()) {
            action.run();
            return this;
        }
        actor.schedule(delay, () -> {
            if (!exitCode.isDone()) {
                action.run();
            }
        });
        return this;
    }

    private void input(byte[] piece) {
        if (exitCode.isDone() || inputEnded) {
            return;
        }
        if (inputAction == null) {
            early.add(piece);
        } else {
            inputAction.accept(piece);
        }
    }

    private void inputEnd() {
        if (inputEnded) {
            return;
        }
        inputEnded = true;
        if (inputEndAction != null && !exitCode.isDone()) {
            inputEndAction.run();
        }
    }

    private void endOutput() {
        output.stdout().end();
        output.stderr().end();
    }
}
