package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.strategy.Conversion;
import org.jspecify.annotations.Nullable;

/**
 * One object at one revision, shared by everyone who reads or watches it.
 *
 * <p>Its tree, its bytes and its typed form are made when first asked for, and once. All of them are read-only.
 */
public final class VersionedObject {
    private final String key;
    private final long revision;
    private volatile byte @Nullable [] stored;
    private volatile @Nullable ObjectNode tree;
    private volatile byte @Nullable [] bytes;
    private volatile @Nullable Object typed;
    private volatile @Nullable Converted converted;

    private VersionedObject(String key, long revision, byte @Nullable [] stored, @Nullable ObjectNode tree) {
        this.key = key;
        this.revision = revision;
        this.stored = stored;
        this.tree = tree;
    }

    /**
     * An object that is not stored, such as a status or a review.
     *
     * @param tree not to be modified afterwards
     */
    public static VersionedObject of(ObjectNode tree) {
        return new VersionedObject("", 0, null, tree);
    }

    /** An object as the store keeps it: without a resource version. */
    static VersionedObject stored(String key, byte[] value, long revision) {
        return new VersionedObject(key, revision, value, null);
    }

    /** An object whose tree is known; the tree carries the resource version. */
    static VersionedObject of(String key, long revision, ObjectNode tree) {
        return new VersionedObject(key, revision, null, tree);
    }

    /** The key in the store; empty if it is not stored. */
    String key() {
        return key;
    }

    /** The revision of its last change; 0 if it is not stored. */
    public long revision() {
        return revision;
    }

    /** The object as a tree, with kind, apiVersion and resourceVersion. Read-only. */
    public ObjectNode tree() {
        ObjectNode known = tree;
        if (known == null) {
            known = decode();
        }
        return known;
    }

    private synchronized ObjectNode decode() {
        ObjectNode known = tree;
        byte[] value = stored;
        if (known == null && value != null) {
            known = (ObjectNode) Json.read(value);
            ((ObjectNode) known.get("metadata")).put("resourceVersion", Long.toString(revision));
            tree = known;
            stored = null;
        }
        if (known == null) {
            throw new IllegalStateException("an object has a tree or bytes");
        }
        return known;
    }

    /** The object's tree, its first members and its metadata in the order in which they go out. Read-only. */
    public ObjectNode ordered() {
        return MemberOrder.of(tree());
    }

    /** The object as JSON. Read-only. */
    public byte[] bytes() {
        byte[] known = bytes;
        if (known == null) {
            known = Json.write(ordered());
            bytes = known;
        }
        return known;
    }

    /**
     * The object as the model's class. Read-only; the same instance for each caller that asks for the same class.
     *
     * @param <T> the class
     * @param type the class
     */
    public <T> T typed(Class<T> type) {
        Object known = typed;
        if (known != null && known.getClass() == type) {
            return type.cast(known);
        }
        synchronized (this) {
            known = typed;
            if (known != null && known.getClass() == type) {
                return type.cast(known);
            }
            T made = Json.fromTree(tree(), type);
            typed = made;
            return made;
        }
    }

    /** The object's name. */
    public String name() {
        return metadata("name");
    }

    /** The object's namespace; empty for cluster-scoped objects. */
    public String namespace() {
        return metadata("namespace");
    }

    /** The object's uid; empty for what is not stored. */
    public String uid() {
        return metadata("uid");
    }

    /** The object's labels; a missing node if it has none. */
    public JsonNode labels() {
        return tree().path("metadata").path("labels");
    }

    private String metadata(String field) {
        return tree().path("metadata").path(field).asText("");
    }

    /** The same object with another resource version, as the last state of something deleted. */
    VersionedObject at(long newRevision) {
        ObjectNode copy = Json.object();
        copy.setAll(tree());
        ObjectNode metadata = Json.object();
        metadata.setAll((ObjectNode) tree().get("metadata"));
        metadata.put("resourceVersion", Long.toString(newRevision));
        copy.set("metadata", metadata);
        return new VersionedObject(key, newRevision, null, copy);
    }

    private record Converted(Conversion conversion, VersionedObject object) {}

    /** The same object in another version of the API; converted once for the conversion last asked for. */
    VersionedObject as(Conversion conversion) {
        Converted known = converted;
        if (known != null && known.conversion == conversion) {
            return known.object;
        }
        ObjectNode copy = tree().deepCopy();
        conversion.fromStorage(copy);
        VersionedObject object = copy.equals(tree()) ? this : new VersionedObject(key, revision, null, copy);
        converted = new Converted(conversion, object);
        return object;
    }
}
