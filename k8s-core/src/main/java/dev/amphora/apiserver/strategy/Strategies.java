package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.Quantities;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Steps that many strategies share: what is kept of the old object, and filling in what is absent. */
final class Strategies {
    private static final Set<String> NOT_DESIRED = ImmutableSet.of("metadata", "status", "kind", "apiVersion");

    private Strategies() {}

    // Updates

    /** Gives the object the old one's status. */
    static void keepStatus(ObjectNode object, ObjectNode old) {
        keep(object, old, "status");
    }

    /** Gives an object another one's member, or takes it away where the other has none. */
    static void keep(ObjectNode object, JsonNode old, String member) {
        JsonNode value = old.get(member);
        if (value == null) {
            object.remove(member);
        } else {
            object.set(member, value.deepCopy());
        }
    }

    /** Raises the generation if anything but metadata and status differs. */
    static void bumpGeneration(ObjectNode object, ObjectNode old) {
        setGeneration(object, old, !sameButFor(object, old, NOT_DESIRED));
    }

    private static boolean sameButFor(ObjectNode one, ObjectNode other, Set<String> members) {
        for (Map.Entry<String, JsonNode> member : one.properties()) {
            if (!members.contains(member.getKey()) && !same(member.getValue(), other.path(member.getKey()))) {
                return false;
            }
        }
        for (Map.Entry<String, JsonNode> member : other.properties()) {
            if (!members.contains(member.getKey()) && !one.has(member.getKey()) && !isNothing(member.getValue())) {
                return false;
            }
        }
        return true;
    }

    /** Gives the object the old one's generation, raised if its desired state changed. */
    static void setGeneration(ObjectNode object, ObjectNode old, boolean changed) {
        JsonNode generation = old.path("metadata").path("generation");
        if (generation.isNumber()) {
            metadata(object).put("generation", generation.asLong() + (changed ? 1 : 0));
        }
    }

    /** Gives the object everything of the old one but its status and the metadata that a status update may carry. */
    static void keepAllButStatus(ObjectNode object, ObjectNode old) {
        for (String member : members(object)) {
            if (!member.equals("status") && !member.equals("metadata") && object.get(member) != old.get(member)) {
                object.remove(member);
            }
        }
        for (String member : members(old)) {
            if (!member.equals("status") && !member.equals("metadata") && !object.has(member)) {
                object.set(member, old.get(member).deepCopy());
            }
        }
        keep(metadata(object), old.path("metadata"), "generation");
    }

    /** Whether two values are the same; nothing, null, and an empty list or object are. */
    static boolean same(JsonNode one, JsonNode other) {
        if (isNothing(one) || isNothing(other)) {
            return isNothing(one) && isNothing(other);
        }
        if (one.isObject() && other.isObject()) {
            return sameButFor((ObjectNode) one, (ObjectNode) other, Set.of());
        }
        if (one.isArray() && other.isArray()) {
            boolean same = one.size() == other.size();
            for (int i = 0; same && i < one.size(); i++) {
                same = same(one.get(i), other.get(i));
            }
            return same;
        }
        return Json.same(one, other);
    }

    private static boolean isNothing(JsonNode value) {
        return value.isMissingNode() || value.isNull() || (value.isArray() && value.isEmpty());
    }

    private static List<String> members(ObjectNode object) {
        List<String> members = new ArrayList<>();
        object.fieldNames().forEachRemaining(members::add);
        return members;
    }

    // Defaults

    static ObjectNode metadata(ObjectNode object) {
        return child(object, "metadata");
    }

    /** A member that is an object, made if it isn't there. */
    static ObjectNode child(ObjectNode object, String name) {
        return object.get(name) instanceof ObjectNode child ? child : object.putObject(name);
    }

    /** A member that is a list, made if it isn't there. */
    static ArrayNode list(ObjectNode object, String name) {
        return object.get(name) instanceof ArrayNode list ? list : object.putArray(name);
    }

    /** The elements of a list that are objects; none if it isn't there. */
    static List<ObjectNode> objects(JsonNode list) {
        List<ObjectNode> objects = new ArrayList<>();
        for (JsonNode element : list) {
            if (element instanceof ObjectNode object) {
                objects.add(object);
            }
        }
        return objects;
    }

    /** Sets a text that is absent; one that is given as empty stays. */
    static void setDefault(ObjectNode object, String name, String value) {
        if (!object.hasNonNull(name)) {
            object.put(name, value);
        }
    }

    /** Sets a number that is absent. */
    static void setDefault(ObjectNode object, String name, int value) {
        if (!object.hasNonNull(name)) {
            object.put(name, value);
        }
    }

    /** Sets a number that is absent or zero. */
    static void setIfZero(ObjectNode object, String name, int value) {
        if (object.path(name).asLong() == 0) {
            object.put(name, value);
        }
    }

    /** Rounds the amounts of resources up to what is told apart: a thousandth. */
    static void roundAmounts(JsonNode amounts) {
        if (amounts instanceof ObjectNode list) {
            for (Map.Entry<String, JsonNode> amount : list.properties()) {
                String text = amount.getValue().asText();
                String rounded = Quantities.roundUpToMilli(text);
                if (!rounded.equals(text)) {
                    amount.setValue(TextNode.valueOf(rounded));
                }
            }
        }
    }

    /** Sets a flag that is absent. */
    static void setDefault(ObjectNode object, String name, boolean value) {
        if (!object.hasNonNull(name)) {
            object.put(name, value);
        }
    }
}
