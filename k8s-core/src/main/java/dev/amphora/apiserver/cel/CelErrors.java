package dev.amphora.apiserver.cel;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelErrorCode;
import dev.cel.common.CelIssue;
import dev.cel.common.CelSource;
import dev.cel.common.CelValidationException;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.runtime.CelEvaluationException;
import java.time.DateTimeException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns the compiler's and the interpreter's errors into the reference's words. */
final class CelErrors {
    private static final Pattern PLACE =
            Pattern.compile("evaluation error(?: at <input>:(\\d+))?: (.*)", Pattern.DOTALL);
    private static final Pattern RANGE =
            Pattern.compile("substring failure: Range \\[(-?\\d+), (-?\\d+)\\) out of bounds");
    private static final Pattern INDEX =
            Pattern.compile(".*[Ii]ndex out of (?:range|bounds): (-?\\d+).*", Pattern.DOTALL);
    private static final List<String> SYNTAX = List.of(
            "mismatched input", "token recognition error", "extraneous input", "no viable alternative", "missing ");

    private static final String NO_ZONE = "Unknown time-zone ID: ";
    private static final String NO_OVERLOAD = "no such overload";

    /** A line that is longer is not shown with an error in it. */
    private static final int LONGEST_LINE = 16_384;

    private CelErrors() {}

    /** All errors of a compilation, each with its place. */
    static String text(CelValidationException failure) {
        return failure.getErrors().stream()
                .map(issue -> display(failure.getSource(), issue))
                .collect(Collectors.joining("\n"));
    }

    private static String display(CelSource source, CelIssue issue) {
        String message = issue.getMessage()
                .replaceFirst(" \\(candidates: .*\\)$", "")
                .replace("'%%'", "'%'")
                .replaceFirst("expecting \\{<EOF>, .*\\}$", "expecting <EOF>");
        if (message.startsWith("For input string: ")) {
            message = "invalid int literal";
        } else if (message.startsWith("Error at index ")) {
            message = "invalid uint literal";
        }
        if (SYNTAX.stream().anyMatch(message::startsWith)) {
            message = "Syntax error: " + message;
        }
        return place(
                source,
                issue.getSourceLocation().getLine(),
                issue.getSourceLocation().getColumn(),
                message);
    }

    /** An error at the place of an expression. */
    static String at(CelSource source, long id, String message) {
        int offset = source.getPositionsMap().getOrDefault(id, 0);
        return source.getOffsetLocation(offset)
                .map(where -> place(source, where.getLine(), where.getColumn(), message))
                .orElse(message);
    }

    private static String place(CelSource source, int line, int column, String message) {
        if (source.getContent().toString().isEmpty()) {
            return "ERROR: <input>:1:0: " + message;
        }
        if (line < 1) {
            return "ERROR: <input>:-1:0: " + message;
        }
        if (source.getSnippet(line).orElse("").length() > LONGEST_LINE) {
            return "ERROR: <input>:%d:%d: %s".formatted(line, column + 1, message);
        }
        String shown = source.getSnippet(line).orElse("");
        return "ERROR: <input>:%d:%d: %s\n | %s\n | %s^"
                .formatted(line, column + 1, message, shown, ".".repeat(Math.max(0, column)));
    }

    /** Why an evaluation failed. */
    static String text(CelEvaluationException failure, @Nullable CelAbstractSyntaxTree ast) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String told = String.valueOf(cause.getMessage());
            if (cause instanceof CelProblem) {
                return told;
            }
            if (cause instanceof DateTimeException && told.startsWith(NO_ZONE)) {
                return "unknown time zone " + told.substring(NO_ZONE.length());
            }
        }
        String message = String.valueOf(failure.getMessage());
        int offset = -1;
        Matcher place = PLACE.matcher(message);
        while (place.matches()) {
            offset = place.group(1) == null ? offset : Integer.parseInt(place.group(1));
            message = place.group(2);
            place = PLACE.matcher(message);
        }
        String function = function(ast, offset);
        Matcher range = RANGE.matcher(message);
        if (range.matches()) {
            return Integer.parseInt(range.group(1)) > Integer.parseInt(range.group(2)) && calls(ast, "substring", 2)
                    ? "invalid substring range. start: %s, end: %s".formatted(range.group(1), range.group(2))
                    : "index out of range: " + (calls(ast, "substring", 2) ? range.group(2) : range.group(1));
        }
        if (message.contains("'optional_value'") || message.contains("'value' failed")) {
            return "optional.none() dereference";
        }
        CelErrorCode code = failure.getErrorCode();
        Matcher index = INDEX.matcher(message);
        if (index.matches()) {
            return (code == CelErrorCode.INDEX_OUT_OF_BOUNDS ? "index out of bounds: " : "index out of range: ")
                    + index.group(1);
        }
        return switch (code) {
            case ATTRIBUTE_NOT_FOUND ->
                message.startsWith("Error resolving field") ? NO_OVERLOAD : "no such key: " + key(message);
            case OVERLOAD_NOT_FOUND -> NO_OVERLOAD;
            case DIVIDE_BY_ZERO -> function.equals("_%_") ? "modulus by zero" : "division by zero";
            case NUMERIC_OVERFLOW -> message.contains("uint") ? "unsigned integer overflow" : "integer overflow";
            case BAD_FORMAT ->
                function.equals("string")
                        ? "invalid UTF-8 in bytes, cannot convert to string"
                        : "type conversion error from 'string' to '%s'".formatted(conversion(function));
            default -> {
                boolean times = function.equals("_+_") || function.equals("_-_");
                yield times && message.contains("failed with arg(s)") ? "timestamp overflow" : message;
            }
        };
    }

    private static String key(String message) {
        Matcher quoted = Pattern.compile(".*'([^']*)'.*", Pattern.DOTALL).matcher(message);
        return quoted.matches() ? quoted.group(1) : message.replaceFirst("^key ", "");
    }

    private static String conversion(String function) {
        return switch (function) {
            case "duration" -> "google.protobuf.Duration";
            case "timestamp" -> "google.protobuf.Timestamp";
            default -> function;
        };
    }

    private static boolean calls(@Nullable CelAbstractSyntaxTree ast, String name, int arguments) {
        return ast != null
                && CelNavigableAst.fromAst(ast)
                        .getRoot()
                        .allNodes()
                        .anyMatch(node -> node.getKind() == CelExpr.ExprKind.Kind.CALL
                                && node.expr().call().function().equals(name)
                                && node.expr().call().args().size() == arguments);
    }

    /** The function that is called at a place. */
    private static String function(@Nullable CelAbstractSyntaxTree ast, int offset) {
        if (ast == null || offset < 0) {
            return "";
        }
        Optional<String> found = CelNavigableAst.fromAst(ast)
                .getRoot()
                .allNodes()
                .filter(node -> node.getKind() == CelExpr.ExprKind.Kind.CALL
                        && Integer.valueOf(offset)
                                .equals(ast.getSource()
                                        .getPositionsMap()
                                        .get(node.expr().id())))
                .map(node -> node.expr().call().function())
                .findFirst();
        return found.orElse("");
    }
}
