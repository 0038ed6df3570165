package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Changes made to both sides before they are compared, where the order of something has no meaning or a part was not recorded. */
final class Shapes {
    private static final String MANAGED_FIELDS = "managedFields";
    private static final Pattern MESSAGE_PARTS = Pattern.compile(", |\\[|\\]");
    private static final Comparator<JsonNode> BY_OWNER = Comparator.<JsonNode, String>comparing(
                    entry -> entry.path("operation").asText())
            .thenComparing(entry -> entry.path("manager").asText())
            .thenComparing(entry -> entry.path("apiVersion").asText())
            .thenComparing(entry -> entry.path("subresource").asText());

    private Shapes() {}

    /** Sorts managedFields by owner: the server sorts by time, which a replay can't repeat. In place. */
    static void sortManagedFields(JsonNode tree) {
        if (tree.isObject()) {
            for (Map.Entry<String, JsonNode> member : Trees.members(tree)) {
                if (member.getKey().equals(MANAGED_FIELDS) && member.getValue() instanceof ArrayNode entries) {
                    sort(entries, BY_OWNER);
                }
            }
        }
        tree.forEach(Shapes::sortManagedFields);
    }

    /** A copy without managedFields. */
    static JsonNode withoutManagedFields(JsonNode tree) {
        if (tree.isObject()) {
            ObjectNode copy = Trees.object();
            for (Map.Entry<String, JsonNode> member : Trees.members(tree)) {
                if (!member.getKey().equals(MANAGED_FIELDS)) {
                    copy.set(member.getKey(), withoutManagedFields(member.getValue()));
                }
            }
            return copy;
        }
        return copyOfArray(tree, Shapes::withoutManagedFields);
    }

    /** Whether a part of a recording shows managedFields, which most leave out. */
    static boolean showsManagedFields(JsonNode tree) {
        return tree.findValue(MANAGED_FIELDS) != null;
    }

    /** A copy without descriptions. */
    static JsonNode withoutDescriptions(JsonNode tree) {
        if (tree.isObject()) {
            ObjectNode copy = Trees.object();
            for (Map.Entry<String, JsonNode> member : Trees.members(tree)) {
                if (!member.getKey().equals("description") || !member.getValue().isTextual()) {
                    copy.set(member.getKey(), withoutDescriptions(member.getValue()));
                }
            }
            return copy;
        }
        return copyOfArray(tree, Shapes::withoutDescriptions);
    }

    private static JsonNode copyOfArray(JsonNode tree, java.util.function.UnaryOperator<JsonNode> element) {
        if (!tree.isArray()) {
            return tree;
        }
        ArrayNode copy = Trees.array();
        tree.forEach(each -> copy.add(element.apply(each)));
        return copy;
    }

    /** Sorts the conditions of custom resource definitions by type. In place. */
    static void sortConditions(JsonNode tree) {
        if (tree.path("kind").asText().equals("CustomResourceDefinition")
                && tree.path("status").path("conditions") instanceof ArrayNode conditions) {
            sort(conditions, Comparator.comparing(each -> each.path("type").asText()));
        }
        tree.forEach(Shapes::sortConditions);
    }

    /** A copy of a Status with its causes, and the same list within its message, in a fixed order. */
    static JsonNode sortedCauses(JsonNode body) {
        if (!body.isObject()) {
            return body;
        }
        ObjectNode copy = body.deepCopy();
        if (copy.path("details").path("causes") instanceof ArrayNode causes) {
            sort(causes, BY_CONTENT);
        }
        String message = copy.path("message").asText();
        if (copy.path("message").isTextual() && message.contains("[")) {
            List<String> parts = new ArrayList<>(List.of(MESSAGE_PARTS.split(message, -1)));
            parts.sort(Comparator.naturalOrder());
            copy.set("message", Trees.array(parts));
        }
        return copy;
    }

    /** Sorts the list at the end of a path; {@code *} or {@code []} stands for every element. In place. */
    static void sortAt(JsonNode tree, List<String> path) {
        if (!path.isEmpty() && path.get(0).equals("body")) {
            sortAt(tree, path.subList(1, path.size()));
        } else if (tree instanceof ArrayNode array) {
            if (path.isEmpty()) {
                sort(array, BY_CONTENT);
                return;
            }
            boolean each = path.get(0).equals("*") || path.get(0).equals("[]");
            array.forEach(element -> sortAt(element, each ? path.subList(1, path.size()) : path));
        } else if (tree.isObject() && !path.isEmpty()) {
            sortAt(tree.path(path.get(0).replace("[]", "")), path.subList(1, path.size()));
        }
    }

    private static final Comparator<JsonNode> BY_CONTENT =
            Comparator.comparing(each -> Trees.write(withSortedNames(each)));

    private static JsonNode withSortedNames(JsonNode tree) {
        if (tree.isObject()) {
            Map<String, JsonNode> sorted = new TreeMap<>();
            Trees.members(tree).forEach(member -> sorted.put(member.getKey(), withSortedNames(member.getValue())));
            ObjectNode copy = Trees.object();
            copy.setAll(sorted);
            return copy;
        }
        return copyOfArray(tree, Shapes::withSortedNames);
    }

    private static void sort(ArrayNode array, Comparator<JsonNode> order) {
        List<JsonNode> elements = new ArrayList<>();
        for (Iterator<JsonNode> each = array.elements(); each.hasNext(); ) {
            elements.add(each.next());
        }
        elements.sort(order);
        array.removeAll();
        array.addAll(elements);
    }

    /** The members only that the recorded shapes have. */
    static JsonNode project(JsonNode tree, List<JsonNode> shapes) {
        List<JsonNode> objects = shapes.stream().filter(JsonNode::isObject).toList();
        if (!tree.isObject() || objects.isEmpty()) {
            return tree;
        }
        ObjectNode projection = Trees.object();
        for (Map.Entry<String, JsonNode> member : Trees.members(tree)) {
            List<JsonNode> inner = objects.stream()
                    .filter(shape -> shape.has(member.getKey()))
                    .map(shape -> shape.get(member.getKey()))
                    .toList();
            if (!inner.isEmpty()) {
                projection.set(member.getKey(), project(member.getValue(), inner));
            }
        }
        return projection;
    }

    /** Equal neighbours once. */
    static List<JsonNode> collapsed(List<JsonNode> items) {
        List<JsonNode> collapsed = new ArrayList<>();
        for (JsonNode item : items) {
            if (collapsed.isEmpty() || !collapsed.get(collapsed.size() - 1).equals(item)) {
                collapsed.add(item);
            }
        }
        return collapsed;
    }
}
