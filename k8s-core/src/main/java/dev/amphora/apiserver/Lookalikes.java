package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Trees;
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

    /** What is known, or is to be remembered, of the body of a create; null if nothing is. */
    @Nullable Lookalike of(Call call, String now) {
        Body body = call.request().body();
        if (!call.endpoint().strategy().regardsNames()
                && body != null
                && body.tree() instanceof ObjectNode tree
                && call.endpoint().conversion() == null
                && call.endpoint().custom() == null
                && !call.options().isDryRun()
                && tree.get("metadata") instanceof ObjectNode metadata
                && isPlain(metadata)) {
            return look(call, tree, hash(tree), now);
        }
        return null;
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
        JsonNode copy = Bodies.tree(call.request().body()).orElse(null);
        if (!(copy instanceof ObjectNode own)) {
            return null;
        }
        Lookalike fresh = new Lookalike(
                hash,
                new Lookalike.Source(
                        call.endpoint(),
                        call.request().namespace(),
                        call.request().userAgent(),
                        call.options(),
                        now,
                        own));
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
