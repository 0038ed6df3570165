package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.base.CharMatcher;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.TypeSchema;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A set of paths into an object, as {@code fieldsV1} holds it: {@code f:} a field, {@code k:} a list element by its key fields,
 * {@code v:} a list element by its value, {@code i:} one by its position. Immutable once built.
 */
final class FieldSet {
    static final FieldSet EMPTY = new FieldSet();

    /** What is written in JSON as it is. */
    private static final CharMatcher PLAIN = CharMatcher.inRange('0', '9')
            .or(CharMatcher.inRange('a', 'z'))
            .or(CharMatcher.inRange('A', 'Z'))
            .or(CharMatcher.anyOf("-_./"))
            .precomputed();

    private static final RecentTexts FIELDS = new RecentTexts("f:"::concat);
    private static final RecentTexts CANONICAL = new RecentTexts(FieldSet::canonicalKey);

    private final TreeMap<String, Node> nodes = new TreeMap<>();

    /** What is known of one step: whether the path that ends here is in the set, and what lies below. */
    private record Node(boolean member, FieldSet below) {}

    FieldSet() {}

    /** A set of one path. */
    static FieldSet of(String... path) {
        FieldSet set = new FieldSet();
        set.insert(List.of(path));
        return set;
    }

    /**
     * Reads {@code fieldsV1}.
     *
     * @throws IllegalArgumentException if it isn't a field set
     */
    static FieldSet parse(JsonNode fields) {
        FieldSet set = new FieldSet();
        if (!fields.isObject()) {
            throw new IllegalArgumentException("not an object");
        }
        for (Map.Entry<String, JsonNode> entry : fields.properties()) {
            String element = entry.getKey();
            if (element.equals(".")) {
                continue;
            }
            if (element.length() < 2 || element.charAt(1) != ':') {
                throw new IllegalArgumentException("missing colon: " + element);
            }
            if ("fkvi".indexOf(element.charAt(0)) < 0) {
                // A kind of step that is not known is ignored, with what is below.
                continue;
            }
            JsonNode value = entry.getValue();
            FieldSet below = parse(value);
            set.put(canonical(element), value.isEmpty() || value.has("."), below);
        }
        return set;
    }

    private static String canonical(String element) {
        return switch (element.charAt(0)) {
            case 'k' -> CANONICAL.of(element);
            case 'v' -> value(json(element));
            case 'i' -> "i:" + Integer.parseInt(element.substring(2));
            default -> element;
        };
    }

    private static String canonicalKey(String element) {
        TreeMap<String, JsonNode> keys = new TreeMap<>();
        json(element).properties().forEach(each -> keys.put(each.getKey(), each.getValue()));
        return key(keys);
    }

    static JsonNode json(String element) {
        return Json.read(element.substring(2).getBytes(StandardCharsets.UTF_8));
    }

    /** The step to a field. */
    static String field(String name) {
        return FIELDS.of(name);
    }

    /** The step to a list element by its key fields. */
    static String key(Map<String, JsonNode> keys) {
        StringBuilder element = new StringBuilder(64).append("k:{");
        for (Map.Entry<String, JsonNode> each : new TreeMap<>(keys).entrySet()) {
            element.append(element.length() > 3 ? "," : "");
            write(TextNode.valueOf(each.getKey()), element);
            write(plain(each.getValue()), element.append(':'));
        }
        return element.append('}').toString();
    }

    private static void write(JsonNode value, StringBuilder to) {
        if (value.isTextual() && PLAIN.matchesAllOf(value.textValue())) {
            to.append('"').append(value.textValue()).append('"');
        } else if (value.isIntegralNumber()) {
            to.append(value.asText());
        } else {
            to.append(value);
        }
    }

    /** The step to a list element by its value. */
    static String value(JsonNode value) {
        return "v:" + plain(value).toString();
    }

    /** Equal numbers are written alike. */
    private static JsonNode plain(JsonNode value) {
        if (!value.isFloatingPointNumber() || value.doubleValue() != Math.rint(value.doubleValue())) {
            return value;
        }
        double number = value.doubleValue();
        return Math.abs(number) < 1L << 53 ? LongNode.valueOf((long) number) : value;
    }

    /** The form of {@code fieldsV1}. */
    ObjectNode toJson() {
        return toJson(false);
    }

    private ObjectNode toJson(boolean marked) {
        Map<String, JsonNode> members = new LinkedHashMap<>(2 * nodes.size() + 2);
        if (marked && !nodes.isEmpty()) {
            members.put(".", new ObjectNode(JsonNodeFactory.instance, new LinkedHashMap<>(1)));
        }
        for (Map.Entry<String, Node> each : nodes.entrySet()) {
            Node node = each.getValue();
            members.put(each.getKey(), node.below.toJson(node.member));
        }
        return new ObjectNode(JsonNodeFactory.instance, members);
    }

    boolean isEmpty() {
        return nodes.isEmpty();
    }

    /** Adds a path; only while the set is being built. */
    void insert(List<String> path) {
        if (path.isEmpty()) {
            return;
        }
        FieldSet set = grown(path.subList(0, path.size() - 1));
        String last = path.get(path.size() - 1);
        Node node = set.nodes.get(last);
        set.nodes.put(last, new Node(true, node == null ? EMPTY : node.below));
    }

    /** Adds a path and a whole set below it; only while the set is being built. */
    void graft(List<String> path, FieldSet below) {
        FieldSet set = grown(path.subList(0, path.size() - 1));
        set.grow(path.get(path.size() - 1), below);
    }

    /** Adds a whole set below a path that need not be in the set itself; only while the set is being built. */
    void graftBelow(List<String> path, FieldSet more) {
        grown(path).nodes.putAll(more.nodes);
    }

    /** The set below a path, made if there is none. */
    private FieldSet grown(List<String> path) {
        FieldSet set = this;
        for (String step : path) {
            Node node = set.nodes.get(step);
            if (node == null || node.below == EMPTY) {
                node = new Node(node != null && node.member, new FieldSet());
                set.nodes.put(step, node);
            }
            set = node.below;
        }
        return set;
    }

    /** Adds a step that is in the set, with what is below it; only while the set is being built. */
    void grow(String element, FieldSet below) {
        nodes.put(element, new Node(true, below.isEmpty() ? EMPTY : below));
    }

    private void put(String element, boolean member, FieldSet below) {
        if (member || !below.isEmpty()) {
            nodes.put(element, new Node(member, below.isEmpty() ? EMPTY : below));
        }
    }

    /** Whether the path of this one step is in the set. */
    boolean has(String element) {
        Node node = nodes.get(element);
        return node != null && node.member;
    }

    /** What lies below a step. */
    FieldSet below(String element) {
        Node node = nodes.get(element);
        return node == null ? EMPTY : node.below;
    }

    FieldSet union(FieldSet other) {
        if (other.isEmpty() || isEmpty()) {
            return isEmpty() ? other : this;
        }
        FieldSet result = new FieldSet();
        result.nodes.putAll(nodes);
        other.nodes.forEach((element, node) -> {
            Node own = nodes.get(element);
            result.put(
                    element,
                    node.member || (own != null && own.member),
                    own == null ? node.below : own.below.union(node.below));
        });
        return result;
    }

    /** The paths that are not in the other set, whatever lies above or below them. */
    FieldSet difference(FieldSet other) {
        if (other.isEmpty() || isEmpty()) {
            return this;
        }
        FieldSet result = new FieldSet();
        nodes.forEach((element, node) -> {
            Node their = other.nodes.get(element);
            if (their == null) {
                result.nodes.put(element, node);
            } else {
                result.put(element, node.member && !their.member, node.below.difference(their.below));
            }
        });
        return result;
    }

    /** The paths that are neither in the other set nor below one that is. */
    FieldSet without(FieldSet other) {
        FieldSet result = new FieldSet();
        nodes.forEach((element, node) -> {
            Node their = other.nodes.get(element);
            if (their == null) {
                result.nodes.put(element, node);
            } else if (!their.member) {
                result.put(element, node.member, node.below.without(their.below));
            }
        });
        return result;
    }

    FieldSet intersection(FieldSet other) {
        FieldSet result = new FieldSet();
        nodes.forEach((element, node) -> {
            Node their = other.nodes.get(element);
            if (their != null) {
                result.put(element, node.member && their.member, node.below.intersection(their.below));
            }
        });
        return result;
    }

    /** The set with every field of a structure in it on whose path another path of the set goes on. */
    FieldSet withNamedFields(@Nullable TypeSchema type) {
        FieldSet result = new FieldSet();
        nodes.forEach((element, node) -> {
            boolean named = element.startsWith("f:")
                    && type != null
                    && type.field(element.substring(2)).isPresent();
            result.put(
                    element,
                    node.member || (named && !node.below.isEmpty()),
                    node.below.withNamedFields(TypedTree.step(type, element)));
        });
        return result;
    }

    /** All paths, each as messages show it, in order. */
    List<String> paths() {
        List<String> paths = new ArrayList<>();
        collect("", paths);
        return paths;
    }

    private void collect(String prefix, List<String> paths) {
        List<String> elements = new ArrayList<>(nodes.keySet());
        elements.sort(PathOrder.ELEMENTS);
        for (String element : elements) {
            if (has(element)) {
                paths.add(prefix + shown(element));
            }
        }
        for (String element : elements) {
            below(element).collect(prefix + shown(element), paths);
        }
    }

    /**
     * The set as it is after its type has come to hold some containers as one value: what was owned below such a container is
     * now the container as a whole.
     */
    FieldSet reconciled(@Nullable TypeSchema type) {
        FieldSet result = new FieldSet();
        nodes.forEach((element, node) -> {
            TypeSchema child = TypedTree.step(type, element);
            if (TypedTree.isAtomicContainer(child) && !node.below.isEmpty()) {
                result.nodes.put(element, new Node(true, EMPTY));
            } else {
                result.put(element, node.member, child == null ? node.below : node.below.reconciled(child));
            }
        });
        return result;
    }

    /** One step as messages show it. */
    static String shown(String element) {
        String rest = element.substring(2);
        return switch (element.charAt(0)) {
            case 'k' -> {
                List<String> keys = new ArrayList<>();
                json(element)
                        .properties()
                        .forEach(each ->
                                keys.add(each.getKey() + "=" + each.getValue().toString()));
                yield "[" + String.join(",", keys) + "]";
            }
            case 'v' -> "[=" + rest + "]";
            case 'i' -> "[" + rest + "]";
            default -> "." + rest;
        };
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FieldSet set && nodes.equals(set.nodes);
    }

    @Override
    public int hashCode() {
        return nodes.hashCode();
    }

    @Override
    public String toString() {
        return toJson().toString();
    }
}
