package dev.amphora.apiserver.schema;

import com.google.common.collect.ImmutableMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.parser.ParserException;
import org.yaml.snakeyaml.scanner.ScannerException;

/** What is wrong with a YAML document, in the words and with the line number of the reference's parser. */
final class YamlProblem {
    private static final String ANCHOR = "found undefined alias";
    private static final Map<String, String> BY_CONTEXT = ImmutableMap.of(
            "while parsing a block collection", "did not find expected '-' indicator",
            "while parsing a block mapping", "did not find expected key",
            "while parsing a flow sequence", "did not find expected ',' or ']'",
            "while parsing a flow mapping", "did not find expected ',' or '}'");
    private static final Map<String, String> BY_START = ImmutableMap.<String, String>builder()
            .put("expected the node content", "did not find expected node content")
            .put("expected '<document start>'", "did not find expected <document start>")
            .put("mapping values are not allowed", "mapping values are not allowed in this context")
            .put("mapping keys are not allowed", "mapping keys are not allowed in this context")
            .put("sequence entries are not allowed", "block sequence entries are not allowed in this context")
            .put("found unknown escape character", "found unknown escape character")
            .put("expected escape sequence of", "did not find expected hexdecimal number")
            .put("expected a comment or a line break", "did not find expected comment or line break")
            .put("expected indentation indicator", "found an indentation indicator equal to 0")
            .put("expected alphabetic or numeric", "did not find expected alphabetic or numeric character")
            .put("unexpected character found", "did not find expected alphabetic or numeric character")
            .build();

    private YamlProblem() {}

    static String of(MarkedYAMLException e) {
        String problem = e.getProblem() == null ? "" : e.getProblem();
        if (problem.startsWith(ANCHOR)) {
            return "unknown anchor '%s' referenced".formatted(problem.substring(problem.lastIndexOf(' ') + 1));
        }
        int line = line(e, problem);
        return (line == 0 ? "" : "line " + line + ": ") + words(e, problem);
    }

    private static String words(MarkedYAMLException e, String problem) {
        if (problem.startsWith("found character") && problem.contains("cannot start any token")) {
            return "found character that cannot start any token";
        }
        String context = e.getContext() == null ? "" : e.getContext();
        if (e instanceof ParserException) {
            for (Map.Entry<String, String> each : BY_CONTEXT.entrySet()) {
                if (context.startsWith(each.getKey())) {
                    return each.getValue();
                }
            }
        }
        for (Map.Entry<String, String> each : BY_START.entrySet()) {
            if (problem.startsWith(each.getKey())) {
                return each.getValue();
            }
        }
        return problem;
    }

    /** Lines count from one, but for parsers' errors from zero; the first one is not named. */
    private static int line(MarkedYAMLException e, String problem) {
        int line = lineOf(e.getProblemMark());
        if (problem.contains("<stream end>") && e.getProblemMark().getColumn() > 0) {
            line++;
        }
        if (line > 0) {
            return e instanceof ScannerException ? line + 1 : line;
        }
        return lineOf(e.getContextMark());
    }

    private static int lineOf(@Nullable Mark mark) {
        return mark == null ? 0 : mark.getLine();
    }
}
