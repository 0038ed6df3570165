package dev.amphora.samples.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code ${kind}} or {@code ${kind:tag}} in a recording: a value that the server makes.
 *
 * @param kind what sort of value, such as {@code uid}
 * @param tag which one of that kind; null for any
 */
record Placeholder(String kind, @Nullable String tag) {
    private static final Pattern SYNTAX = Pattern.compile("\\$\\{([a-zA-Z][a-zA-Z0-9 ]*?)(?::([^}]*))?\\}");
    private static final String DATE = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d";

    /** What a value of each kind looks like; any text where a kind isn't named here. */
    private static final Map<String, String> LOOKS = Map.ofEntries(
            Map.entry("uid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            Map.entry("rv", "\\d+"),
            Map.entry("listRv", "\\d+"),
            Map.entry("gen", "[a-z0-9]{5}"),
            Map.entry("rand", "[a-z0-9]{5}"),
            Map.entry("ip", "[0-9a-f.:]+"),
            Map.entry("nodePort", "\\d+"),
            Map.entry("continue", "[A-Za-z0-9_\\-=%.]+"),
            Map.entry("token", "[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+"),
            Map.entry("time", "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:Z|[+-]\\d\\d:\\d\\d)"),
            Map.entry(
                    "goTime",
                    "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)? [+-]\\d{4} \\S+(?: m=[+-][\\d.]+)?"),
            Map.entry("age", "(?:<unknown>|<invalid>|(?:\\d+[ydhms])+)"),
            Map.entry("seconds", "-?\\d+"),
            Map.entry("length", "\\d+"),
            Map.entry("unixTime", "\\d+"),
            Map.entry("n", "\\d+"),
            Map.entry("httpDate", DATE + " GMT"),
            Map.entry("httpDateInOneYear", DATE),
            Map.entry("etag", "[0-9A-F]{128}"),
            Map.entry("hash", "[0-9A-F]{128}"),
            Map.entry("auditId", "[0-9a-f-]{36}"),
            Map.entry("server", "[^\"\\\\]+"),
            Map.entry("serverHost", "[^\"\\\\/]+"),
            Map.entry("any", ".*"));

    private static final Set<String> ANYTHING = Set.of("managedFields", "left out");
    private static final Map<String, Template> TEMPLATES = new ConcurrentHashMap<>();

    /** Whether a text contains placeholders. */
    static boolean in(String text) {
        return text.contains("${") && SYNTAX.matcher(text).find();
    }

    /** The placeholder that a text is from its first character to its last; null if it isn't one. */
    static @Nullable Placeholder whole(String text) {
        if (!text.startsWith("${")) {
            return null;
        }
        Matcher matcher = SYNTAX.matcher(text);
        return matcher.matches() ? of(matcher) : null;
    }

    private static Placeholder of(Matcher matcher) {
        return new Placeholder(matcher.group(1), matcher.group(2));
    }

    /** Whether any JSON value at all may stand here. */
    boolean standsForAnything() {
        return ANYTHING.contains(kind);
    }

    /** Whether a text can be a value of this kind. */
    boolean fits(String value) {
        return Template.of("${" + kind + "}").match(value) != null;
    }

    /** Replaces every placeholder in a text. */
    static String replace(String text, java.util.function.Function<Placeholder, @Nullable String> values) {
        Matcher matcher = SYNTAX.matcher(text);
        StringBuilder out = new StringBuilder();
        while (matcher.find()) {
            String value = values.apply(of(matcher));
            matcher.appendReplacement(out, Matcher.quoteReplacement(value == null ? matcher.group() : value));
        }
        return matcher.appendTail(out).toString();
    }

    /** A text with placeholders, as something that other texts match. */
    static final class Template {
        private final Pattern pattern;
        private final List<Placeholder> places = new ArrayList<>();

        private Template(String text) {
            Matcher matcher = SYNTAX.matcher(text);
            StringBuilder regex = new StringBuilder();
            boolean whole = matcher.matches();
            matcher.reset();
            int end = 0;
            while (matcher.find()) {
                Placeholder place = Placeholder.of(matcher);
                String looks = LOOKS.getOrDefault(place.kind, whole ? ".*" : ".*?");
                regex.append(Pattern.quote(text.substring(end, matcher.start())))
                        .append('(')
                        .append(looks)
                        .append(')');
                places.add(place);
                end = matcher.end();
            }
            regex.append(Pattern.quote(text.substring(end)));
            pattern = Pattern.compile(regex.toString(), Pattern.DOTALL);
        }

        static Template of(String text) {
            return TEMPLATES.computeIfAbsent(text, Template::new);
        }

        /** The placeholders in the order in which they stand. */
        List<Placeholder> places() {
            return places;
        }

        /** The values in the place of the placeholders; null if a text is none that this one describes. */
        @Nullable List<String> match(String text) {
            Matcher matcher = pattern.matcher(text);
            if (!matcher.matches()) {
                return null;
            }
            List<String> values = new ArrayList<>();
            for (int i = 1; i <= matcher.groupCount(); i++) {
                values.add(matcher.group(i));
            }
            return values;
        }
    }
}
