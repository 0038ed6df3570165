package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The part of JSONPath that printer columns use: names, indexes, {@code [*]}, and {@code [?(@.name=="text")]}. */
final class SimpleJsonPath {
    private static final Pattern FILTER =
            Pattern.compile("\\?\\(\\s*@((?:\\.[\\w-]+)+)\\s*(==|!=)\\s*[\"'](.*)[\"']\\s*\\)");

    private final List<Step> steps;

    private SimpleJsonPath(List<Step> steps) {
        this.steps = steps;
    }

    private interface Step {
        void follow(JsonNode from, List<JsonNode> to);
    }

    /** Reads a path; a part that isn't understood finds nothing. */
    static SimpleJsonPath parse(String path) {
        List<Step> steps = new ArrayList<>();
        int at = path.startsWith("$") ? 1 : 0;
        while (at < path.length()) {
            char c = path.charAt(at);
            if (c == '.') {
                StringBuilder name = new StringBuilder();
                at++;
                while (at < path.length() && path.charAt(at) != '.' && path.charAt(at) != '[') {
                    if (path.charAt(at) == '\\' && at + 1 < path.length()) {
                        at++;
                    }
                    name.append(path.charAt(at++));
                }
                steps.add(name.toString().equals("*") ? SimpleJsonPath::all : named(name.toString()));
            } else if (c == '[') {
                int end = closing(path, at);
                steps.add(bracket(path.substring(at + 1, end)));
                at = end + 1;
            } else {
                steps.add((from, to) -> {});
                break;
            }
        }
        return new SimpleJsonPath(steps);
    }

    private static int closing(String path, int open) {
        boolean quoted = false;
        for (int i = open + 1; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '"' || c == '\'') {
                quoted = !quoted;
            } else if (c == ']' && !quoted) {
                return i;
            }
        }
        return path.length();
    }

    private static Step bracket(String text) {
        if (text.equals("*")) {
            return SimpleJsonPath::all;
        }
        if (text.matches("-?[0-9]{1,9}")) {
            int index = Integer.parseInt(text);
            return (from, to) -> {
                int i = index < 0 ? from.size() + index : index;
                if (from.isArray() && from.has(i)) {
                    to.add(from.get(i));
                }
            };
        }
        if (text.length() > 1 && (text.startsWith("'") || text.startsWith("\""))) {
            return named(text.substring(1, text.length() - 1));
        }
        Matcher filter = FILTER.matcher(text);
        if (!filter.matches()) {
            return (from, to) -> {};
        }
        SimpleJsonPath inner = parse(filter.group(1));
        boolean equal = filter.group(2).equals("==");
        String wanted = filter.group(3);
        return (from, to) -> from.forEach(item -> {
            List<JsonNode> found = inner.find(item);
            if (!found.isEmpty() && found.get(0).asText().equals(wanted) == equal) {
                to.add(item);
            }
        });
    }

    private static void all(JsonNode from, List<JsonNode> to) {
        from.forEach(to::add);
    }

    private static Step named(String name) {
        return (from, to) -> {
            JsonNode value = from.get(name);
            if (value != null) {
                to.add(value);
            }
        };
    }

    /** What the path leads to, in order. */
    List<JsonNode> find(JsonNode root) {
        List<JsonNode> current = List.of(root);
        for (Step step : steps) {
            List<JsonNode> next = new ArrayList<>();
            current.forEach(node -> step.follow(node, next));
            current = next;
        }
        return current;
    }
}
