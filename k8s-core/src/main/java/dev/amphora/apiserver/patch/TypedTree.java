package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.FieldSchema;
import dev.amphora.apiserver.schema.TypeSchema;
import dev.amphora.apiserver.schema.TypeSchema.Kind;
import dev.amphora.apiserver.schema.TypeSchema.ListType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Trees with the types that say how two writers share them: which paths they have, how two differ, merging, and taking away. */
final class TypedTree {
    private TypedTree() {}

    /** How a value is shared. */
    private enum Form {
        SCALAR,
        ATOMIC,
        MAP,
        LIST
    }

    /** How a value of a type is shared; where no type is known, the value says it. */
    private static Form form(@Nullable TypeSchema type, @Nullable JsonNode value) {
        if (type != null) {
            switch (type.kind()) {
                case OBJECT, MAP -> {
                    return type.atomic() ? Form.ATOMIC : Form.MAP;
                }
                case LIST -> {
                    return type.listType() == ListType.ATOMIC ? Form.ATOMIC : Form.LIST;
                }
                case RAW_OBJECT, FIELDS, JSON, SCHEMA_OR_LIST, SCHEMA_OR_BOOLEAN, SCHEMA_OR_STRINGS -> {
                    return value != null && value.isContainerNode() ? Form.ATOMIC : Form.SCALAR;
                }
                default -> {
                    return Form.SCALAR;
                }
            }
        }
        if (value == null || value.isNull() || value.isObject()) {
            return Form.MAP;
        }
        return value.isArray() ? Form.ATOMIC : Form.SCALAR;
    }

    /** The type at the end of one step of a path, null if it is not known. */
    static @Nullable TypeSchema step(@Nullable TypeSchema type, String element) {
        if (type == null) {
            return null;
        }
        if (element.startsWith("f:")) {
            return child(type, element.substring(2));
        }
        return type.kind() == Kind.LIST ? type.element() : null;
    }

    private static @Nullable TypeSchema child(@Nullable TypeSchema type, String name) {
        if (type == null) {
            return null;
        }
        if (type.kind() == Kind.MAP) {
            return type.element();
        }
        FieldSchema field = type.fields().get(name);
        return field == null ? null : field.type();
    }

    /** Whether values of a type are maps or lists that have one owner as a whole. */
    static boolean isAtomicContainer(@Nullable TypeSchema type) {
        return type != null && form(type, null) == Form.ATOMIC;
    }

    private static boolean isNamed(@Nullable TypeSchema type, String name) {
        return type != null && type.kind() == Kind.OBJECT && type.fields().containsKey(name);
    }

    private static @Nullable ObjectNode map(@Nullable JsonNode value) {
        return value instanceof ObjectNode object ? object : null;
    }

    private static @Nullable ArrayNode list(@Nullable JsonNode value) {
        return value instanceof ArrayNode array ? array : null;
    }

    private static boolean isEmpty(@Nullable JsonNode container) {
        return container == null || container.isEmpty();
    }

    /** How a list element is told apart from its neighbours; null if it lacks all its keys. */
    static @Nullable String element(TypeSchema list, JsonNode item) {
        if (list.listType() == ListType.SET) {
            return FieldSet.value(item);
        }
        Map<String, JsonNode> keys = new TreeMap<>();
        for (String name : list.listMapKeys()) {
            JsonNode value = item.get(name);
            if (value == null) {
                value = list.element().openApi().path("properties").path(name).get("default");
            }
            if (value != null) {
                keys.put(name, value);
            }
        }
        return keys.isEmpty() ? null : FieldSet.key(keys);
    }

    private static String elementOrNone(TypeSchema list, JsonNode item) {
        String element = element(list, item);
        return element == null ? "k:{}" : element;
    }

    /** Every path of a value. */
    static FieldSet fields(JsonNode value, TypeSchema type) {
        FieldSet set = new FieldSet();
        collect(value, type, new ArrayList<>(), set);
        return set;
    }

    private static void collect(JsonNode value, @Nullable TypeSchema type, List<String> path, FieldSet set) {
        switch (form(type, value)) {
            case MAP -> {
                ObjectNode map = map(value);
                if (map != null) {
                    for (Map.Entry<String, JsonNode> entry : map.properties()) {
                        path.add(FieldSet.field(entry.getKey()));
                        JsonNode child = entry.getValue();
                        collect(child, child(type, entry.getKey()), path, set);
                        if (child.isNull() || (child.isObject() && child.isEmpty()) || !isNamed(type, entry.getKey())) {
                            set.insert(path);
                        }
                        path.remove(path.size() - 1);
                    }
                }
            }
            case LIST -> {
                ArrayNode list = list(value);
                if (list != null && type != null) {
                    Map<String, Integer> seen = new TreeMap<>();
                    list.forEach(item -> seen.merge(elementOrNone(type, item), 1, Integer::sum));
                    for (JsonNode item : list) {
                        String element = elementOrNone(type, item);
                        path.add(element);
                        if (Objects.equals(seen.get(element), 1)) {
                            collect(item, type.element(), path, set);
                        }
                        set.insert(path);
                        path.remove(path.size() - 1);
                    }
                }
            }
            default -> set.insert(path);
        }
    }

    /**
     * How one tree differs from another.
     *
     * @param added paths of the new one alone
     * @param modified paths of both, with different values
     * @param removed paths of the old one alone
     */
    record Comparison(FieldSet added, FieldSet modified, FieldSet removed) {
        /** Whether nothing differs. */
        boolean isSame() {
            return added.isEmpty() && modified.isEmpty() && removed.isEmpty();
        }

        /** What has a value that it had not before. */
        FieldSet changed() {
            return modified.union(added);
        }

        /** Each set reduced by the same rule. */
        Comparison filtered(UnaryOperator<FieldSet> filter) {
            return new Comparison(filter.apply(added), filter.apply(modified), filter.apply(removed));
        }
    }

    static Comparison compare(JsonNode old, JsonNode now, TypeSchema type) {
        Comparison result = new Comparison(new FieldSet(), new FieldSet(), new FieldSet());
        compare(old, now, type, new ArrayList<>(), result);
        return result;
    }

    private static void compare(
            @Nullable JsonNode old,
            @Nullable JsonNode now,
            @Nullable TypeSchema type,
            List<String> path,
            Comparison result) {
        if (old == now) {
            return;
        }
        if (old == null && now != null) {
            result.added.graft(path, whole(now, type));
            return;
        }
        Form was = form(type, old);
        Form is = form(type, now);
        if (old != null && now != null && was != is) {
            compareAs(was, old, now, type, path, result);
        }
        boolean leaf = compareAs(now == null ? was : is, old, now, type, path, result);
        if (!leaf && old == null) {
            result.added.insert(path);
        } else if (!leaf && now == null) {
            result.removed.insert(path);
        }
    }

    /** Every path below a value that was not there before. */
    private static FieldSet whole(JsonNode value, @Nullable TypeSchema type) {
        Form form = form(type, value);
        if (form == Form.MAP && value instanceof ObjectNode map && !map.isEmpty()) {
            FieldSet set = new FieldSet();
            for (Map.Entry<String, JsonNode> entry : map.properties()) {
                set.grow(FieldSet.field(entry.getKey()), whole(entry.getValue(), child(type, entry.getKey())));
            }
            return set;
        }
        if (form == Form.LIST && type != null && value instanceof ArrayNode list && !list.isEmpty()) {
            FieldSet set = new FieldSet();
            for (JsonNode item : list) {
                String element = elementOrNone(type, item);
                // An element that is there twice has no fields that could be told apart.
                set.grow(element, set.has(element) ? FieldSet.EMPTY : whole(item, type.element()));
            }
            return set;
        }
        return FieldSet.EMPTY;
    }

    /** Compares as values of one form; whether they are compared as a whole. Empty and absent containers are told apart. */
    private static boolean compareAs(
            Form form,
            @Nullable JsonNode old,
            @Nullable JsonNode now,
            @Nullable TypeSchema type,
            List<String> path,
            Comparison result) {
        if (form == Form.MAP && !(isEmpty(map(old)) && isEmpty(map(now)))) {
            compareMaps(map(old), map(now), type, path, result);
            return false;
        }
        if (form == Form.LIST && type != null && !(isEmpty(list(old)) && isEmpty(list(now)))) {
            compareLists(list(old), list(now), type, path, result);
            return false;
        }
        if (old == null) {
            result.added.insert(path);
        } else if (now == null) {
            result.removed.insert(path);
        } else if (!equal(old, now)) {
            result.modified.insert(path);
        }
        return true;
    }

    /** Whether two values are the same; numbers are compared by value, however they are written. */
    static boolean equal(JsonNode one, JsonNode other) {
        return one.equals(TypedTree::compareScalars, other);
    }

    private static int compareScalars(JsonNode one, JsonNode other) {
        if (one.isNumber() && other.isNumber()) {
            return one.isIntegralNumber() && other.isIntegralNumber()
                    ? one.bigIntegerValue().compareTo(other.bigIntegerValue())
                    : Double.compare(one.doubleValue(), other.doubleValue());
        }
        return one.equals(other) ? 0 : 1;
    }

    private static void compareMaps(
            @Nullable ObjectNode old,
            @Nullable ObjectNode now,
            @Nullable TypeSchema type,
            List<String> path,
            Comparison result) {
        if (old != null) {
            for (Map.Entry<String, JsonNode> entry : old.properties()) {
                JsonNode there = now == null ? null : now.get(entry.getKey());
                compareMember(entry.getKey(), entry.getValue(), there, type, path, result);
            }
        }
        if (now != null) {
            for (Map.Entry<String, JsonNode> entry : now.properties()) {
                if (old == null || !old.has(entry.getKey())) {
                    compareMember(entry.getKey(), null, entry.getValue(), type, path, result);
                }
            }
        }
    }

    private static void compareMember(
            String name,
            @Nullable JsonNode old,
            @Nullable JsonNode now,
            @Nullable TypeSchema type,
            List<String> path,
            Comparison result) {
        if (old != now) {
            path.add(FieldSet.field(name));
            compare(old, now, child(type, name), path, result);
            path.remove(path.size() - 1);
        }
    }

    private static void compareLists(
            @Nullable ArrayNode old, @Nullable ArrayNode now, TypeSchema type, List<String> path, Comparison result) {
        if (isEmpty(old) && now != null) {
            result.added.graftBelow(path, whole(now, type));
            return;
        }
        Map<String, List<JsonNode>> before = grouped(old, type);
        Map<String, List<JsonNode>> after = grouped(now, type);
        Set<String> elements = new TreeSet<>(before.keySet());
        elements.addAll(after.keySet());
        for (String element : elements) {
            List<JsonNode> was = before.getOrDefault(element, List.of());
            List<JsonNode> is = after.getOrDefault(element, List.of());
            path.add(element);
            if (was.size() > 1 && is.size() > 1) {
                if (was.size() != is.size() || !same(was, is)) {
                    result.modified.insert(path);
                }
            } else {
                // An element that is there twice counts as none, with a mark of its own.
                JsonNode one = was.size() == 1 ? was.get(0) : null;
                JsonNode other = is.size() == 1 ? is.get(0) : null;
                if (one != null || other != null) {
                    compare(one, other, type.element(), path, result);
                }
                if (was.size() > 1 || (one != null && other == null)) {
                    result.removed.insert(path);
                }
                if (is.size() > 1 || (one == null && other != null)) {
                    result.added.insert(path);
                }
            }
            path.remove(path.size() - 1);
        }
    }

    private static boolean same(List<JsonNode> one, List<JsonNode> other) {
        for (int i = 0; i < one.size(); i++) {
            if (!equal(one.get(i), other.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static Map<String, List<JsonNode>> grouped(@Nullable ArrayNode list, TypeSchema type) {
        Map<String, List<JsonNode>> grouped = new LinkedHashMap<>();
        if (list != null) {
            list.forEach(item -> grouped.computeIfAbsent(elementOrNone(type, item), key -> new ArrayList<>())
                    .add(item));
        }
        return grouped;
    }

    /** What is there with what is wanted merged in. */
    static JsonNode merge(JsonNode live, JsonNode wanted, TypeSchema type) {
        JsonNode merged = mergeAny(live, wanted, type);
        return merged == null ? NullNode.instance : merged;
    }

    private static @Nullable JsonNode mergeAny(
            @Nullable JsonNode live, @Nullable JsonNode wanted, @Nullable TypeSchema type) {
        if (live == null || wanted == null) {
            return wanted == null ? live : wanted.deepCopy();
        }
        return switch (form(type, wanted)) {
            case MAP -> mergeMaps(live, wanted, type);
            case LIST -> type == null ? wanted : mergeLists(live, wanted, type);
            default -> wanted.deepCopy();
        };
    }

    private static JsonNode mergeMaps(JsonNode live, JsonNode wanted, @Nullable TypeSchema type) {
        if (isEmpty(map(live)) && isEmpty(map(wanted))) {
            return wanted;
        }
        ObjectNode result = Json.object();
        if (map(live) != null) {
            result.setAll(map(live));
        }
        ObjectNode more = map(wanted);
        if (more != null) {
            for (Map.Entry<String, JsonNode> entry : more.properties()) {
                JsonNode merged = mergeAny(result.get(entry.getKey()), entry.getValue(), child(type, entry.getKey()));
                result.set(entry.getKey(), merged);
            }
        }
        return result;
    }

    /** Elements keep the order of what is there, but for those whose order what is wanted determines. */
    private static JsonNode mergeLists(JsonNode live, JsonNode wanted, TypeSchema type) {
        ArrayNode left = list(live);
        ArrayNode right = list(wanted);
        if (isEmpty(left) && isEmpty(right)) {
            return wanted;
        }
        List<String> lefts = elements(left, type);
        List<String> rights = elements(right, type);
        Map<String, JsonNode> atLeft = new LinkedHashMap<>();
        for (int i = 0; left != null && i < lefts.size(); i++) {
            atLeft.put(lefts.get(i), atLeft.containsKey(lefts.get(i)) ? NullNode.instance : left.get(i));
        }
        Set<String> inRight = new HashSet<>(rights);
        List<String> shared = new ArrayList<>(rights);
        shared.retainAll(atLeft.keySet());
        Set<String> merged = new HashSet<>();
        ArrayNode result = wanted.isArray() ? ((ArrayNode) wanted).arrayNode() : ((ArrayNode) live).arrayNode();
        int next = 0;
        int l = 0;
        int r = 0;
        while (l < lefts.size() || r < rights.size()) {
            if (l < lefts.size() && r < rights.size()) {
                String element = lefts.get(l);
                if (element.equals(rights.get(r))) {
                    merged.add(element);
                    result.add(mergeItem(atLeft.get(element), at(right, r), type));
                    l++;
                    r++;
                    next++;
                    continue;
                }
                if (inRight.contains(element)
                        && next < shared.size()
                        && !shared.get(next).equals(element)) {
                    l++;
                    continue;
                }
            }
            if (l < lefts.size()) {
                String element = lefts.get(l);
                if (!inRight.contains(element)) {
                    result.add(at(left, l));
                    l++;
                    continue;
                } else if (merged.contains(element)) {
                    l++;
                }
            }
            if (r < rights.size()) {
                String element = rights.get(r);
                merged.add(element);
                result.add(mergeItem(atLeft.get(element), at(right, r), type));
                r++;
                if (next < shared.size() && shared.get(next).equals(element)) {
                    next++;
                }
            }
        }
        return result;
    }

    private static JsonNode at(@Nullable ArrayNode list, int index) {
        return list == null ? NullNode.instance : list.get(index);
    }

    /** An element that is there twice counts as absent. */
    private static @Nullable JsonNode mergeItem(@Nullable JsonNode left, JsonNode right, TypeSchema type) {
        return mergeAny(left == null || left.isNull() ? null : left, right, type.element());
    }

    private static List<String> elements(@Nullable ArrayNode list, TypeSchema type) {
        List<String> elements = new ArrayList<>();
        if (list != null) {
            list.forEach(item -> elements.add(elementOrNone(type, item)));
        }
        return elements;
    }

    /** The tree without some paths. */
    static JsonNode remove(JsonNode value, FieldSet paths, @Nullable TypeSchema type) {
        switch (form(type, value)) {
            case MAP -> {
                ObjectNode map = map(value);
                if (map == null) {
                    return NullNode.instance;
                }
                ObjectNode result = Json.object();
                for (Map.Entry<String, JsonNode> entry : map.properties()) {
                    String element = FieldSet.field(entry.getKey());
                    if (!paths.has(element)) {
                        FieldSet below = paths.below(element);
                        result.set(
                                entry.getKey(),
                                below.isEmpty()
                                        ? entry.getValue()
                                        : remove(entry.getValue(), below, child(type, entry.getKey())));
                    }
                }
                return result.isEmpty() ? NullNode.instance : result;
            }
            case LIST -> {
                ArrayNode list = list(value);
                if (list == null || type == null) {
                    return NullNode.instance;
                }
                ArrayNode result = list.arrayNode();
                for (JsonNode item : list) {
                    String element = elementOrNone(type, item);
                    if (!paths.has(element)) {
                        FieldSet below = paths.below(element);
                        result.add(below.isEmpty() ? item : remove(item, below, type.element()));
                    }
                }
                return result.isEmpty() ? NullNode.instance : result;
            }
            case ATOMIC -> {
                return NullNode.instance;
            }
            default -> {
                return value;
            }
        }
    }
}
