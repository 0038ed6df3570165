package dev.amphora.apiserver.cel;

import com.google.re2j.Matcher;
import com.google.re2j.PatternSyntaxException;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import java.util.ArrayList;
import java.util.List;

/** Functions of texts: finding by patterns, and formatting. */
final class TextFunctions {
    private TextFunctions() {}

    static void addTo(CelFunctions functions) {
        functions.member(
                "find",
                "string_find_string",
                SimpleType.STRING,
                List.of(SimpleType.STRING, SimpleType.STRING),
                List.of(String.class, String.class),
                arguments -> {
                    Matcher matcher = pattern(arguments[1]).matcher((String) arguments[0]);
                    return matcher.find() ? matcher.group() : "";
                });
        functions.member(
                "findAll",
                "string_find_all_string",
                ListType.create(SimpleType.STRING),
                List.of(SimpleType.STRING, SimpleType.STRING),
                List.of(String.class, String.class),
                arguments -> all((String) arguments[0], arguments[1], -1));
        functions.member(
                "findAll",
                "string_find_all_string_int",
                ListType.create(SimpleType.STRING),
                List.of(SimpleType.STRING, SimpleType.STRING, SimpleType.INT),
                List.of(String.class, String.class, Long.class),
                arguments -> all((String) arguments[0], arguments[1], (Long) arguments[2]));
        functions.member(
                "format",
                "string_format",
                SimpleType.STRING,
                List.of(SimpleType.STRING, ListType.create(SimpleType.DYN)),
                List.of(String.class, List.class),
                arguments -> TextFormat.format((String) arguments[0], (List<?>) arguments[1]));
        functions.global(
                "jsonpatch.escapeKey",
                "jsonpatch_escape_key",
                SimpleType.STRING,
                List.of(SimpleType.STRING),
                List.of(String.class),
                arguments -> ((String) arguments[0]).replace("~", "~0").replace("/", "~1"));
    }

    static GoPattern pattern(Object text) {
        try {
            return GoPattern.of((String) text);
        } catch (PatternSyntaxException e) {
            throw new CelProblem("Illegal regex: " + e.getMessage());
        }
    }

    /** What one text makes of another, if it isn't too long to be made. */
    static String replaced(String text, String wanted, String replacement, long most) {
        if (wanted.equals(replacement) || most == 0) {
            return text;
        }
        List<Integer> places = new ArrayList<>();
        int at = text.indexOf(wanted);
        while (at >= 0 && (most < 0 || places.size() < most)) {
            places.add(at);
            int next =
                    at + Math.max(wanted.length(), at < text.length() ? Character.charCount(text.codePointAt(at)) : 1);
            at = wanted.isEmpty() ? next <= text.length() ? next : -1 : text.indexOf(wanted, at + wanted.length());
        }
        CostMeter.checkLength(text.length() + (long) places.size() * (replacement.length() - wanted.length()));
        StringBuilder made = new StringBuilder();
        int done = 0;
        for (int place : places) {
            made.append(text, done, place).append(replacement);
            done = place + wanted.length();
        }
        return made.append(text, done, text.length()).toString();
    }

    /** Texts in a row, if that isn't too long to be made. */
    static String joined(List<?> texts, String separator) {
        long length = 0;
        for (Object each : texts) {
            if (!(each instanceof String text)) {
                throw new CelProblem("no such overload");
            }
            length += text.length() + separator.length();
        }
        CostMeter.checkLength(length);
        StringBuilder made = new StringBuilder();
        for (int i = 0; i < texts.size(); i++) {
            made.append(i > 0 ? separator : "").append(texts.get(i));
        }
        return made.toString();
    }

    private static List<String> all(String text, Object pattern, long limit) {
        List<String> found = new ArrayList<>();
        Matcher matcher = pattern(pattern).matcher(text);
        while ((limit < 0 || found.size() < limit) && matcher.find()) {
            found.add(matcher.group());
        }
        return found;
    }
}
