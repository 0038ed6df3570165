package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.FieldSchema;
import dev.amphora.apiserver.schema.TypeSchema;
import dev.amphora.apiserver.schema.TypeSchema.Kind;
import dev.amphora.apiserver.schema.TypeSchema.ListType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What does not fit a type in something that is to be applied. */
final class TypeProblems {
    private final List<String> problems = new ArrayList<>();

    private TypeProblems() {}

    /** Each problem with the path to it; empty if the value fits. */
    static List<String> of(JsonNode value, TypeSchema type) {
        TypeProblems check = new TypeProblems();
        check.check(value, type, "");
        return check.problems;
    }

    private void add(String path, String why) {
        problems.add(path.isEmpty() ? why : path + ": " + why);
    }

    private void check(JsonNode value, @Nullable TypeSchema type, String path) {
        if (type == null || value.isNull()) {
            return;
        }
        switch (type.kind()) {
            case OBJECT, MAP -> map(value, type, path);
            case LIST -> list(value, type, path);
            case STRING, BYTES -> {
                if (!value.isTextual()) {
                    add(path, "expected string, got " + held(value));
                }
            }
            case BOOLEAN -> {
                if (!value.isBoolean()) {
                    add(path, "expected boolean, got " + structure(value));
                }
            }
            case INT32, INT64, NUMBER -> {
                if (!value.isNumber()) {
                    add(path, "expected numeric (int or float), got " + goType(value));
                }
            }
            default -> {}
        }
    }

    /** A value as a structure of the reference. */
    private static String structure(JsonNode value) {
        return "&{" + GoText.of(value) + "}";
    }

    private static String held(JsonNode value) {
        return "&value.valueUnstructured{Value:%s}".formatted(GoText.of(value));
    }

    private static String goType(JsonNode value) {
        if (value.isTextual()) {
            return "string";
        }
        if (value.isBoolean()) {
            return "bool";
        }
        return value.isArray() ? "[]interface {}" : "map[string]interface {}";
    }

    private void map(JsonNode value, TypeSchema type, String path) {
        if (!value.isObject()) {
            add(path, "expected map, got " + structure(value));
            return;
        }
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            String name = entry.getKey();
            TypeSchema field = type.kind() == Kind.MAP
                    ? type.element()
                    : type.field(name).map(FieldSchema::type).orElse(null);
            if (field == null) {
                if (!type.preserveUnknownFields() && !type.fields().isEmpty()) {
                    add(path + "." + name, "field not declared in schema");
                }
            } else {
                check(entry.getValue(), field, path + "." + name);
            }
        }
    }

    private void list(JsonNode value, TypeSchema type, String path) {
        if (!value.isArray()) {
            add(path, "expected list, got " + structure(value));
            return;
        }
        if (type.listType() == ListType.ATOMIC) {
            int index = 0;
            for (JsonNode item : value) {
                check(item, type.element(), path + "[" + index++ + "]");
            }
            return;
        }
        Map<String, Integer> seen = new LinkedHashMap<>();
        int index = 0;
        for (JsonNode item : value) {
            String element;
            if (type.listType() == ListType.MAP && !item.isObject()) {
                add(
                        path,
                        "element %d: %s"
                                .formatted(
                                        index,
                                        item.isNull()
                                                ? "associative list with keys may not have a null element"
                                                : "associative list with keys may not have non-map elements"));
                index++;
                continue;
            }
            if (type.listType() == ListType.SET && item.isNull()) {
                add(
                        path,
                        "element %d: associative list without keys has an element that's an explicit null"
                                .formatted(index));
                index++;
                continue;
            }
            if (type.listType() == ListType.SET && item.isArray()) {
                add(path, "element %d: not supported: associative list with lists as elements".formatted(index));
                index++;
                continue;
            }
            element = TypedTree.element(type, item);
            if (element == null) {
                add(
                        path,
                        ("element %d: associative list with keys has an element that omits all key fields [%s] (and doesn't have"
                                        + " default values for any key fields)")
                                .formatted(
                                        index,
                                        type.listMapKeys().stream()
                                                .map(Json::quote)
                                                .collect(Collectors.joining(" "))));
                index++;
                continue;
            }
            String shown = FieldSet.shown(element);
            if (seen.merge(element, 1, Integer::sum) == 2) {
                add(path, "duplicate entries for key " + shown);
            }
            check(item, type.element(), path + shown);
            index++;
        }
    }
}
