package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ListOptions;
import dev.amphora.client.ObjectList;
import dev.amphora.client.Patch;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A client whose writes take time, as they do over a network: what happens meanwhile is seen together afterwards. */
final class SlowClient implements Client {
    private final Client client;
    private final Kernel kernel;
    private final Actor timers;
    private final Supplier<Taken> latency;

    /**
     * How long a write takes.
     *
     * @param before until the server does it
     * @param after from then on, until its writer knows
     */
    record Taken(Duration before, Duration after) {}

    /** @param latency how long the next write takes */
    SlowClient(Client client, Kernel kernel, Supplier<Taken> latency) {
        this.client = client;
        this.kernel = kernel;
        this.timers = kernel.actor("latency");
        this.latency = latency;
    }

    private <T> T slowly(Supplier<T> write) {
        Taken taken = latency.get();
        pass(taken.before());
        CompletableFuture<Boolean> over = after(taken.after());
        try {
            return write.get();
        } finally {
            kernel.await(over);
        }
    }

    private void pass(Duration time) {
        if (!time.isZero()) {
            kernel.await(after(time));
        }
    }

    private CompletableFuture<Boolean> after(Duration time) {
        if (time.isZero()) {
            return CompletableFuture.completedFuture(true);
        }
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        timers.schedule(time, () -> over.complete(true));
        return over;
    }

    @Override
    public <T extends HasMetadata> T get(ResourceType<T> type, @Nullable String namespace, String name) {
        return client.get(type, namespace, name);
    }

    @Override
    public <T extends HasMetadata> ObjectList<T> list(
            ResourceType<T> type, @Nullable String namespace, ListOptions options) {
        return client.list(type, namespace, options);
    }

    @Override
    public <T extends HasMetadata> Watch watch(
            ResourceType<T> type, @Nullable String namespace, ListOptions options, Watcher<T> watcher) {
        return client.watch(type, namespace, options, watcher);
    }

    @Override
    public JsonNode read(String target) {
        return client.read(target);
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        return slowly(() -> client.create(object));
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        return slowly(() -> client.update(object));
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        return slowly(() -> client.updateStatus(object));
    }

    @Override
    public <T extends HasMetadata> T patch(
            ResourceType<T> type, @Nullable String namespace, String name, Patch patch, @Nullable String subresource) {
        return slowly(() -> client.patch(type, namespace, name, patch, subresource));
    }

    @Override
    public void delete(ResourceType<?> type, @Nullable String namespace, String name, DeleteOptions options) {
        slowly(() -> {
            client.delete(type, namespace, name, options);
            return true;
        });
    }

    @Override
    public void deleteAll(ResourceType<?> type, @Nullable String namespace, DeleteOptions delete, ListOptions select) {
        slowly(() -> {
            client.deleteAll(type, namespace, delete, select);
            return true;
        });
    }

    @Override
    public JsonNode subresource(
            ResourceType<?> type,
            @Nullable String namespace,
            String name,
            String subresource,
            JsonNode body,
            boolean replace) {
        return slowly(() -> client.subresource(type, namespace, name, subresource, body, replace));
    }

    @Override
    public JsonNode subresource(ResourceType<?> type, @Nullable String namespace, String name, String subresource) {
        return client.subresource(type, namespace, name, subresource);
    }
}
