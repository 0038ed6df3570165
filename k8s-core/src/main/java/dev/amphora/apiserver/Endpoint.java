package dev.amphora.apiserver;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.TypeSchema;
import dev.amphora.apiserver.strategy.Conversion;
import dev.amphora.apiserver.strategy.Strategy;
import dev.amphora.store.Store;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One served resource in one version: its names and schema, its kind's strategy, and where its objects are stored.
 *
 * @param info the resource as it is served
 * @param type the schema of its objects as they are served
 * @param stored the resource in the version that is stored
 * @param storedType the schema of stored objects
 * @param strategy what is special about the kind; works on the stored version
 * @param conversion between the served and the stored version, null if they are the same
 * @param cache the watch cache of the stored resource
 * @param store where the objects are
 */
record Endpoint(
        ResourceInfo info,
        TypeSchema type,
        ResourceInfo stored,
        TypeSchema storedType,
        Strategy strategy,
        @Nullable Conversion conversion,
        WatchCache cache,
        Store store) {

    /** The key of one object. */
    String key(String namespace, String name) {
        return collection(namespace) + name;
    }

    /** The prefix of the keys of a namespace's objects, or of all. */
    String collection(String namespace) {
        return info.namespaced() && !namespace.isEmpty() ? cache.prefix() + namespace + "/" : cache.prefix();
    }

    /** Whether the reference answers reads of the kind from a cache: it does but for events, so compaction shows there. */
    boolean isCached() {
        return !stored.qualifiedName().equals("events");
    }

    /** Reads the stored object. */
    Optional<VersionedObject> find(String namespace, String name) {
        return store.get(key(namespace, name)).entry().map(cache::object);
    }

    /** An object as callers of this version see it. */
    VersionedObject view(VersionedObject object) {
        return conversion == null ? object : object.as(conversion);
    }

    /** 404: there is no such object. */
    StatusException notFound(String name) {
        return StatusException.notFound(info.group(), info.plural(), name);
    }
}
