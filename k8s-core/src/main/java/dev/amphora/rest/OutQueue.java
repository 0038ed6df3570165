package dev.amphora.rest;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Feeds a transport that takes one thing at a time, in the order of submission, without a thread of its own.
 *
 * @param <T> what goes out
 */
abstract class OutQueue<T> {
    private final ArrayDeque<Entry<T>> entries = new ArrayDeque<>();
    private final List<Runnable> closeActions = new ArrayList<>();
    private boolean sending;
    private boolean closed;

    private record Entry<T>(@Nullable T item, CompletableFuture<Void> sent) {}

    /** Hands one item to the transport, which calls back once. */
    abstract void send(T item, Consumer<@Nullable Throwable> done);

    /** Tells the transport that nothing more comes. */
    abstract void finish();

    /** Submits an item; the stage fails if the queue is closed. */
    final CompletionStage<Void> offer(T item) {
        return add(item);
    }

    /** Submits the end. */
    final void offerEnd() {
        add(null);
    }

    private CompletionStage<Void> add(@Nullable T item) {
        Entry<T> entry = new Entry<>(item, new CompletableFuture<>());
        synchronized (this) {
            if (closed) {
                entry.sent.completeExceptionally(new IllegalStateException("closed"));
                return entry.sent;
            }
            entries.add(entry);
            if (sending) {
                return entry.sent;
            }
            sending = true;
        }
        drain();
        return entry.sent;
    }

    private void drain() {
        while (true) {
            Entry<T> entry;
            synchronized (this) {
                entry = entries.peek();
                if (entry == null || closed) {
                    sending = false;
                    return;
                }
                entries.poll();
            }
            if (entry.item == null) {
                finish();
                entry.sent.complete(null);
                close();
                return;
            }
            Turn turn = new Turn();
            send(entry.item, failure -> {
                if (failure == null) {
                    entry.sent.complete(null);
                    if (turn.over()) {
                        drain();
                    }
                } else {
                    entry.sent.completeExceptionally(failure);
                    close();
                }
            });
            if (!turn.over()) {
                return;
            }
        }
    }

    /** Drops what has not gone out and runs the close actions. Idempotent. */
    final void close() {
        List<Entry<T>> dropped;
        List<Runnable> actions;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            dropped = new ArrayList<>(entries);
            entries.clear();
            actions = new ArrayList<>(closeActions);
            closeActions.clear();
        }
        for (Entry<T> entry : dropped) {
            entry.sent.completeExceptionally(new IllegalStateException("closed"));
        }
        actions.forEach(Runnable::run);
    }

    /** Registers what to do on close; at once if it is closed. */
    final void whenClosed(Runnable action) {
        synchronized (this) {
            if (!closed) {
                closeActions.add(action);
                return;
            }
        }
        action.run();
    }

    /** Tells a callback that comes during the call from one that comes after it: the second of the two parties goes on. */
    private static final class Turn {
        private boolean first = true;

        synchronized boolean over() {
            boolean second = !first;
            first = false;
            return second;
        }
    }
}
