package dev.amphora;

import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Waits for a condition by watching the one object that it is about. */
final class Awaiting<T extends HasMetadata> implements Watcher<T> {
    private final Kernel kernel;
    private final Client client;
    private final Condition<T> condition;
    private final CompletableFuture<@Nullable T> outcome = new CompletableFuture<>();
    private final Actor actor;
    private @Nullable Watch watch;

    private Awaiting(Kernel kernel, Client client, Condition<T> condition) {
        this.kernel = kernel;
        this.client = client;
        this.condition = condition;
        this.actor = kernel.actor("await");
    }

    /**
     * Waits.
     *
     * @return the object that fulfils the condition, null if the condition is that there is none
     * @throws IllegalStateException if the time is over first; tells how the object looked
     */
    static <T extends HasMetadata> @Nullable T await(
            Kernel kernel, Client client, Condition<T> condition, Duration timeout) {
        Awaiting<T> awaiting = new Awaiting<>(kernel, client, condition);
        try {
            return awaiting.await(timeout);
        } finally {
            awaiting.end();
        }
    }

    /**
     * Waits until something is told.
     *
     * @param telling takes what is to be run then
     * @throws IllegalStateException if the time is over first
     */
    static void told(Kernel kernel, String what, Consumer<Runnable> telling, Duration timeout) {
        Actor actor = kernel.actor("await");
        CompletableFuture<Boolean> told = new CompletableFuture<>();
        try {
            actor.schedule(timeout, () -> told.completeExceptionally(new TimeoutException()));
            telling.accept(() -> told.complete(true));
            kernel.await(told);
        } catch (CompletionException e) {
            throw new IllegalStateException("%s was not true within %s".formatted(what, timeout), e.getCause());
        } finally {
            actor.close();
        }
    }

    private @Nullable T await(Duration timeout) {
        T current = client.find(condition.type(), condition.namespace(), condition.name())
                .orElse(null);
        if (condition.test().test(current)) {
            return current;
        }
        actor.schedule(timeout, () -> outcome.completeExceptionally(new TimeoutException()));
        begin();
        try {
            return kernel.await(outcome);
        } catch (CompletionException e) {
            T last = client.find(condition.type(), condition.namespace(), condition.name())
                    .orElse(null);
            throw new IllegalStateException(
                    "%s was not true within %s; the object was %s".formatted(condition, timeout, last), e.getCause());
        }
    }

    private void begin() {
        synchronized (this) {
            if (outcome.isDone()) {
                return;
            }
            watch = client.watch(
                    condition.type(),
                    condition.namespace(),
                    ListOptions.all().withFields("metadata.name=" + condition.name()),
                    this);
        }
        look(client.find(condition.type(), condition.namespace(), condition.name())
                .orElse(null));
    }

    private void end() {
        actor.close();
        synchronized (this) {
            outcome.cancel(false);
            if (watch != null) {
                watch.close();
            }
        }
    }

    @Override
    public void onEvent(EventType type, T object) {
        look(type == EventType.DELETED ? null : object);
    }

    private void look(@Nullable T object) {
        if (condition.test().test(object)) {
            outcome.complete(object);
        }
    }

    @Override
    public void onBookmark(String resourceVersion) {}

    @Override
    public void onClose(@Nullable StatusException error) {
        actor.schedule(Duration.ofMillis(100), this::begin);
    }
}
