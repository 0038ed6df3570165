package dev.amphora.apiserver.cel;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
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

    static Pattern pattern(Object text) {
        try {
            return Pattern.compile((String) text);
        } catch (PatternSyntaxException e) {
            throw new CelProblem("Illegal regex: " + e.getMessage());
        }
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
