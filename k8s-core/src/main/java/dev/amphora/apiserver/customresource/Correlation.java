package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** Which old value belongs to a new one: fields by name, elements of keyed lists by their keys, elements of other lists none. */
final class Correlation {
    private Correlation() {}

    /** The old element that a new one replaces; null if there is none or it cannot be told. */
    static @Nullable JsonNode item(JsonNode oldList, JsonNode item, Structural schema) {
        if (!schema.listType().equals("map") || !oldList.isArray() || !item.isObject()) {
            return null;
        }
        for (JsonNode old : oldList) {
            if (old.isObject() && sameKeys(old, item, schema)) {
                return old;
            }
        }
        return null;
    }

    private static boolean sameKeys(JsonNode old, JsonNode item, Structural schema) {
        for (String key : schema.mapKeys()) {
            if (!old.path(key).equals(item.path(key))) {
                return false;
            }
        }
        return true;
    }
}
