package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.Json;
import dev.amphora.api.Trees;
import dev.amphora.apiserver.patch.StrategicMergePatch;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Strategic merge patches of the status of a pod that say nothing of the rest, as those of schedulers and kubelets. They are merged into the
 * status alone; what they don't touch is neither read nor completed nor written again, and what is stored is the same.
 */
final class StatusMerge {
    private static final Set<String> PARTS = ImmutableSet.of("metadata", "status");
    private static final List<String> IDENTITY = List.of("name", "namespace", "uid");
    /** What admission plugins may change in place. */
    private static final List<String> CHANGEABLE = List.of("labels", "annotations", "ownerReferences", "finalizers");

    /** The uid that the patch names; empty if it names none. */
    private final String uid;

    private final ObjectNode status;

    private StatusMerge(String uid, ObjectNode status) {
        this.uid = uid;
        this.status = status;
    }

    /** What the patch says of the status. Read-only. */
    ObjectNode status() {
        return status;
    }

    /** How the patch of a call is merged, null if it has to be merged into the whole object. */
    static @Nullable StatusMerge of(Call call, StrategicMergePatch patch) {
        ApiRequest request = call.request();
        boolean ofAPod = request.subresource().equals("status")
                && request.group().isEmpty()
                && request.resource().equals("pods");
        JsonNode tree = patch.tree();
        if (!ofAPod || !patch.strictErrors().isEmpty() || !(tree.get("status") instanceof ObjectNode status)) {
            return null;
        }
        for (Map.Entry<String, JsonNode> member : tree.properties()) {
            if (!PARTS.contains(member.getKey())) {
                return null;
            }
        }
        JsonNode metadata = tree.get("metadata");
        if (metadata == null) {
            return new StatusMerge("", status);
        }
        JsonNode uid = metadata.get("uid");
        return metadata.isObject()
                        && metadata.size() == 1
                        && uid != null
                        && !uid.asText("").isEmpty()
                        && uid.isTextual()
                ? new StatusMerge(uid.textValue(), status)
                : null;
    }

    /** Whether it is about this very object, and that is whole. */
    boolean suits(VersionedObject current) {
        ObjectNode tree = current.tree();
        return (uid.isEmpty() || uid.equals(current.uid()))
                && tree.get("spec") instanceof ObjectNode
                && tree.get("status") instanceof ObjectNode;
    }

    /**
     * The next state of an object.
     *
     * @param live as it is; read-only
     * @param known what is known of such patches
     * @param merging from an object with its identity and status alone to the same with the patch in it
     * @return shares with the object what the patch doesn't touch and nobody may change
     */
    ObjectNode apply(ObjectNode live, StatusMemory.Case known, UnaryOperator<ObjectNode> merging) {
        ObjectNode metadata = Trees.shallow((ObjectNode) live.get("metadata"));
        for (String member : CHANGEABLE) {
            JsonNode value = metadata.get(member);
            if (value != null) {
                metadata.set(member, value.deepCopy());
            }
        }
        ObjectNode begun = known.begun(live, metadata);
        if (begun != null) {
            return begun;
        }
        ObjectNode part = Json.object();
        part.set("kind", live.get("kind"));
        part.set("apiVersion", live.get("apiVersion"));
        ObjectNode identity = part.putObject("metadata");
        for (String member : IDENTITY) {
            JsonNode value = metadata.get(member);
            if (value != null) {
                identity.set(member, value);
            }
        }
        part.set("status", live.get("status"));
        ObjectNode merged = merging.apply(part);
        ObjectNode next = Trees.shallow(live);
        next.set("metadata", metadata);
        if (merged.get("status") instanceof ObjectNode status) {
            next.set("status", status);
            known.begin(status);
        } else {
            next.remove("status");
        }
        return next;
    }
}
