package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.encryption.EncryptedStore;
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
 * @param custom the version of the definition that a custom resource is served by, null for built-in ones. The pipeline works on custom
 *     objects in the served version, on built-in ones in the stored version
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
        @Nullable DefinedVersion custom,
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

    /** Whether an object is to be written again though it does not change: it would be encrypted otherwise now. */
    boolean isOutdated(String key) {
        return store instanceof EncryptedStore encrypted && encrypted.isOutdated(key);
    }

    /** An object as the pipeline works on it: the strategy's version. */
    VersionedObject working(VersionedObject object) {
        return custom == null ? object : view(object);
    }

    /** What the pipeline has made of an object as it is stored; may be the same tree. */
    ObjectNode storedForm(ObjectNode object) {
        if (custom == null || conversion == null) {
            return object;
        }
        ObjectNode stored = object.deepCopy();
        conversion.toStorage(stored);
        return stored;
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
