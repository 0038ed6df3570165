package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Reads the first document of a YAML text with the old scalar rules, where {@code yes} and {@code y} are booleans. */
final class YamlText {
    private static final ImmutableSet<String> TRUE = ImmutableSet.of("y", "yes", "on", "true");
    private static final ImmutableSet<String> FALSE = ImmutableSet.of("n", "no", "off", "false");
    private static final ImmutableSet<String> NULL = ImmutableSet.of("", "~", "null");
    private static final Pattern INTEGER = Pattern.compile("[-+]?(0|[1-9][0-9_]*)");
    private static final Pattern OTHER_BASE = Pattern.compile("[-+]?0(x[0-9a-fA-F_]+|b[01_]+|o?[0-7_]+)");
    private static final Pattern FLOAT = Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
    private static final int FEW_NODES = 400_000;
    private static final int MANY_NODES = 4_000_000;
    private static final int MAX_DEPTH = 1_000;

    private YamlText() {}

    static JsonNode parse(byte[] bytes) {
        return parse(bytes, new ArrayList<>());
    }

    /**
     * Reads the first document.
     *
     * @param repeated takes a text for each key that was given twice, such as {@code line 7: key "a" already set in map}
     */
    static JsonNode parse(byte[] bytes, List<String> repeated) {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(Integer.MAX_VALUE);
        options.setMaxAliasesForCollections(Integer.MAX_VALUE);
        options.setNestingDepthLimit(MAX_DEPTH);
        try {
            for (Node document :
                    new Yaml(options).composeAll(new java.io.StringReader(new String(bytes, StandardCharsets.UTF_8)))) {
                return new Conversion(repeated).convert(document, 0);
            }
            return NullNode.instance;
        } catch (MarkedYAMLException e) {
            throw new DecodeException("yaml: " + YamlProblem.of(e));
        } catch (YAMLException e) {
            throw new DecodeException("yaml: " + e.getMessage());
        }
    }

    /** One document on its way to a tree. Bounded, since each alias stands for a whole tree again. */
    private static final class Conversion {
        private final List<String> repeated;
        private final Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        private final Set<Node> open = Collections.newSetFromMap(new IdentityHashMap<>());
        private int converted;
        private int convertedAgain;
        private int again;

        Conversion(List<String> repeated) {
            this.repeated = repeated;
        }

        JsonNode convert(Node node, int depth) {
            if (depth > MAX_DEPTH) {
                throw new DecodeException("yaml: exceeded max depth");
            }
            if (node instanceof ScalarNode) {
                count();
                return scalar((ScalarNode) node);
            }
            boolean alias = !seen.add(node);
            again += alias ? 1 : 0;
            count();
            if (!open.add(node)) {
                throw new DecodeException("yaml: anchor '%s' value contains itself".formatted(node.getAnchor()));
            }
            JsonNode tree =
                    node instanceof MappingNode ? object((MappingNode) node, depth) : array((SequenceNode) node, depth);
            open.remove(node);
            again -= alias ? 1 : 0;
            return tree;
        }

        /** Refuses, as the reference does, what consists of repetitions almost alone. */
        private void count() {
            converted++;
            convertedAgain += again > 0 ? 1 : 0;
            double allowed = converted <= FEW_NODES
                    ? 0.99
                    : converted >= MANY_NODES ? 0.10 : 0.99 - 0.89 * (converted - FEW_NODES) / (MANY_NODES - FEW_NODES);
            if (convertedAgain > 100 && converted > 1000 && convertedAgain > allowed * converted) {
                throw new DecodeException("yaml: document contains excessive aliasing");
            }
        }

        private JsonNode object(MappingNode node, int depth) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            for (NodeTuple entry : node.getValue()) {
                JsonNode value = convert(entry.getValueNode(), depth + 1);
                String key = key(entry.getKeyNode());
                if (key.equals("<<") && ((ScalarNode) entry.getKeyNode()).isPlain() && value.isObject()) {
                    value.properties().forEach(e -> object.putIfAbsent(e.getKey(), e.getValue()));
                } else {
                    if (object.has(key)) {
                        repeated.add("line %d: key %s already set in map"
                                .formatted(
                                        entry.getValueNode().getStartMark().getLine() + 1,
                                        isText(entry.getKeyNode()) ? Json.quote(key) : key));
                    }
                    object.set(key, value);
                }
            }
            return byName(object);
        }

        private JsonNode array(SequenceNode node, int depth) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            node.getValue().forEach(item -> array.add(convert(item, depth + 1)));
            return array;
        }
    }

    /** The reference turns YAML into JSON first, with the members in order of name. */
    private static ObjectNode byName(ObjectNode object) {
        ObjectNode ordered = JsonNodeFactory.instance.objectNode();
        object.properties().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(member -> ordered.set(member.getKey(), member.getValue()));
        return ordered;
    }

    private static boolean isText(Node key) {
        return scalar((ScalarNode) key).isTextual();
    }

    private static String key(Node node) {
        if (!(node instanceof ScalarNode)) {
            throw new DecodeException("yaml: invalid map key");
        }
        return scalar((ScalarNode) node).asText();
    }

    private static JsonNode scalar(ScalarNode node) {
        String text = node.getValue();
        if (!node.isPlain()) {
            return TextNode.valueOf(text);
        }
        if (TRUE.contains(folded(text))) {
            return BooleanNode.TRUE;
        }
        if (FALSE.contains(folded(text))) {
            return BooleanNode.FALSE;
        }
        if (NULL.contains(folded(text))) {
            return NullNode.instance;
        }
        String digits = text.replace("_", "").replace("+", "");
        if (INTEGER.matcher(text).matches()
                || FLOAT.matcher(text).matches() && !text.startsWith("0") && !text.startsWith(".")) {
            return number(digits);
        }
        if (OTHER_BASE.matcher(text).matches()) {
            return number(otherBase(digits));
        }
        if (FLOAT.matcher(text).matches() && text.matches("-?(0?\\.[0-9].*|0[eE].*)")) {
            return number(digits.replaceFirst("^(-?)\\.", "$10."));
        }
        return TextNode.valueOf(text);
    }

    /** Lower case, if the text is written in lower case, upper case, or with a capital. */
    private static String folded(String text) {
        String lower = com.google.common.base.Ascii.toLowerCase(text);
        boolean usual = text.equals(lower)
                || text.equals(com.google.common.base.Ascii.toUpperCase(text))
                || !text.isEmpty() && text.substring(1).equals(lower.substring(1));
        return usual ? lower : text;
    }

    private static JsonNode number(String json) {
        String text = json.endsWith(".") ? json.substring(0, json.length() - 1) : json;
        try {
            return JsonText.parse(text.replaceFirst("\\.([eE])", "$1").getBytes(StandardCharsets.US_ASCII));
        } catch (DecodeException e) {
            return TextNode.valueOf(json);
        }
    }

    private static String otherBase(String digits) {
        boolean negative = digits.startsWith("-");
        String unsigned = negative ? digits.substring(1) : digits;
        int radix = unsigned.startsWith("0x") ? 16 : unsigned.startsWith("0b") ? 2 : 8;
        String rest = unsigned.replaceFirst("^0[xbo]?", "");
        java.math.BigInteger value = new java.math.BigInteger(rest, radix);
        return (negative ? value.negate() : value).toString();
    }
}
