package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.Interner;
import com.google.common.collect.Interners;
import dev.amphora.api.Json;
import dev.amphora.apiserver.strategy.Conversion;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * One object at one revision, shared by everyone who reads or watches it.
 *
 * <p>What is stored is held as the store's own bytes. Its tree, its typed form and the bytes that go out are made when asked for and shared
 * as long as somebody uses them; an object that nobody looks at costs little more than its bytes. All of them are read-only.
 */
public final class VersionedObject {
    private static final Interner<JsonNode> LABELS = Interners.newWeakInterner();
    private static final Interner<String> NAMES = Interners.newWeakInterner();

    private final String key;
    private final long revision;
    private final byte @Nullable [] stored;
    private final @Nullable ObjectNode own;
    /** Keeps the tree of an object that will soon be written again. */
    private volatile @Nullable ObjectNode held;

    private volatile @Nullable Summary summary;
    private volatile @Nullable Reference<ObjectNode> tree;
    private volatile @Nullable Reference<byte[]> bytes;
    private volatile @Nullable Reference<Object> typed;
    private volatile @Nullable Reference<Converted> converted;

    private VersionedObject(String key, long revision, byte @Nullable [] stored, @Nullable ObjectNode own) {
        this.key = key;
        this.revision = revision;
        this.stored = stored;
        this.own = own;
    }

    /** What selectors and preconditions look at, kept when the rest isn't. */
    private record Summary(String name, String namespace, String uid, String node, JsonNode labels) {
        /**
         * That of an object.
         *
         * @param before of another one, most likely of the same before it was changed, to take over what is still so; null for nothing
         */
        static Summary of(ObjectNode tree, @Nullable Summary before) {
            JsonNode metadata = tree.path("metadata");
            JsonNode labels = metadata.path("labels");
            return new Summary(
                    metadata.path("name").asText(""),
                    one(metadata.path("namespace").asText(""), before == null ? "" : before.namespace),
                    metadata.path("uid").asText(""),
                    one(tree.path("spec").path("nodeName").asText(""), before == null ? "" : before.node),
                    before != null && before.labels.equals(labels) ? before.labels : one(labels));
        }

        private static JsonNode one(JsonNode labels) {
            return labels.isEmpty() ? labels : LABELS.intern(labels);
        }

        /** The one instance of a name. */
        private static String one(String name, String before) {
            return name.equals(before) ? before : NAMES.intern(name);
        }
    }

    /**
     * An object that is not stored, such as a status or a review.
     *
     * @param tree not to be modified afterwards
     */
    public static VersionedObject of(ObjectNode tree) {
        return new VersionedObject("", 0, null, tree);
    }

    /** An object as the store keeps it. */
    static VersionedObject stored(String key, byte[] value, long revision) {
        return new VersionedObject(key, revision, value, null);
    }

    /**
     * An object that has just been stored.
     *
     * @param value as the store keeps it
     * @param tree the same with the resource version
     * @param previous what it was before; null if it is new
     */
    static VersionedObject stored(
            String key, byte[] value, long revision, ObjectNode tree, @Nullable VersionedObject previous) {
        VersionedObject object = new VersionedObject(key, revision, value, null);
        object.tree = new WeakReference<>(tree);
        object.summary = Summary.of(tree, previous == null ? null : previous.summary);
        return object;
    }

    /** An object whose tree is known and is not what is stored; the tree carries the resource version. */
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

    /** How long it is as the store keeps it, in bytes; 0 if it is not stored. */
    int weight() {
        return stored == null ? 0 : stored.length;
    }

    /** The object as a tree, with kind, apiVersion and resourceVersion. Read-only. */
    public ObjectNode tree() {
        if (own != null) {
            return own;
        }
        ObjectNode known = held(tree);
        return known == null ? decode() : known;
    }

    private synchronized ObjectNode decode() {
        ObjectNode known = held(tree);
        if (known == null) {
            if (stored == null) {
                throw new IllegalStateException("an object has a tree or bytes");
            }
            known = Json.readShared(stored);
            ((ObjectNode) known.get("metadata")).put("resourceVersion", Long.toString(revision));
            tree = new WeakReference<>(known);
        }
        return known;
    }

    /** The object's tree, its first members and its metadata in the order in which they go out. Read-only. */
    public ObjectNode ordered() {
        return MemberOrder.toRead(tree());
    }

    /** The object as JSON. Read-only. */
    public byte[] bytes() {
        byte[] known = held(bytes);
        if (known == null) {
            known = stored == null ? new byte[0] : StoredForm.withRevision(stored, revision);
            if (known.length == 0) {
                known = Json.write(ordered());
            }
            bytes = new WeakReference<>(known);
        }
        return known;
    }

    /**
     * The object as the model's class. Read-only; the same instance for each caller that asks for the same class, as long as one of them
     * holds it.
     *
     * @param <T> the class
     * @param type the class
     */
    public <T> T typed(Class<T> type) {
        Object known = held(typed);
        if (known != null && known.getClass() == type) {
            return type.cast(known);
        }
        synchronized (this) {
            known = held(typed);
            if (known != null && known.getClass() == type) {
                return type.cast(known);
            }
            T made = Json.sharedFromTree(tree(), type);
            typed = new WeakReference<>(made);
            return made;
        }
    }

    /** The object as a class, if somebody holds it so; null otherwise. */
    <T> @Nullable T known(Class<T> type) {
        Object known = held(typed);
        return known != null && known.getClass() == type ? type.cast(known) : null;
    }

    /** Shares with whoever asks for it an object that was made otherwise than from the tree. */
    void share(Object made) {
        typed = new WeakReference<>(made);
    }

    /** Keeps the tree until it is {@linkplain #release released}. */
    void hold() {
        held = tree();
    }

    /** Keeps the tree only as long as somebody uses it. */
    void release() {
        held = null;
    }

    /** The object's name. */
    public String name() {
        return summary().name;
    }

    /** The object's namespace; empty for cluster-scoped objects. */
    public String namespace() {
        return summary().namespace;
    }

    /** The object's uid; empty for what is not stored. */
    public String uid() {
        return summary().uid;
    }

    /** The object's labels; a missing node if it has none. */
    public JsonNode labels() {
        return summary().labels;
    }

    /** The node that the object says it is on; empty if it says none. */
    String node() {
        return summary().node;
    }

    private Summary summary() {
        Summary known = summary;
        if (known == null) {
            known = Summary.of(tree(), null);
            summary = known;
        }
        return known;
    }

    private static <T> @Nullable T held(@Nullable Reference<T> reference) {
        return reference == null ? null : reference.get();
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
        Converted known = held(converted);
        if (known != null && known.conversion == conversion) {
            return known.object;
        }
        ObjectNode copy = tree().deepCopy();
        conversion.fromStorage(copy);
        VersionedObject object = copy.equals(tree()) ? this : new VersionedObject(key, revision, null, copy);
        converted = new WeakReference<>(new Converted(conversion, object));
        return object;
    }
}
