package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.FieldSchema;
import dev.amphora.apiserver.schema.JsonSyntax;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A strategic merge patch: a merge patch that merges lists by the keys which the kind's schema names.
 *
 * <p>Members whose name starts with {@code $} are directives:
 *
 * <ul>
 *   <li>{@code $patch: replace|delete} in an object, or as an element of a list
 *   <li>{@code $retainKeys: [names]} drops the other members of the object
 *   <li>{@code $deleteFromPrimitiveList/LIST: [values]} removes scalars
 *   <li>{@code $setElementOrder/LIST: [keys or scalars]} orders a list
 * </ul>
 *
 * <p>Without an order, new elements go to the front of the list.
 */
public final class StrategicMergePatch {
    static final String PATCH = "$patch";
    static final String RETAIN_KEYS = "$retainKeys";
    static final String DELETE_FROM = "$deleteFromPrimitiveList/";
    static final String ORDER = "$setElementOrder/";

    private final ObjectNode patch;
    private final List<String> strictErrors;

    private StrategicMergePatch(ObjectNode patch, List<String> strictErrors) {
        this.patch = patch;
        this.strictErrors = strictErrors;
    }

    /**
     * Reads a patch.
     *
     * @throws StatusException 400 if the body is not a JSON object
     */
    public static StrategicMergePatch parse(byte[] body) {
        return of(PatchBody.read(body, ""));
    }

    /** A patch that is a tree already; not changed by this class, nor by others while the patch is in use. */
    public static StrategicMergePatch of(JsonNode tree) {
        if (tree.isNull()) {
            return new StrategicMergePatch(Json.object(), List.of());
        }
        if (!tree.isObject()) {
            throw StatusException.badRequest("json: cannot unmarshal %s into Go value of type map[string]interface {}"
                    .formatted(PatchBody.typeOf(tree)));
        }
        return JsonSyntax.repeats(tree)
                ? new StrategicMergePatch((ObjectNode) JsonSyntax.plain(tree), JsonSyntax.repeated(tree))
                : new StrategicMergePatch((ObjectNode) tree, List.of());
    }

    /** The patch itself. Read-only. */
    public ObjectNode tree() {
        return patch;
    }

    /** A text for each member that was given twice; to be warned of, or to be refused by strict validation. */
    public List<String> strictErrors() {
        return strictErrors;
    }

    /**
     * The document with the patch merged in. The argument is left as it is.
     *
     * @param document an object of the kind
     * @param type the kind's schema
     * @return shown is what is left of the patch when the directives that were followed are gone
     * @throws StatusException 400 for a bad {@code $retainKeys}, 500 for what the algorithm can't do
     */
    public Patched apply(ObjectNode document, TypeSchema type) {
        ObjectNode used = patch.deepCopy();
        JsonNode result = mergeObject(document.deepCopy(), used, type);
        return new Patched(result, () -> GoText.of(used));
    }

    /** Merges a patch that may be used up into a target that may be changed. */
    private static ObjectNode mergeObject(ObjectNode target, ObjectNode patch, @Nullable TypeSchema type) {
        JsonNode directive = patch.get(PATCH);
        if (directive != null) {
            switch (directive.asText()) {
                case "replace" -> {
                    patch.remove(PATCH);
                    return patch;
                }
                case "delete" -> {
                    return Json.object();
                }
                default -> throw unknownDirective(directive, patch);
            }
        }
        retainKeys(target, patch);
        mergeOrderedLists(target, patch, type);
        for (String name : names(patch)) {
            JsonNode value = patch.get(name);
            if (name.startsWith(DELETE_FROM)) {
                String list = name.substring(DELETE_FROM.length());
                if (target.get(list) instanceof ArrayNode current && value instanceof ArrayNode deleted) {
                    target.set(list, ListMerge.withoutScalars(current, deleted));
                }
            } else {
                mergeMember(target, name, value, type);
            }
        }
        return target;
    }

    private static void mergeMember(ObjectNode target, String name, JsonNode value, @Nullable TypeSchema type) {
        if (value.isNull()) {
            target.remove(name);
            return;
        }
        JsonNode current = target.get(name);
        if (current instanceof ObjectNode object && value instanceof ObjectNode patch) {
            Optional<FieldSchema> field = field(type, name);
            boolean replaced =
                    field.isPresent() && field.get().patchStrategies().contains("replace");
            target.set(name, replaced ? patch : mergeObject(object, patch, memberType(type, name)));
        } else if (current instanceof ArrayNode list && value instanceof ArrayNode patch) {
            FieldSchema field = listField(type, name);
            target.set(name, mergeList(list, patch, field));
        } else {
            MergePatch.dropNullMembers(value);
            JsonNode plain = withoutDirectives(value.deepCopy());
            if (plain != null) {
                target.set(name, plain);
            }
        }
    }

    /** Merges the lists that have an order directive, and uses up both. */
    private static void mergeOrderedLists(ObjectNode target, ObjectNode patch, @Nullable TypeSchema type) {
        for (String directive : names(patch)) {
            if (!directive.startsWith(ORDER)) {
                continue;
            }
            ArrayNode order = asList(patch.remove(directive));
            String name = directive.substring(ORDER.length());
            @Nullable ArrayNode current = target.has(name) ? asList(target.get(name)) : null;
            @Nullable ArrayNode patched = patch.has(name) ? asList(patch.get(name)) : null;
            FieldSchema field = listField(type, name);
            @Nullable String key = field.patchMergeKey().orElse(null);
            ListMerge.requireSameOrder(patched, order, key);
            ArrayNode merged;
            ArrayNode before = current == null ? Json.mapper().createArrayNode() : current;
            if (patched == null) {
                if (current == null) {
                    continue;
                }
                merged = current;
            } else if (current == null) {
                merged = patched.deepCopy();
                withoutDirectives(merged);
            } else {
                merged = mergeList(current.deepCopy(), patched.deepCopy(), field);
                before = key == null ? current : ListMerge.orderAfter(current, patched, key);
            }
            target.set(name, ListMerge.ordered(merged, order, before, key));
            patch.remove(name);
        }
    }

    private static ArrayNode mergeList(ArrayNode current, ArrayNode patch, FieldSchema field) {
        if (!field.patchStrategies().contains("merge")) {
            return patch;
        }
        if (current.isEmpty() && patch.isEmpty()) {
            return current;
        }
        ListMerge.requireOneType(current, patch);
        boolean objects = (current.isEmpty() ? patch : current).get(0).isObject();
        if (!objects) {
            return ListMerge.ordered(ListMerge.union(current, patch), patch, current, null);
        }
        String key = field.patchMergeKey()
                .orElseThrow(() -> failure("cannot merge lists without merge key for "
                        + field.type().shortName()));
        List<ObjectNode> merged = new ArrayList<>();
        current.forEach(element -> merged.add((ObjectNode) element));
        List<ObjectNode> patches = new ArrayList<>();
        boolean replace = false;
        for (JsonNode each : patch) {
            ObjectNode element = (ObjectNode) each;
            JsonNode directive = element.get(PATCH);
            if (directive == null) {
                patches.add(element);
                continue;
            }
            switch (directive.asText()) {
                case "delete" -> {
                    JsonNode value = ListMerge.keyOf(element, key);
                    merged.removeIf(candidate -> ListMerge.hasKey(candidate, key, value));
                }
                case "replace" -> replace = true;
                case "merge" -> throw failure("merging lists cannot yet be specified in the patch");
                default -> throw unknownDirective(directive, element);
            }
        }
        if (replace) {
            ArrayNode result = Json.mapper().createArrayNode();
            patches.forEach(result::add);
            return result;
        }
        ArrayNode before = Json.mapper().createArrayNode();
        merged.forEach(before::add);
        ArrayNode wanted = Json.mapper().createArrayNode();
        patches.forEach(element -> wanted.add(element.deepCopy()));
        for (ObjectNode element : patches) {
            JsonNode value = ListMerge.keyOf(element, key);
            int position = ListMerge.find(merged, key, value);
            if (position < 0) {
                merged.add(element);
            } else {
                merged.set(position, mergeObject(merged.get(position), element, elementType(field)));
            }
        }
        ArrayNode result = Json.mapper().createArrayNode();
        merged.forEach(result::add);
        return ListMerge.ordered(result, wanted, before, key);
    }

    /** Checks and uses up the directive that names the members to keep, and drops the target's others. */
    private static void retainKeys(ObjectNode target, ObjectNode patch) {
        JsonNode directive = patch.remove(RETAIN_KEYS);
        if (directive == null) {
            return;
        }
        if (!directive.isArray()) {
            throw StatusException.badRequest("invalid patch format of retainKeys");
        }
        List<String> kept = new ArrayList<>();
        directive.forEach(name -> kept.add(name.isTextual() ? name.asText() : ""));
        for (String name : names(patch)) {
            boolean ignored = patch.get(name).isNull() || name.startsWith(DELETE_FROM) || name.startsWith(ORDER);
            if (!ignored && !kept.contains(name)) {
                throw StatusException.badRequest("invalid patch format of retainKeys");
            }
        }
        target.properties().removeIf(member -> !kept.contains(member.getKey()));
    }

    /** A value that had nothing to be merged with: objects with a {@code $patch} in it are left out. Null if it is one itself. */
    private static @Nullable JsonNode withoutDirectives(JsonNode value) {
        if (value instanceof ObjectNode object) {
            if (object.has(PATCH)) {
                return null;
            }
            object.properties().removeIf(member -> withoutDirectives(member.getValue()) == null);
        } else if (value instanceof ArrayNode list) {
            for (int i = list.size() - 1; i >= 0; i--) {
                if (withoutDirectives(list.get(i)) == null) {
                    list.remove(i);
                }
            }
        }
        return value;
    }

    private static List<String> names(ObjectNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static ArrayNode asList(@Nullable JsonNode value) {
        if (value instanceof ArrayNode list) {
            return list;
        }
        throw failure("expected a []interface {}, but received a " + GoText.typeOf(value));
    }

    private static Optional<FieldSchema> field(@Nullable TypeSchema type, String name) {
        return type == null ? Optional.empty() : type.field(name);
    }

    private static @Nullable TypeSchema memberType(@Nullable TypeSchema type, String name) {
        if (type == null) {
            return null;
        }
        if (type.kind() == TypeSchema.Kind.MAP) {
            return type.element();
        }
        return type.field(name).map(FieldSchema::type).orElse(null);
    }

    private static @Nullable TypeSchema elementType(FieldSchema field) {
        return field.type().kind() == TypeSchema.Kind.LIST ? field.type().element() : null;
    }

    private static FieldSchema listField(@Nullable TypeSchema type, String name) {
        return field(type, name)
                .orElseThrow(() -> failure("unable to find api field in struct %s for the json field \"%s\""
                        .formatted(type == null ? "" : type.shortName(), name)));
    }

    private static StatusException unknownDirective(JsonNode directive, ObjectNode where) {
        return failure("unknown patch type: %s in map: %s"
                .formatted(directive.isNull() ? "%!s(<nil>)" : GoText.of(directive), GoText.of(where)));
    }

    /** What the algorithm itself can't do is no fault of the caller's to the reference: 500 without a reason. */
    static StatusException failure(String message) {
        return StatusException.of(500, "", message, null);
    }
}
