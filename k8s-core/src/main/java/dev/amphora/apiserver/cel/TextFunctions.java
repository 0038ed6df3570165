package dev.amphora.apiserver.cel;

import com.google.common.base.Ascii;
import com.google.re2j.Matcher;
import com.google.re2j.PatternSyntaxException;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Functions of texts: finding by patterns, and formatting. */
final class TextFunctions {
    private static final Pattern NUMBER = Pattern.compile(
            "(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?|0x(?:[0-9a-f]+\\.?[0-9a-f]*|\\.[0-9a-f]+)p[+-]?\\d+");

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

    static boolean matches(String text, String pattern) {
        try {
            return GoPattern.of(pattern).matcher(text).find();
        } catch (PatternSyntaxException e) {
            throw new CelProblem(String.valueOf(e.getMessage()));
        }
    }

    /** The number that a text is: no spaces around it, and no letter behind it as Java would take. */
    static double number(String text) {
        String lower = Ascii.toLowerCase(text);
        String plain = lower.startsWith("+") || lower.startsWith("-") ? lower.substring(1) : lower;
        switch (plain) {
            case "inf", "infinity":
                return lower.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            case "nan":
                if (plain.equals(lower)) {
                    return Double.NaN;
                }
                break;
            default:
                if (NUMBER.matcher(plain).matches()) {
                    double value = Double.parseDouble(lower);
                    if (!Double.isInfinite(value)) {
                        return value;
                    }
                }
        }
        throw new CelProblem("type conversion error from 'string' to 'double'");
    }

    /** Where a text stands in another, in characters; -1 if nowhere at or behind a place. */
    static long indexOf(String text, String wanted, long from) {
        if (wanted.isEmpty()) {
            return from;
        }
        if (from < 0) {
            throw new CelProblem("index out of range: " + from);
        }
        if (from >= text.codePointCount(0, text.length())) {
            return -1;
        }
        int at = text.indexOf(wanted, text.offsetByCodePoints(0, (int) from));
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    /** Where a text stands last in another, in characters; -1 if nowhere. */
    static long lastIndexOf(String text, String wanted) {
        int at = text.lastIndexOf(wanted);
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    /** Where a text stands last in another at or before a place, in characters; -1 if nowhere. */
    static long lastIndexOf(String text, String wanted, long from) {
        if (wanted.isEmpty()) {
            return from;
        }
        if (from < 0) {
            throw new CelProblem("index out of range: " + from);
        }
        if (from >= text.codePointCount(0, text.length())) {
            return -1;
        }
        int at = text.lastIndexOf(wanted, text.offsetByCodePoints(0, (int) from));
        return at < 0 ? -1 : text.codePointCount(0, at);
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
