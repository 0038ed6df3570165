package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Trees;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the pipeline has made of one body, for all that differ from it in the name and the uid only and come in the same second: nothing
 * of it depends on these, so what is worked out once holds for all. Thread-safe; trees in it are not changed.
 */
final class Lookalike {
    private static final String NAME = "name";
    private static final String UID = "uid";

    private final int hash;
    private final @Nullable Source source;
    private volatile boolean unfit;
    private volatile @Nullable ObjectNode given;
    private volatile @Nullable Finished finished;

    /**
     * Where the body came from.
     *
     * @param time the second, as objects carry it
     * @param body a copy
     */
    record Source(
            Endpoint endpoint,
            String namespace,
            String userAgent,
            RequestOptions options,
            String time,
            ObjectNode body) {
        boolean is(Call call, ObjectNode other, String now) {
            return endpoint == call.endpoint()
                    && time.equals(now)
                    && namespace.equals(call.request().namespace())
                    && userAgent.equals(call.request().userAgent())
                    && options.equals(call.options())
                    && alike(body, other);
        }
    }

    /** A checked object and its bytes around its name and its uid. */
    private record Finished(ObjectNode admitted, ObjectNode object, byte[] before, byte[] between, byte[] after) {}

    /** A body that was seen, no more. */
    Lookalike(int hash) {
        this.hash = hash;
        source = null;
    }

    Lookalike(int hash, Source source) {
        this.hash = hash;
        this.source = source;
    }

    int hash() {
        return hash;
    }

    @Nullable Source source() {
        return source;
    }

    /** Whether nothing is to be remembered, because it would not hold for others. */
    boolean isUnfit() {
        return unfit;
    }

    void spoil() {
        unfit = true;
    }

    /**
     * What was made of the body before admission; null if that is not known. Free to be changed.
     *
     * @param name whose it is; missing if it has none yet
     */
    @Nullable ObjectNode begun(JsonNode name) {
        ObjectNode known = given;
        if (known == null) {
            return null;
        }
        ObjectNode copy = copy(known);
        if (name.isTextual()) {
            Metadata.of(copy).set(NAME, name);
        }
        return copy;
    }

    /** A copy that is free to be changed, but for the entries of managers, which are never changed in place. */
    private static ObjectNode copy(ObjectNode object) {
        ObjectNode copy = object.objectNode();
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            if (member.getKey().equals("metadata") && member.getValue() instanceof ObjectNode metadata) {
                ObjectNode own = copy.putObject("metadata");
                for (Map.Entry<String, JsonNode> each : metadata.properties()) {
                    boolean shared = each.getKey().equals("managedFields");
                    own.set(
                            each.getKey(),
                            shared ? each.getValue() : each.getValue().deepCopy());
                }
            } else {
                copy.set(member.getKey(), member.getValue().deepCopy());
            }
        }
        return copy;
    }

    /** Remembers what was made of the body before admission. */
    void begin(ObjectNode made) {
        given = made.deepCopy();
    }

    /**
     * What became of an object after admission: it is complete and nothing is wrong with it.
     *
     * @param admitted as the plugins left it, with its name and uid
     * @return null if that is not known; only the object's metadata is its own
     */
    @Nullable ObjectNode finished(ObjectNode admitted) {
        Finished known = finished;
        if (known == null || !alike(known.admitted, admitted)) {
            return null;
        }
        ObjectNode object = Trees.shallow(known.object);
        ObjectNode metadata = Trees.shallow((ObjectNode) known.object.get("metadata"));
        metadata.set(NAME, admitted.path("metadata").get(NAME));
        metadata.set(UID, admitted.path("metadata").get(UID));
        object.set("metadata", metadata);
        return object;
    }

    /** The bytes of an object that {@link #finished} gave; null if it gave none. */
    byte @Nullable [] bytes(ObjectNode object) {
        Finished known = finished;
        if (known == null || object.get("spec") != known.object.get("spec")) {
            return null;
        }
        byte[] name = Metadata.text(object, NAME).getBytes(StandardCharsets.ISO_8859_1);
        byte[] uid = Metadata.text(object, UID).getBytes(StandardCharsets.ISO_8859_1);
        byte[] bytes =
                new byte[known.before.length + name.length + known.between.length + uid.length + known.after.length];
        int at = append(bytes, 0, known.before);
        at = append(bytes, at, name);
        at = append(bytes, at, known.between);
        at = append(bytes, at, uid);
        append(bytes, at, known.after);
        return bytes;
    }

    private static int append(byte[] bytes, int at, byte[] more) {
        System.arraycopy(more, 0, bytes, at, more.length);
        return at + more.length;
    }

    /**
     * Remembers what became of an object.
     *
     * @param admitted a copy of what the plugins left
     * @param object what was stored
     * @param bytes the same as stored
     */
    void finish(ObjectNode admitted, ObjectNode object, byte[] bytes) {
        int name = find(bytes, 0, "\"name\":\"" + Metadata.text(object, NAME) + '"');
        int uid = find(bytes, name, "\"uid\":\"" + Metadata.text(object, UID) + '"');
        if (name < 0 || uid < 0) {
            return;
        }
        int nameEnd = name + Metadata.text(object, NAME).length();
        int uidEnd = uid + Metadata.text(object, UID).length();
        ObjectNode copy = Trees.shallow(object);
        ObjectNode metadata = Trees.shallow((ObjectNode) object.get("metadata"));
        metadata.remove("resourceVersion");
        copy.set("metadata", metadata);
        finished = new Finished(
                admitted,
                copy,
                Arrays.copyOf(bytes, name),
                Arrays.copyOfRange(bytes, nameEnd, uid),
                Arrays.copyOfRange(bytes, uidEnd, bytes.length));
    }

    /** Where the value of a member begins, without its quotation mark; -1 if it isn't there. */
    private static int find(byte[] bytes, int from, String member) {
        byte[] wanted = member.getBytes(StandardCharsets.ISO_8859_1);
        for (int at = Math.max(0, from); at + wanted.length <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                return at + member.indexOf(':') + 2;
            }
        }
        return -1;
    }

    /** Whether two objects differ in nothing but names and uids, which both or none of them have. */
    private static boolean alike(ObjectNode one, ObjectNode other) {
        if (one.size() != other.size()) {
            return false;
        }
        Iterator<Map.Entry<String, JsonNode>> those = other.properties().iterator();
        for (Map.Entry<String, JsonNode> here : one.properties()) {
            Map.Entry<String, JsonNode> there = those.next();
            if (!here.getKey().equals(there.getKey())
                    || !(here.getKey().equals("metadata")
                            ? alikeMetadata(here.getValue(), there.getValue())
                            : Trees.same(here.getValue(), there.getValue()))) {
                return false;
            }
        }
        return true;
    }

    private static boolean alikeMetadata(JsonNode one, JsonNode other) {
        if (!(one instanceof ObjectNode) || !(other instanceof ObjectNode) || one.size() != other.size()) {
            return false;
        }
        Iterator<Map.Entry<String, JsonNode>> those = other.properties().iterator();
        for (Map.Entry<String, JsonNode> here : one.properties()) {
            Map.Entry<String, JsonNode> there = those.next();
            boolean own = here.getKey().equals(NAME) || here.getKey().equals(UID);
            if (!here.getKey().equals(there.getKey())
                    || !(own
                            ? here.getValue().isTextual() && there.getValue().isTextual()
                            : Trees.same(here.getValue(), there.getValue()))) {
                return false;
            }
        }
        return true;
    }
}
