package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Trees;
import dev.amphora.apiserver.schema.BodyDecoder;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * New objects that are alike but for their names, as the pods of one template are: the pipeline's work on the latest ones. A body is
 * remembered when it is seen for the second time. Thread-safe.
 */
final class Lookalikes {
    private static final int SIZE = 128;
    private static final int DEPTH = 12;
    private static final int LONGEST_LABEL = 63;
    /** What a body may not say of itself: it would have to be checked against the name, or against what is stored. */
    private static final List<String> OWN = List.of("resourceVersion", "managedFields", "selfLink", "ownerReferences");

    private final AtomicReferenceArray<@Nullable Lookalike> latest = new AtomicReferenceArray<>(SIZE);

    /**
     * A body that is one of several.
     *
     * @param known what is known of them, or is to be remembered
     * @param name its own, missing if one is to be generated
     */
    record Match(Lookalike known, JsonNode name) {}

    /** What the body of a create is alike to; null if nothing is known of it. */
    @Nullable Match of(Call call, String now) {
        Endpoint endpoint = call.endpoint();
        if (endpoint.strategy().regardsNames()
                || endpoint.conversion() != null
                || endpoint.custom() != null
                || call.options().isDryRun()) {
            return null;
        }
        ObjectNode tree = tree(call.request().body());
        if (tree == null || !(tree.get("metadata") instanceof ObjectNode metadata) || !isPlain(metadata)) {
            return null;
        }
        Lookalike known = look(call, tree, hash(tree), now);
        return known == null ? null : new Match(known, metadata.path("name"));
    }

    private static @Nullable ObjectNode tree(@Nullable Body body) {
        if (body == null || body.tree() != null) {
            return body != null && body.tree() instanceof ObjectNode tree ? tree : null;
        }
        boolean json = body.mediaType().isEmpty() || body.mediaType().equals("application/json");
        byte[] bytes = body.bytes();
        return json && bytes != null && bytes.length <= Bodies.MAX_BYTES ? BodyDecoder.plain(bytes) : null;
    }

    private @Nullable Lookalike look(Call call, ObjectNode tree, int hash, String now) {
        int place = (hash ^ hash >>> 7 ^ hash >>> 14) & SIZE - 1;
        Lookalike known = latest.get(place);
        if (known == null || known.hash() != hash) {
            latest.set(place, new Lookalike(hash));
            return null;
        }
        Lookalike.Source source = known.source();
        if (source != null && source.is(call, tree, now)) {
            return known.isUnfit() ? null : known;
        }
        Lookalike fresh = new Lookalike(
                hash,
                new Lookalike.Source(
                        call.endpoint(),
                        call.request().namespace(),
                        call.request().userAgent(),
                        call.options(),
                        now,
                        tree.deepCopy()));
        latest.set(place, fresh);
        return fresh;
    }

    /** Whether its names are such that nothing need be said of them, and it makes no claims of its own. */
    private static boolean isPlain(ObjectNode metadata) {
        JsonNode name = metadata.get("name");
        JsonNode uid = metadata.get("uid");
        for (String member : OWN) {
            if (metadata.has(member)) {
                return false;
            }
        }
        return (name == null ? metadata.has("generateName") : isLabel(name))
                && (uid == null || uid.isTextual() && !uid.textValue().isEmpty());
    }

    /** Whether a name is a label of RFC 1123, with which nothing is wrong anywhere. */
    static boolean isLabel(JsonNode name) {
        if (!name.isTextual()) {
            return false;
        }
        String text = name.textValue();
        int length = text.length();
        if (length == 0 || length > LONGEST_LABEL || text.charAt(0) == '-' || text.charAt(length - 1) == '-') {
            return false;
        }
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')) {
                return false;
            }
        }
        return true;
    }

    private static int hash(ObjectNode tree) {
        int hash = 0;
        for (var member : tree.properties()) {
            if (!member.getKey().equals("metadata")) {
                hash = 31 * hash + (member.getKey().hashCode() ^ Trees.hash(member.getValue(), DEPTH));
            }
        }
        for (var member : tree.get("metadata").properties()) {
            String key = member.getKey();
            if (!key.equals("name") && !key.equals("uid")) {
                hash = 31 * hash + (key.hashCode() ^ Trees.hash(member.getValue(), DEPTH));
            }
        }
        return hash;
    }
}
