package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the recorder waited for after a command line: conditions on the objects of a namespace. */
final class Settling {
    private static final Pattern PART = Pattern.compile("[^.\\[\\]]+|\\[[^\\]]+\\]");
    private static final List<String> COUNTS =
            List.of("replicas", "updatedReplicas", "readyReplicas", "availableReplicas");

    private final ClusterView view;
    private final String namespace;

    Settling(ClusterView view, String namespace) {
        this.view = view;
        this.namespace = namespace;
    }

    /** Whether a condition holds. */
    boolean holds(String condition) {
        List<String> words = List.of(condition.split(" +", -1));
        return switch (words.get(0)) {
            case "gone" -> object(words.get(1)) == null;
            case "event" -> hasEvent(words);
            case "count" -> view.in(words.get(1), namespace).size() == Integer.parseInt(words.get(2));
            case "rolled" -> rolled(object(words.get(1)));
            default -> has(object(words.get(0)), words.subList(1, words.size()));
        };
    }

    private @Nullable JsonNode object(String resourceAndName) {
        int slash = resourceAndName.indexOf('/');
        return view.get(resourceAndName.substring(0, slash), namespace, resourceAndName.substring(slash + 1));
    }

    private boolean hasEvent(List<String> words) {
        return view.in("events", namespace).stream()
                .anyMatch(event -> event.path("reason").asText().equals(words.get(1))
                        && (words.size() < 3
                                || Trees.at(event, "involvedObject", "name")
                                        .asText()
                                        .equals(words.get(2))));
    }

    private static boolean rolled(@Nullable JsonNode object) {
        if (object == null) {
            return false;
        }
        JsonNode status = object.path("status");
        int want = Trees.at(object, "spec", "replicas").asInt(1);
        return status.path("observedGeneration").asLong()
                        >= Trees.at(object, "metadata", "generation").asLong()
                && COUNTS.stream().allMatch(count -> status.path(count).asInt() == want);
    }

    private static boolean has(@Nullable JsonNode object, List<String> fields) {
        if (object == null) {
            return false;
        }
        for (String each : fields) {
            int equals = each.indexOf('=');
            String want = each.substring(equals + 1);
            String got = field(object, each.substring(0, equals)).asText("");
            if (!got.equals(want) && !(want.equals("0") && got.isEmpty())) {
                return false;
            }
        }
        return true;
    }

    /** A field by its path, in which {@code [X]} is a member, an index, or the element of that type or name. */
    static JsonNode field(JsonNode object, String path) {
        JsonNode node = object;
        Matcher parts = PART.matcher(path);
        while (parts.find()) {
            String part = parts.group();
            boolean element = part.startsWith("[");
            String name = element ? part.substring(1, part.length() - 1) : part;
            node = element && node.isArray() ? element(node, name) : node.path(name);
        }
        return node.isNull() ? MissingNode.getInstance() : node;
    }

    private static JsonNode element(JsonNode array, String name) {
        if (name.matches("\\d+")) {
            return array.path(Integer.parseInt(name));
        }
        for (JsonNode each : array) {
            if (each.path("type").asText().equals(name)
                    || each.path("name").asText().equals(name)) {
                return each;
            }
        }
        return MissingNode.getInstance();
    }
}
