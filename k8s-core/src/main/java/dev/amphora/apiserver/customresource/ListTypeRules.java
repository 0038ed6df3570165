package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The rules of list types: elements of a set, and the keys of the elements of a keyed list, come once. */
final class ListTypeRules {
    private ListTypeRules() {}

    static List<FieldError> check(JsonNode value, Structural schema) {
        List<FieldError> errors = new ArrayList<>();
        check(value, schema, "", errors);
        return errors;
    }

    private static void check(JsonNode value, Structural schema, String path, List<FieldError> errors) {
        if (value.isArray()) {
            if (schema.listType().equals("set")) {
                duplicates(value, path, errors, item -> item);
            } else if (schema.listType().equals("map")) {
                duplicates(value, path, errors, item -> keys(item, schema));
            }
            Structural items = schema.items();
            for (int i = 0; items != null && i < value.size(); i++) {
                check(value.get(i), items, path + "[" + i + "]", errors);
            }
        } else if (value.isObject()) {
            for (Map.Entry<String, JsonNode> field : value.properties()) {
                Structural property = schema.properties().get(field.getKey());
                Structural additional = schema.additional();
                if (property != null) {
                    String below = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
                    check(field.getValue(), property, below, errors);
                } else if (additional != null) {
                    check(field.getValue(), additional, path + "[" + field.getKey() + "]", errors);
                }
            }
        }
    }

    private static JsonNode keys(JsonNode item, Structural schema) {
        ObjectNode keys = Json.object();
        if (item.isObject()) {
            schema.mapKeys().stream().filter(item::has).sorted().forEach(key -> keys.set(key, item.get(key)));
        }
        return keys;
    }

    private static void duplicates(
            JsonNode list, String path, List<FieldError> errors, java.util.function.UnaryOperator<JsonNode> identity) {
        Set<JsonNode> seen = new HashSet<>();
        Set<JsonNode> told = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            JsonNode each = identity.apply(list.get(i));
            if (!seen.add(each) && told.add(each)) {
                JsonNode shown = each.isFloatingPointNumber() ? ValueRules.number(each.doubleValue()) : each;
                errors.add(FieldError.duplicate(path + "[" + i + "]", shown));
            }
        }
    }
}
