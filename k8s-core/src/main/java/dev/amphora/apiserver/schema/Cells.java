package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What cells of tables have in common. */
final class Cells {
    static final String NONE = "<none>";
    static final String UNSET = "<unset>";
    static final String UNKNOWN = "<unknown>";

    private Cells() {}

    /** A text, or a replacement for an absent or empty one. */
    static String text(JsonNode node, String absent) {
        return node.isMissingNode() || node.isNull() || node.asText().isEmpty() ? absent : node.asText();
    }

    static String age(JsonNode object, Instant now) {
        return since(object.path("metadata").path("creationTimestamp"), now);
    }

    static String since(JsonNode time, Instant now) {
        return time.isTextual() ? duration(Duration.between(instant(time), now)) : UNKNOWN;
    }

    static Instant instant(JsonNode time) {
        return Instant.parse(time.asText());
    }

    /** A duration in its two largest units, coarser as it grows. */
    static String duration(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds < -1) {
            return "<invalid>";
        }
        if (seconds < 0) {
            return "0s";
        }
        if (seconds < 120) {
            return seconds + "s";
        }
        long minutes = seconds / 60;
        if (minutes < 10) {
            return minutes + "m" + rest(seconds % 60, "s");
        }
        if (minutes < 180) {
            return minutes + "m";
        }
        long hours = minutes / 60;
        if (hours < 8) {
            return hours + "h" + rest(minutes % 60, "m");
        }
        if (hours < 48) {
            return hours + "h";
        }
        long days = hours / 24;
        if (days < 8) {
            return days + "d" + rest(hours % 24, "h");
        }
        if (days < 730) {
            return days + "d";
        }
        return days < 2920 ? days / 365 + "y" + rest(days % 365, "d") : days / 365 + "y";
    }

    private static String rest(long amount, String unit) {
        return amount == 0 ? "" : amount + unit;
    }

    static Map<String, String> sorted(JsonNode map) {
        Map<String, String> result = new TreeMap<>();
        map.properties().forEach(e -> result.put(e.getKey(), e.getValue().asText()));
        return result;
    }

    /** {@code a=b,c=d}. */
    static String labels(JsonNode map) {
        List<String> parts = new ArrayList<>();
        sorted(map).forEach((k, v) -> parts.add(k + "=" + v));
        return parts.isEmpty() ? NONE : String.join(",", parts);
    }

    /** A label selector as it is written on a command line. */
    static String selector(JsonNode selector) {
        TreeMap<String, List<String>> parts = new TreeMap<>();
        sorted(selector.path("matchLabels")).forEach((k, v) -> parts.computeIfAbsent(k, x -> new ArrayList<>())
                .add(k + "=" + v));
        for (JsonNode expression : selector.path("matchExpressions")) {
            String key = expression.path("key").asText();
            parts.computeIfAbsent(key, x -> new ArrayList<>()).add(expression(key, expression));
        }
        List<String> all = new ArrayList<>();
        parts.values().forEach(all::addAll);
        return all.isEmpty() ? NONE : String.join(",", all);
    }

    private static String expression(String key, JsonNode expression) {
        String values = String.join(
                ",", strings(expression.path("values")).stream().sorted().toList());
        switch (expression.path("operator").asText()) {
            case "In":
                return key + " in (" + values + ")";
            case "NotIn":
                return key + " notin (" + values + ")";
            case "Exists":
                return key;
            default:
                return "!" + key;
        }
    }

    static List<String> strings(JsonNode array) {
        List<String> result = new ArrayList<>();
        array.forEach(n -> result.add(n.asText()));
        return result;
    }

    static List<String> each(JsonNode array, String field) {
        List<String> result = new ArrayList<>();
        array.forEach(n -> result.add(n.path(field).asText()));
        return result;
    }

    static String containers(JsonNode podSpec) {
        return String.join(",", each(podSpec.path("containers"), "name"));
    }

    static String images(JsonNode podSpec) {
        return String.join(",", each(podSpec.path("containers"), "image"));
    }

    /** The first few of a list, and how many more there are. */
    static String firstOf(List<String> items, int max, String empty) {
        if (items.isEmpty()) {
            return empty;
        }
        String shown = String.join(",", items.subList(0, Math.min(max, items.size())));
        return items.size() <= max ? shown : shown + " + " + (items.size() - max) + " more...";
    }

    static String accessModes(JsonNode modes) {
        List<String> present = strings(modes);
        List<String> result = new ArrayList<>();
        Map<String, String> names = new TreeMap<>(Map.of(
                "ReadWriteOnce", "1RWO", "ReadOnlyMany", "2ROX", "ReadWriteMany", "3RWX", "ReadWriteOncePod", "4RWOP"));
        names.values().stream()
                .sorted()
                .forEach(code -> names.forEach((name, c) -> {
                    if (c.equals(code) && present.contains(name)) {
                        result.add(code.substring(1));
                    }
                }));
        return String.join(",", result);
    }

    static JsonNode condition(JsonNode object, String type) {
        for (JsonNode condition : object.path("status").path("conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition;
            }
        }
        return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
    }

    static boolean conditionTrue(JsonNode object, String type) {
        return condition(object, type).path("status").asText().equals("True");
    }

    static String capitalized(boolean value) {
        return value ? "True" : "False";
    }
}
