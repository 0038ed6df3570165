package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Compares trees as texts would be: members count in their order. What two trees share is not looked at. */
public final class Trees {
    private static final int GLANCE = 4;

    private Trees() {}

    /** Whether two trees are the same, the members of their objects in the same order. */
    public static boolean same(JsonNode one, JsonNode other) {
        if (one == other) {
            return true;
        }
        if (isWhole(one)) {
            return isWhole(other) && one.longValue() == other.longValue();
        }
        if (one.getClass() != other.getClass()) {
            return false;
        }
        if (one.getClass() == ObjectNode.class) {
            return sameBut((ObjectNode) one, (ObjectNode) other, "");
        }
        if (one.getClass() == ArrayNode.class) {
            if (one.size() != other.size()) {
                return false;
            }
            for (int i = 0; i < one.size(); i++) {
                if (!same(one.get(i), other.get(i))) {
                    return false;
                }
            }
            return true;
        }
        // of other numbers it matters how they were written
        return (one.isTextual() || one.isBoolean() || one.isNull()) && one.equals(other);
    }

    private static boolean isWhole(JsonNode node) {
        return node.getClass() == IntNode.class || node.getClass() == LongNode.class;
    }

    /**
     * The same for objects one member of which doesn't count, wherever it is.
     *
     * @param member its name; empty for none
     */
    public static boolean sameBut(ObjectNode one, ObjectNode other, String member) {
        Iterator<Map.Entry<String, JsonNode>> those = other.properties().iterator();
        for (Map.Entry<String, JsonNode> here : one.properties()) {
            if (here.getKey().equals(member)) {
                continue;
            }
            Map.Entry<String, JsonNode> there = next(those, member);
            if (there == null || !here.getKey().equals(there.getKey()) || !same(here.getValue(), there.getValue())) {
                return false;
            }
        }
        return next(those, member) == null;
    }

    /**
     * Whether two objects have the same members, of which objects and lists are the same nodes, but for one member that doesn't count.
     *
     * @param member its name; empty for none
     */
    static boolean shareAllBut(JsonNode one, JsonNode other, String member) {
        if (!(one instanceof ObjectNode here) || !(other instanceof ObjectNode there)) {
            return false;
        }
        Iterator<Map.Entry<String, JsonNode>> those = there.properties().iterator();
        for (Map.Entry<String, JsonNode> each : here.properties()) {
            if (each.getKey().equals(member)) {
                continue;
            }
            Map.Entry<String, JsonNode> counterpart = next(those, member);
            if (counterpart == null || !each.getKey().equals(counterpart.getKey())) {
                return false;
            }
            JsonNode value = each.getValue();
            if (value != counterpart.getValue() && (value.isContainerNode() || !same(value, counterpart.getValue()))) {
                return false;
            }
        }
        return next(those, member) == null;
    }

    private static Map.@Nullable Entry<String, JsonNode> next(
            Iterator<Map.Entry<String, JsonNode>> members, String but) {
        while (members.hasNext()) {
            Map.Entry<String, JsonNode> member = members.next();
            if (!member.getKey().equals(but)) {
                return member;
            }
        }
        return null;
    }

    /**
     * A number that is the same for trees that are the {@linkplain #same same}.
     *
     * @param depth how many levels below the first are looked at
     */
    public static int hash(JsonNode tree, int depth) {
        return hashBut(tree, depth, "");
    }

    /** The same for an object one member of which doesn't count. */
    static int hashBut(JsonNode tree, int depth, String member) {
        if (tree.isTextual()) {
            return tree.textValue().hashCode();
        }
        if (isWhole(tree)) {
            return Long.hashCode(tree.longValue());
        }
        int hash = tree.size();
        if (depth < 0) {
            return hash;
        }
        if (tree instanceof ObjectNode object) {
            hash = 0;
            for (Map.Entry<String, JsonNode> each : object.properties()) {
                if (!each.getKey().equals(member)) {
                    hash = 31 * hash + (each.getKey().hashCode() ^ hash(each.getValue(), depth - 1));
                }
            }
        } else if (tree.isArray()) {
            for (int i = 0; i < tree.size(); i++) {
                hash = 31 * hash + hash(tree.get(i), depth - 1);
            }
        }
        return hash;
    }

    /** A number that is the same for trees that are the same, from what is first in them: quickly had, and much the same for many. */
    static int glance(JsonNode tree) {
        int hash = 0;
        JsonNode node = tree;
        for (int depth = 0; depth < GLANCE && node.isContainerNode() && !node.isEmpty(); depth++) {
            hash = 31 * hash + node.size();
            if (node instanceof ObjectNode object) {
                Map.Entry<String, JsonNode> first =
                        object.properties().iterator().next();
                hash = 31 * hash + first.getKey().hashCode();
                node = first.getValue();
            } else {
                node = node.get(0);
            }
        }
        return node.isTextual() ? 31 * hash + node.textValue().hashCode() : hash;
    }

    /** A copy of an object whose members are those of the original, not copies of them. */
    public static ObjectNode shallow(ObjectNode object) {
        ObjectNode copy = Json.object();
        copy.setAll(object);
        return copy;
    }
}
