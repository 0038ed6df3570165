package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The path of a field below the place of a rule: {@code .spec.a}, {@code ['a.b']}. */
final class RulePath {
    private static final Pattern STEP = Pattern.compile("\\.([A-Za-z_][A-Za-z0-9_-]*)|\\['((?:[^'\\\\]|\\\\.)*)'\\]");

    private RulePath() {}

    /** Whether a path leads to a field that a schema has. */
    static boolean leadsSomewhere(String path, JsonNode schema) {
        Matcher matcher = STEP.matcher(path);
        JsonNode place = schema;
        int at = 0;
        while (at < path.length()) {
            if (!matcher.find(at) || matcher.start() != at) {
                return false;
            }
            String name = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
            JsonNode below = place.path("properties").path(name);
            place = below.isObject() ? below : place.path("additionalProperties");
            if (!place.isObject()) {
                return false;
            }
            at = matcher.end();
        }
        return true;
    }
}
