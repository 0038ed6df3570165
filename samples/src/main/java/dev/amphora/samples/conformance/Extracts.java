package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Parts of an answer that stand for the whole where a recording doesn't keep all of it. */
final class Extracts {
    private static final String GROUPS_OF_TESTS = "example.com";

    private final JsonNode want;
    private final Response response;
    private final byte[] raw;
    private final JsonNode body;

    Extracts(JsonNode want, Response response) {
        this.want = want;
        this.response = response;
        this.raw = response.raw();
        boolean object = want.size() > 1
                && response.answered()
                && mentioned()
                && response.body().isObject();
        this.body = object ? response.body() : Trees.object();
    }

    /** Whether the recording has anything but what is compared elsewhere: otherwise a body need not be read. */
    private boolean mentioned() {
        for (Map.Entry<String, JsonNode> member : Trees.members(want)) {
            switch (member.getKey()) {
                case "status", "headers", "body", "bodyText", "bodyOmitted" -> {}
                default -> {
                    return true;
                }
            }
        }
        return false;
    }

    List<String> differences(Bindings bindings) {
        List<String> out = new ArrayList<>();
        for (Map.Entry<String, JsonNode> part : Trees.members(want)) {
            JsonNode got = extract(part.getKey(), part.getValue());
            if (got != null) {
                out.addAll(Comparison.of(part.getValue(), got, bindings, part.getKey()));
            }
        }
        return out;
    }

    /** What the answer has for a part of the recording; null if that is none to be compared here. */
    private @Nullable JsonNode extract(String name, JsonNode wanted) {
        return switch (name) {
            case "bodyPrefixHex" -> wanted.asText().matches("[0-9a-f]+") ? hex(0, wanted) : null;
            case "framePrefixHex" -> hex(4, wanted);
            case "bodyLength" ->
                wanted.isTextual() ? TextNode.valueOf(Integer.toString(raw.length)) : IntNode.valueOf(raw.length);
            case "startsWith" -> TextNode.valueOf(raw.length == 0 ? "" : raw[0] == '{' ? "{" : "(binary or text)");
            case "kind" ->
                Trees.array().add(AnswerCheck.orNull(body.get("kind"))).add(AnswerCheck.orNull(body.get("apiVersion")));
            case "indented" -> BooleanNode.valueOf(raw.length > 1 && raw[0] == '{' && raw[1] == '\n');
            case "groups" -> those(body.path("groups"), namesOf(wanted, "name")::contains);
            case "last" -> last();
            case "items" -> items(wanted);
            case "paths" -> wanted.isArray() ? paths(wanted) : compactPaths();
            case "schemas" -> schemas(wanted);
            case "schemaNames" -> Trees.array(new TreeSet<>(schemaNames()));
            case "list" -> list();
            case "object" ->
                Trees.object()
                        .<ObjectNode>set("kind", AnswerCheck.orNull(body.get("kind")))
                        .<ObjectNode>set("apiVersion", AnswerCheck.orNull(body.get("apiVersion")))
                        .set("name", AnswerCheck.orNull(body.path("metadata").get("name")));
            default -> null;
        };
    }

    private JsonNode hex(int from, JsonNode wanted) {
        int to = Math.min(raw.length, from + wanted.asText().length() / 2);
        return TextNode.valueOf(from >= to ? "" : HexFormat.of().formatHex(Arrays.copyOfRange(raw, from, to)));
    }

    private static Set<String> namesOf(JsonNode elements, String... path) {
        Set<String> names = new HashSet<>();
        elements.forEach(each -> names.add(Trees.at(each, path).asText()));
        return names;
    }

    private static ArrayNode those(JsonNode groups, Predicate<String> wanted) {
        ArrayNode those = Trees.array();
        groups.forEach(group -> {
            if (wanted.test(group.path("name").asText())) {
                those.add(group);
            }
        });
        return those;
    }

    private JsonNode last() {
        ArrayNode builtIn = those(body.path("groups"), name -> !name.contains(GROUPS_OF_TESTS));
        return builtIn.isEmpty()
                ? NullNode.getInstance()
                : builtIn.get(builtIn.size() - 1).path("name");
    }

    private JsonNode items(JsonNode wanted) {
        boolean onlyNames = true;
        for (JsonNode each : wanted) {
            onlyNames &= each.isTextual();
        }
        Set<String> names = namesOf(wanted, "metadata", "name");
        ArrayNode items = Trees.array();
        for (JsonNode item : body.path("items")) {
            JsonNode name = Trees.at(item, "metadata", "name");
            if (onlyNames) {
                items.add(name);
            } else if (names.contains(name.asText())) {
                items.add(item);
            }
        }
        return items;
    }

    /** The paths of the groups that the recording names. */
    private JsonNode paths(JsonNode wanted) {
        Set<String> groups = new HashSet<>();
        Trees.texts(wanted).stream()
                .filter(path -> path.contains("/"))
                .forEach(path -> groups.add(path.split("/", -1)[1]));
        List<String> paths = new ArrayList<>();
        body.path("paths").fieldNames().forEachRemaining(path -> {
            String[] parts = path.split("/", -1);
            if (parts.length > 1 && groups.contains(parts[1])) {
                paths.add(path);
            }
        });
        return Trees.array(paths);
    }

    private JsonNode compactPaths() {
        ObjectNode paths = Trees.object();
        Trees.members(body.path("paths")).forEach(path -> paths.set(path.getKey(), OpenApiDigest.v3(path.getValue())));
        return paths;
    }

    private JsonNode schemas(JsonNode wanted) {
        ObjectNode schemas = Trees.object();
        for (Map.Entry<String, JsonNode> schema : Trees.members(Trees.at(body, "components", "schemas"))) {
            if (wanted.has(schema.getKey())) {
                schemas.set(schema.getKey(), Shapes.withoutDescriptions(schema.getValue()));
            }
        }
        return schemas;
    }

    private Set<String> schemaNames() {
        Set<String> names = new TreeSet<>();
        Trees.at(body, "components", "schemas").fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** A list's kind, the names of its members, and the names of its items; another body as it is. */
    private JsonNode list() {
        JsonNode list = response.body();
        if (!list.isObject() || !list.has("items")) {
            return list;
        }
        ObjectNode brief = Trees.object();
        brief.set("kind", AnswerCheck.orNull(list.get("kind")));
        brief.set("apiVersion", AnswerCheck.orNull(list.get("apiVersion")));
        brief.set("metadataKeys", Trees.array(new TreeSet<>(names(list.path("metadata")))));
        brief.set("topKeys", Trees.array(names(list)));
        if (list.get("items").isEmpty()) {
            brief.set("items", list.get("items"));
            return brief;
        }
        List<String> items = new ArrayList<>();
        for (JsonNode item : list.get("items")) {
            String namespace = Trees.at(item, "metadata", "namespace").asText();
            String name = Trees.at(item, "metadata", "name").asText();
            items.add(namespace.isEmpty() ? name : namespace + "/" + name);
        }
        brief.set("items", Trees.array(items));
        return brief;
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
