package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The list half of a strategic merge: keys of elements, and their order. Elements without a key field are scalars. */
final class ListMerge {
    private ListMerge() {}

    /** The value of an element's key field. */
    static JsonNode keyOf(JsonNode element, String key) {
        JsonNode value = element.get(key);
        if (value == null) {
            throw StrategicMergePatch.failure(
                    "map: %s does not contain declared merge key: %s".formatted(GoText.of(element), key));
        }
        return value;
    }

    static boolean hasKey(JsonNode element, String key, JsonNode value) {
        JsonNode own = element.get(key);
        return own != null && Json.same(own, value);
    }

    /** The position of the first element with a key; -1 if there is none. */
    static int find(List<? extends JsonNode> list, String key, JsonNode value) {
        for (int i = 0; i < list.size(); i++) {
            if (hasKey(list.get(i), key, value)) {
                return i;
            }
        }
        return -1;
    }

    /** All elements of both lists must be objects, or scalars of one type. */
    static void requireOneType(ArrayNode current, ArrayNode patch) {
        @Nullable String type = null;
        for (ArrayNode list : List.of(current, patch)) {
            for (JsonNode element : list) {
                String own = GoText.typeOf(element);
                if (type != null && !type.equals(own)) {
                    throw StrategicMergePatch.failure("list element types are not identical: [%s %s]"
                            .formatted(GoText.of(current), GoText.of(patch)));
                }
                type = own;
            }
        }
    }

    /** Scalars of both lists in order of appearance, each once. */
    static ArrayNode union(ArrayNode current, ArrayNode patch) {
        ArrayNode result = Json.mapper().createArrayNode();
        for (ArrayNode list : List.of(current, patch)) {
            for (JsonNode element : list) {
                if (indexOf(result, element, null) < 0) {
                    result.add(element);
                }
            }
        }
        return result;
    }

    static ArrayNode withoutScalars(ArrayNode list, ArrayNode deleted) {
        requireOneType(list, deleted);
        ArrayNode result = Json.mapper().createArrayNode();
        for (JsonNode element : list) {
            if (indexOf(deleted, element, null) < 0) {
                result.add(element);
            }
        }
        return result;
    }

    /**
     * The elements of a patch must come in the order that the directive beside it gives. Elements that only direct don't count,
     * unless they come when the order has no more to say.
     */
    static void requireSameOrder(@Nullable ArrayNode patch, ArrayNode order, @Nullable String key) {
        if (patch == null || patch.isEmpty() || order.isEmpty()) {
            return;
        }
        List<JsonNode> wanted = new ArrayList<>();
        for (JsonNode element : patch) {
            if (key != null && !element.isObject()) {
                throw StrategicMergePatch.failure(
                        "expected a map[string]interface {}, but received a " + GoText.typeOf(element));
            }
            if (key == null || !element.path(StrategicMergePatch.PATCH).asText().equals("delete")) {
                wanted.add(element);
            }
        }
        int next = 0;
        int position = 0;
        while (next < wanted.size() && position < order.size()) {
            JsonNode element = wanted.get(next);
            if (element.has(StrategicMergePatch.PATCH)) {
                next++;
                continue;
            }
            if (key != null) {
                keyOf(element, key);
                keyOf(order.get(position), key);
            }
            if (matches(order.get(position), element, key)) {
                next++;
            }
            position++;
        }
        if (next < wanted.size()) {
            throw StrategicMergePatch.failure(
                    "The order in patch list:\n%s\n doesn't match $setElementOrder list:\n%s\n"
                            .formatted(GoText.of(patch), GoText.of(order)));
        }
    }

    /**
     * The order in which the reference finds the elements of a list to have stood before it was patched. It looks at the list that it
     * has worked in: what was deleted has made room, which new elements have taken.
     *
     * @param before the list as it was; not changed
     * @param key the key field
     */
    static ArrayNode orderAfter(ArrayNode before, ArrayNode patch, String key) {
        ArrayNode places = before.deepCopy();
        int used = places.size();
        List<JsonNode> added = new ArrayList<>();
        for (JsonNode element : patch) {
            JsonNode directive = element.path(StrategicMergePatch.PATCH);
            if (directive.asText().equals("replace")) {
                return places;
            }
            if (directive.asText().equals("delete")) {
                for (int i = indexOf(places, element, key); i >= 0 && i < used; i = indexOf(places, element, key)) {
                    used--;
                    for (int k = i; k < used; k++) {
                        places.set(k, places.get(k + 1));
                    }
                }
            } else if (directive.isMissingNode()) {
                added.add(element);
            }
        }
        for (JsonNode element : added) {
            int at = indexOf(places, element, key);
            if (at < 0 || at >= used) {
                if (used == places.size()) {
                    break;
                }
                places.set(used++, element);
            }
        }
        return places;
    }

    /**
     * Puts elements in order: those that the order names as it says, the others as they were; where the two meet, an other one
     * goes first only if it stood before.
     *
     * @param list what to order
     * @param order keys or scalars
     * @param before the list as it was
     * @param key the key field; null for scalars
     */
    static ArrayNode ordered(ArrayNode list, ArrayNode order, ArrayNode before, @Nullable String key) {
        if (key == null && !list.isEmpty() && list.get(0).isContainerNode()) {
            throw StrategicMergePatch.failure("cannot order a list of objects that has no merge key");
        }
        if (key != null) {
            order.forEach(element -> keyOf(element, key));
        }
        List<JsonNode> named = new ArrayList<>();
        List<JsonNode> others = new ArrayList<>();
        for (JsonNode element : list) {
            (indexOf(order, element, key) >= 0 ? named : others).add(element);
        }
        named.sort(Comparator.comparingInt(element -> indexOf(order, element, key)));
        sortLoosely(others, before, key);
        ArrayNode result = Json.mapper().createArrayNode();
        int next = 0;
        for (JsonNode other : others) {
            while (next < named.size() && !stoodBefore(other, named.get(next), before, key)) {
                result.add(named.get(next++));
            }
            result.add(other);
        }
        while (next < named.size()) {
            result.add(named.get(next++));
        }
        return result;
    }

    /** Orders elements as others stand; one that isn't among those goes before whatever it meets, and whatever meets it before it. */
    private static void sortLoosely(List<JsonNode> elements, ArrayNode order, @Nullable String key) {
        for (int i = 1; i < elements.size(); i++) {
            for (int j = i; j > 0; j--) {
                int here = indexOf(order, elements.get(j), key);
                int left = indexOf(order, elements.get(j - 1), key);
                if (here >= 0 && left >= 0 && here >= left) {
                    break;
                }
                Collections.swap(elements, j, j - 1);
            }
        }
    }

    private static boolean stoodBefore(JsonNode one, JsonNode other, ArrayNode before, @Nullable String key) {
        int first = indexOf(before, one, key);
        int second = indexOf(before, other, key);
        return first >= 0 && second >= 0 && first < second;
    }

    private static int indexOf(ArrayNode list, JsonNode element, @Nullable String key) {
        for (int i = 0; i < list.size(); i++) {
            if (matches(list.get(i), element, key)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean matches(JsonNode one, JsonNode other, @Nullable String key) {
        if (key == null) {
            return Json.same(one, other);
        }
        JsonNode value = one.get(key);
        return value != null && hasKey(other, key, value);
    }
}
