package dev.amphora.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.ResourceType;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A client whose writes pass a fence; reads are free. */
final class FencedClient implements Client {
    private final Client client;
    private final Fence fence;

    /** What a write passes. */
    interface Fence {
        /** Does a write, or refuses it with a {@code StatusException}. */
        <R> R pass(Supplier<R> write);
    }

    FencedClient(Client client, Fence fence) {
        this.client = client;
        this.fence = fence;
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
    public JsonNode subresource(ResourceType<?> type, @Nullable String namespace, String name, String subresource) {
        return client.subresource(type, namespace, name, subresource);
    }

    @Override
    public JsonNode read(String target) {
        return client.read(target);
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        return fence.pass(() -> client.create(object));
    }

    @Override
    public void post(ResourceType<?> type, ObjectNode object) {
        fence.pass(() -> {
            client.post(type, object);
            return Boolean.TRUE;
        });
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        return fence.pass(() -> client.update(object));
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        return fence.pass(() -> client.updateStatus(object));
    }

    @Override
    public <T extends HasMetadata> T patch(
            ResourceType<T> type, @Nullable String namespace, String name, Patch patch, @Nullable String subresource) {
        return fence.pass(() -> client.patch(type, namespace, name, patch, subresource));
    }

    @Override
    public void delete(ResourceType<?> type, @Nullable String namespace, String name, DeleteOptions options) {
        fence.pass(() -> {
            client.delete(type, namespace, name, options);
            return true;
        });
    }

    @Override
    public void deleteAll(ResourceType<?> type, @Nullable String namespace, DeleteOptions delete, ListOptions select) {
        fence.pass(() -> {
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
        return fence.pass(() -> client.subresource(type, namespace, name, subresource, body, replace));
    }
}
