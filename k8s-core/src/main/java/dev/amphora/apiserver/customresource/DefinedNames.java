package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.Json;
import java.util.List;

/**
 * The names of a custom resource: those that its definition asks for, or those that it got.
 *
 * @param plural empty if none was accepted yet
 * @param singular may be empty
 * @param kind empty if none was accepted yet
 * @param listKind may be empty
 */
public record DefinedNames(
        String plural,
        String singular,
        String kind,
        String listKind,
        List<String> shortNames,
        List<String> categories) {

    /** Copies the lists. */
    public DefinedNames {
        shortNames = ImmutableList.copyOf(shortNames);
        categories = ImmutableList.copyOf(categories);
    }

    static DefinedNames of(JsonNode names) {
        return new DefinedNames(
                names.path("plural").asText(""),
                names.path("singular").asText(""),
                names.path("kind").asText(""),
                names.path("listKind").asText(""),
                strings(names.path("shortNames")),
                strings(names.path("categories")));
    }

    /** As a definition's status has them. */
    public ObjectNode tree() {
        ObjectNode tree = Json.object();
        tree.put("plural", plural);
        if (!singular.isEmpty()) {
            tree.put("singular", singular);
        }
        list(tree, "shortNames", shortNames);
        tree.put("kind", kind);
        if (!listKind.isEmpty()) {
            tree.put("listKind", listKind);
        }
        list(tree, "categories", categories);
        return tree;
    }

    private static void list(ObjectNode tree, String field, List<String> values) {
        if (!values.isEmpty()) {
            ArrayNode array = tree.putArray(field);
            values.forEach(array::add);
        }
    }

    static List<String> strings(JsonNode list) {
        ImmutableList.Builder<String> strings = ImmutableList.builder();
        list.forEach(each -> strings.add(each.asText()));
        return strings.build();
    }
}
