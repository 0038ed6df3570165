package dev.amphora.rest;

import dev.amphora.rest.remote.ByteListener;
import dev.amphora.stream.ByteSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** A connection of Jetty's that has left HTTP: bytes in, bytes out, as fast as either side takes them. */
final class JettyBytes extends AbstractConnection implements Connection.UpgradeTo {
    private static final int PIECE = 16 << 10;

    private final ByteListener listener;
    private final Out out = new Out();
    private byte[] early = new byte[0];

    JettyBytes(EndPoint endPoint, Executor executor, ByteListener listener) {
        super(endPoint, executor);
        this.listener = listener;
        out.whenGone(listener::onClosed);
    }

    /** What has been read already came too soon for HTTP. */
    @Override
    public void onUpgradeTo(@Nullable ByteBuffer prefilled) {
        if (prefilled != null) {
            early = BufferUtil.toArray(prefilled);
        }
    }

    @Override
    public void onOpen() {
        super.onOpen();
        getEndPoint().setIdleTimeout(0);
        listener.onOpen(out);
        if (early.length > 0) {
            goOn(listener.onBytes(early));
        } else {
            fillInterested();
        }
    }

    @Override
    public void onFillable() {
        ByteBuffer buffer = BufferUtil.allocate(PIECE);
        try {
            while (true) {
                int filled = getEndPoint().fill(buffer);
                if (filled == 0) {
                    fillInterested();
                    return;
                }
                if (filled < 0) {
                    close();
                    return;
                }
                byte[] piece = BufferUtil.toArray(buffer);
                BufferUtil.clear(buffer);
                CompletableFuture<?> taken = listener.onBytes(piece).toCompletableFuture();
                if (!taken.isDone()) {
                    goOn(taken);
                    return;
                }
            }
        } catch (IOException e) {
            close();
        }
    }

    private void goOn(CompletionStage<?> taken) {
        taken.whenComplete((nothing, failure) -> fillInterested());
    }

    @Override
    public void onFillInterestedFailed(Throwable cause) {
        close();
    }

    @Override
    public void close() {
        out.gone();
        super.close();
    }

    private final class Out extends OutQueue<byte[]> implements ByteSink {
        void whenGone(Runnable action) {
            whenClosed(action);
        }

        void gone() {
            close();
        }

        @Override
        public CompletionStage<@Nullable Void> write(byte[] piece) {
            return offer(piece).thenApply(sent -> null);
        }

        @Override
        public void end() {
            offerEnd();
        }

        @Override
        public void abort() {
            JettyBytes.this.close();
        }

        @Override
        void send(byte[] piece, Consumer<@Nullable Throwable> done) {
            getEndPoint().write(Callback.from(() -> done.accept(null), done::accept), ByteBuffer.wrap(piece));
        }

        @Override
        void finish() {
            getEndPoint().close();
        }
    }
}
