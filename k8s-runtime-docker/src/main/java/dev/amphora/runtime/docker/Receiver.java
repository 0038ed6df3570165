package dev.amphora.runtime.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.exception.DockerException;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what the engine streams, and how it ended. Unlike the client's own it leaves errors to whoever asked, rather than to the log.
 *
 * @param <T> what comes
 */
abstract class Receiver<T> implements ResultCallback<T> {
    private static final Logger log = LoggerFactory.getLogger(Receiver.class);

    private final CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
    private @Nullable Closeable stream;
    private boolean closed;

    /** The stream has ended: by itself without an error, or with one, unless it has been closed before. */
    void ended(@Nullable Throwable error) {}

    /**
     * Waits for the end of the stream.
     *
     * @param timeout zero for ever
     * @return whether it came in time
     */
    final boolean await(Duration timeout) throws InterruptedException {
        try {
            if (timeout.isZero()) {
                end.get();
            } else {
                end.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            }
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof DockerException docker) {
                throw docker;
            }
            throw new EngineException("the engine's stream broke: " + cause.getMessage(), cause);
        }
    }

    @Override
    public final void onStart(Closeable opened) {
        boolean tooLate;
        synchronized (this) {
            stream = opened;
            tooLate = closed;
        }
        if (tooLate) {
            closeQuietly(opened);
        }
    }

    @Override
    public final void onError(Throwable error) {
        if (!isClosed() && end.completeExceptionally(error)) {
            ended(error);
        }
    }

    @Override
    public final void onComplete() {
        if (!isClosed() && end.complete(null)) {
            ended(null);
        }
    }

    @Override
    public final void close() {
        Closeable open;
        synchronized (this) {
            closed = true;
            open = stream;
        }
        end.complete(null);
        if (open != null) {
            closeQuietly(open);
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private static void closeQuietly(Closeable stream) {
        try {
            stream.close();
        } catch (IOException e) {
            log.debug("A stream of the engine did not close", e);
        }
    }
}
