package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.DecodeException;
import dev.amphora.apiserver.schema.JsonSyntax;
import java.util.List;
import java.util.Map;

/**
 * A JSON merge patch (RFC 7386): members replace members, null removes them, lists are replaced as a whole.
 *
 * <p>As in the reference, null members of objects inside a list are dropped as well, while null elements of a list stay.
 */
public final class MergePatch {
    private static final String INVALID = "Invalid JSON Patch";

    private final JsonNode patch;
    private final List<String> strictErrors;

    private MergePatch(JsonNode patch, List<String> strictErrors) {
        this.patch = patch;
        this.strictErrors = strictErrors;
    }

    /**
     * Reads a patch.
     *
     * @param lenient whether nobody wants to know of members that were given twice
     * @throws StatusException 400 if the body is not a JSON object
     */
    public static MergePatch parse(byte[] body, boolean lenient) {
        JsonNode tree;
        try {
            tree = JsonSyntax.read(body);
        } catch (DecodeException e) {
            throw StatusException.badRequest(lenient ? INVALID : "error decoding patch: " + e.reason());
        }
        return of(tree, lenient);
    }

    /** A patch that is a tree already; not changed by this class. */
    public static MergePatch of(JsonNode tree, boolean lenient) {
        if (tree.isNull() || lenient && !tree.isContainerNode()) {
            throw StatusException.badRequest(INVALID);
        }
        if (!tree.isObject() && !lenient) {
            throw StatusException.badRequest(
                    "error decoding patch: json: cannot unmarshal %s into Go value of type map[string]interface {}"
                            .formatted(PatchBody.typeOf(tree)));
        }
        return new MergePatch(JsonSyntax.plain(tree), lenient ? List.of() : JsonSyntax.repeated(tree));
    }

    /** A text for each member that was given twice; to be warned of, or to be refused by strict validation. */
    public List<String> strictErrors() {
        return strictErrors;
    }

    /** The document with the patch merged in. The argument is left as it is. */
    public Patched apply(ObjectNode document) {
        Merge merge = new Merge();
        JsonNode result;
        if (patch instanceof ObjectNode object) {
            ObjectNode target = document.deepCopy();
            merge.into(target, object);
            result = target;
        } else {
            result = merge.pruned(patch);
        }
        return new Patched(result, () -> merge.written.text(result));
    }

    /** One run over one document. */
    private static final class Merge {
        private final WrittenTree written = new WrittenTree();

        void into(ObjectNode target, ObjectNode patch) {
            written.open(target);
            for (Map.Entry<String, JsonNode> member : patch.properties()) {
                JsonNode value = member.getValue();
                JsonNode current = target.get(member.getKey());
                if (value.isNull()) {
                    target.remove(member.getKey());
                } else if (!(current instanceof ObjectNode object)) {
                    target.set(member.getKey(), pruned(value));
                } else if (value instanceof ObjectNode more) {
                    into(object, more);
                } else {
                    target.set(member.getKey(), value.deepCopy());
                }
            }
        }

        JsonNode pruned(JsonNode value) {
            JsonNode copy = value.deepCopy();
            dropNullMembers(copy);
            written.openAll(copy);
            return copy;
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
