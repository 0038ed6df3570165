package dev.amphora.tck;

import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store.Event;
import dev.amphora.store.Store.Listener;
import dev.amphora.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A watch listener that writes down what it hears and lets a test wait for it, on either kernel. */
class WatchRecorder implements Listener {
    private final Deadline deadline;
    private final Kernel kernel;
    private final List<Event> events = new ArrayList<>();
    private final List<Long> calls = new ArrayList<>();
    private final List<Long> progress = new ArrayList<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private @Nullable StoreException end;

    private record Waiter(Predicate<WatchRecorder> condition, CompletableFuture<Void> met) {}

    WatchRecorder(Kernel kernel, Deadline deadline) {
        this.kernel = kernel;
        this.deadline = deadline;
    }

    @Override
    public void onEvents(List<Event> batch) {
        synchronized (this) {
            events.addAll(batch);
            calls.add(batch.isEmpty() ? 0 : batch.get(batch.size() - 1).revision());
        }
        changed();
    }

    @Override
    public void onProgress(long revision) {
        synchronized (this) {
            progress.add(revision);
        }
        changed();
    }

    @Override
    public void onEnd(StoreException error) {
        synchronized (this) {
            end = error;
        }
        changed();
    }

    synchronized List<Event> events() {
        return List.copyOf(events);
    }

    synchronized List<Long> progress() {
        return List.copyOf(progress);
    }

    /** The last revision of each call of {@link #onEvents}; 0 for a call without events. */
    synchronized List<Long> calls() {
        return List.copyOf(calls);
    }

    synchronized Optional<StoreException> end() {
        return Optional.ofNullable(end);
    }

    List<Event> awaitEvents(int count) {
        await(count + " events", recorder -> recorder.events().size() >= count);
        return events();
    }

    long awaitProgress(long revision) {
        await("progress up to " + revision, recorder -> recorder.progress().stream()
                .anyMatch(r -> r >= revision));
        List<Long> seen = progress();
        return seen.get(seen.size() - 1);
    }

    StoreException awaitEnd() {
        await("the end of the watch", recorder -> recorder.end().isPresent());
        return end().orElseThrow();
    }

    private void await(String what, Predicate<WatchRecorder> condition) {
        CompletableFuture<Void> met = new CompletableFuture<>();
        synchronized (this) {
            waiters.add(new Waiter(condition, met));
        }
        changed();
        deadline.await(
                kernel,
                what,
                met,
                () -> "events " + Told.lastOf(events()) + ", progress " + progress() + ", end " + end());
    }

    private void changed() {
        List<Waiter> done = new ArrayList<>();
        synchronized (this) {
            for (Waiter waiter : waiters) {
                if (waiter.condition().test(this)) {
                    done.add(waiter);
                }
            }
            waiters.removeAll(done);
        }
        done.forEach(waiter -> waiter.met().complete(null));
    }
}
