package dev.amphora.controller;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ListOptions;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.ObjectList;
import dev.amphora.client.Patch;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client that notes each write at the loop, on behalf of the key that is worked on, so that nobody need remember to. */
final class NotingClient implements Client {
    private final Client client;
    private final ControlLoop<ObjectKey> loop;
    private final ObjectKey key;
    private final Map<ResourceType<?>, Informer<?>> informers;

    /** @param informers those that will see the writes, over all objects of their kinds */
    NotingClient(
            Client client, ControlLoop<ObjectKey> loop, ObjectKey key, Map<ResourceType<?>, Informer<?>> informers) {
        this.client = client;
        this.loop = loop;
        this.key = key;
        this.informers = informers;
    }

    private <T extends HasMetadata> T noted(T written) {
        Informer<?> informer = informers.get(ResourceType.of(written));
        if (informer != null) {
            loop.wrote(key, informer, written);
        }
        return written;
    }

    @Override
    public JsonNode read(String target) {
        return client.read(target);
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        return noted(client.create(object));
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        return noted(client.update(object));
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        return noted(client.updateStatus(object));
    }

    @Override
    public <T extends HasMetadata> T patch(
            ResourceType<T> type, @Nullable String namespace, String name, Patch patch, @Nullable String subresource) {
        return noted(client.patch(type, namespace, name, patch, subresource));
    }

    @Override
    public void delete(ResourceType<?> type, @Nullable String namespace, String name, DeleteOptions options) {
        client.delete(type, namespace, name, options);
        Informer<?> informer = informers.get(type);
        if (informer != null) {
            informer.find(namespace, name).ifPresent(object -> loop.deleted(key, informer, object));
        }
    }

    @Override
    public void deleteAll(ResourceType<?> type, @Nullable String namespace, DeleteOptions delete, ListOptions select) {
        client.deleteAll(type, namespace, delete, select);
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
    public JsonNode subresource(
            ResourceType<?> type,
            @Nullable String namespace,
            String name,
            String subresource,
            JsonNode body,
            boolean replace) {
        return client.subresource(type, namespace, name, subresource, body, replace);
    }
}
