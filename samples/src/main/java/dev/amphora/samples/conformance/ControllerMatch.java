package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Whether something is as recorded, where a recording leaves some values open. */
final class ControllerMatch {
    private static final Pattern OPEN = Pattern.compile("\\$\\{(any|rv|cidr)\\}");

    private ControllerMatch() {}

    /** Takes the first that is as recorded out of a list; false if there is none. */
    static boolean remove(JsonNode recorded, List<JsonNode> found) {
        for (Iterator<JsonNode> each = found.iterator(); each.hasNext(); ) {
            if (difference("", recorded, each.next()).isEmpty()) {
                each.remove();
                return true;
            }
        }
        return false;
    }

    static boolean matches(String recorded, String found) {
        if (recorded.equals(found)) {
            return true;
        }
        if (!OPEN.matcher(recorded).find()) {
            return false;
        }
        String pattern =
                Arrays.stream(OPEN.split(recorded, -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        return Pattern.compile(pattern, Pattern.DOTALL).matcher(found).matches();
    }

    /** Where something differs first and how; empty if it doesn't. */
    static String difference(String path, JsonNode recorded, JsonNode found) {
        if (recorded.isTextual() && recorded.asText().equals("${any}") && !found.isMissingNode()) {
            return "";
        }
        if (recorded.isObject() && found.isObject()) {
            Set<String> members = new TreeSet<>();
            recorded.fieldNames().forEachRemaining(members::add);
            found.fieldNames().forEachRemaining(members::add);
            StringBuilder all = new StringBuilder();
            for (String member : members) {
                String inner = difference(path + "." + member, recorded.path(member), found.path(member));
                all.append(all.isEmpty() || inner.isEmpty() ? "" : "; ").append(inner);
            }
            return all.toString();
        }
        if (recorded.isArray() && found.isArray() && recorded.size() == found.size()) {
            for (int i = 0; i < recorded.size(); i++) {
                String inner = difference(path + "[" + i + "]", recorded.get(i), found.get(i));
                if (!inner.isEmpty()) {
                    return inner;
                }
            }
            return "";
        }
        if (recorded.isNumber() && found.isArray()) {
            return difference(path + " length", recorded, IntNode.valueOf(found.size()));
        }
        boolean same = recorded.isTextual() && found.isTextual()
                ? matches(recorded.asText(), found.asText())
                : recorded.isNumber() && found.isNumber()
                        ? recorded.asDouble() == found.asDouble()
                        : recorded.equals(found);
        return same ? "" : path + " is " + shown(found) + ", recorded " + shown(recorded);
    }

    private static String shown(JsonNode node) {
        return node.isMissingNode() ? "absent" : node.toString();
    }
}
