package dev.amphora.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Typed access to an API server under one identity.
 *
 * <p>The same code runs in process and against any cluster. Calls return when the server has answered and throw a
 * {@link StatusException} with the server's own {@code Status} on failure. Objects that come back from reads and watches may be
 * shared: they are read-only by contract; {@linkplain Json#copy copy} before changing. Objects passed in are not kept.
 *
 * <p>A namespace is null or empty for cluster-scoped kinds and, in lists and watches, for all namespaces.
 */
public interface Client {

    /** Reads one object, as recent as the last write. */
    <T extends HasMetadata> T get(ResourceType<T> type, @Nullable String namespace, String name);

    /** Reads one object, empty if there is none. */
    default <T extends HasMetadata> Optional<T> find(ResourceType<T> type, @Nullable String namespace, String name) {
        try {
            return Optional.of(get(type, namespace, name));
        } catch (StatusException e) {
            if (e.isNotFound()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Lists objects. */
    <T extends HasMetadata> ObjectList<T> list(ResourceType<T> type, @Nullable String namespace, ListOptions options);

    /**
     * Watches objects.
     *
     * @param watcher receives the events, one at a time, on a thread or task of the server's choice; hand them to an actor
     * @return a handle that ends the watch
     */
    <T extends HasMetadata> Watch watch(
            ResourceType<T> type, @Nullable String namespace, ListOptions options, Watcher<T> watcher);

    /**
     * Reads by its path what another server serves behind an APIService, such as metrics; also the description of such a group.
     *
     * @param target path and query, escaped: {@code /apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app%3Dweb}
     * @return the answer's tree
     * @throws StatusException if it is refused; without a reason if the answer was no {@code Status}
     */
    JsonNode read(String target);

    /** Creates an object in the namespace that its metadata names. */
    <T extends HasMetadata> T create(T object);

    /**
     * Creates an object in the namespace that its metadata names, without reading the answer.
     *
     * @param object with its kind and version; not to be changed afterwards
     */
    default void post(ResourceType<?> type, ObjectNode object) {
        create(Json.fromTree(object, type.type()));
    }

    /** Replaces an object. With a {@code resourceVersion} in its metadata the write is conditional on it. */
    <T extends HasMetadata> T update(T object);

    /** Replaces an object's status, leaving its spec alone. */
    <T extends HasMetadata> T updateStatus(T object);

    /**
     * Patches an object.
     *
     * @param subresource null for the object itself, or such as {@code status}
     */
    <T extends HasMetadata> T patch(
            ResourceType<T> type, @Nullable String namespace, String name, Patch patch, @Nullable String subresource);

    /** Deletes an object. */
    void delete(ResourceType<?> type, @Nullable String namespace, String name, DeleteOptions options);

    /** Deletes every object that the options select. */
    void deleteAll(ResourceType<?> type, @Nullable String namespace, DeleteOptions delete, ListOptions select);

    /**
     * Reads a subresource that has a kind of its own, such as {@code scale}.
     *
     * @return the answer's tree
     */
    JsonNode subresource(ResourceType<?> type, @Nullable String namespace, String name, String subresource);

    /**
     * Posts to a subresource, such as {@code pods/binding}, {@code pods/eviction} or {@code namespaces/finalize} (put).
     *
     * @param body a whole object of the subresource's kind
     * @param replace true for PUT, false for POST
     * @return the answer's tree
     */
    JsonNode subresource(
            ResourceType<?> type,
            @Nullable String namespace,
            String name,
            String subresource,
            JsonNode body,
            boolean replace);
}
