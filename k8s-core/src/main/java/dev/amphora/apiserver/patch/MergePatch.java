package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import java.util.Iterator;
import java.util.Map;

/**
 * A JSON merge patch (RFC 7386): members replace members, null removes them, lists are replaced as a whole.
 *
 * <p>As in the reference, null members of objects inside a list are dropped as well, while null elements of a list stay.
 */
public final class MergePatch {
    private final ObjectNode patch;

    private MergePatch(ObjectNode patch) {
        this.patch = patch;
    }

    /** A patch that is a tree already; not changed by this class. */
    public static MergePatch of(ObjectNode patch) {
        return new MergePatch(patch);
    }

    /**
     * Reads a patch.
     *
     * @throws StatusException 400 if the body is not a JSON object
     */
    public static MergePatch parse(byte[] body) {
        JsonNode tree = PatchBody.read(body, "error decoding patch: ");
        if (tree instanceof ObjectNode object) {
            return new MergePatch(object);
        }
        throw StatusException.badRequest(
                tree.isNull()
                        ? "Invalid JSON Patch"
                        : "error decoding patch: json: cannot unmarshal %s into Go value of type map[string]interface {}"
                                .formatted(PatchBody.typeOf(tree)));
    }

    /** The patch itself. Not to be changed. */
    public ObjectNode tree() {
        return patch;
    }

    /** The document with the patch merged in. The argument is left as it is. */
    public ObjectNode apply(ObjectNode document) {
        ObjectNode result = document.deepCopy();
        mergeInto(result, patch);
        return result;
    }

    private static void mergeInto(ObjectNode target, ObjectNode patch) {
        for (Iterator<Map.Entry<String, JsonNode>> members = patch.fields(); members.hasNext(); ) {
            Map.Entry<String, JsonNode> member = members.next();
            JsonNode value = member.getValue();
            JsonNode current = target.get(member.getKey());
            if (value.isNull()) {
                target.remove(member.getKey());
            } else if (current instanceof ObjectNode && value instanceof ObjectNode) {
                mergeInto((ObjectNode) current, (ObjectNode) value);
            } else {
                JsonNode copy = value.deepCopy();
                if (!(current instanceof ObjectNode)) {
                    dropNullMembers(copy);
                }
                target.set(member.getKey(), copy);
            }
        }
    }

    /** Removes null members of all objects within a value. */
    static void dropNullMembers(JsonNode value) {
        if (value instanceof ObjectNode object) {
            object.properties().removeIf(member -> member.getValue().isNull());
        }
        value.forEach(MergePatch::dropNullMembers);
    }
}
