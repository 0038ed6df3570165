package dev.amphora.apiserver.cel;

import com.google.re2j.PatternSyntaxException;
import dev.amphora.api.GoDuration;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelCall;
import dev.cel.common.ast.CelExpr.ExprKind;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.navigation.CelNavigableExpr;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Constants that can never have a value are refused at once. */
final class ConstantChecks {
    private static final Set<String> CONVERSIONS =
            Set.of("bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint");

    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?(?:Z|[+-]\\d\\d:\\d\\d)");

    private ConstantChecks() {}

    /** What is wrong with the constants of an expression, each with its place. */
    static List<String> check(CelAbstractSyntaxTree ast) {
        List<String> wrong = new ArrayList<>();
        CelNavigableAst.fromAst(ast).getRoot().allNodes().forEach(node -> mixed(node, ast, wrong));
        CelNavigableAst.fromAst(ast)
                .getRoot()
                .allNodes()
                .map(node -> node.expr())
                .filter(expr -> expr.getKind() == ExprKind.Kind.CALL)
                .forEach(expr -> {
                    literal(expr.call(), ast, wrong);
                    format(expr, ast, wrong);
                });
        return wrong;
    }

    /** The conversions of constants, which are made once and for all. */
    static List<CelExpr> conversions(CelAbstractSyntaxTree ast) {
        return CelNavigableAst.fromAst(ast)
                .getRoot()
                .allNodes()
                .map(node -> node.expr())
                .filter(expr -> expr.getKind() == ExprKind.Kind.CALL
                        && expr.call().target().isEmpty()
                        && CONVERSIONS.contains(expr.call().function())
                        && expr.call().args().size() == 1
                        && expr.call().args().get(0).getKind() == ExprKind.Kind.CONSTANT)
                .toList();
    }

    /** The patterns that are constants; they are read once and for all. */
    static List<String> patterns(CelAbstractSyntaxTree ast) {
        return CelNavigableAst.fromAst(ast)
                .getRoot()
                .allNodes()
                .map(node -> node.expr())
                .filter(expr -> expr.getKind() == ExprKind.Kind.CALL
                        && expr.call().function().startsWith("find")
                        && !expr.call().args().isEmpty())
                .flatMap(expr -> text(expr.call().args().get(0)).stream())
                .toList();
    }

    /** Lists and maps have elements of one type, unless they are written into a text. */
    private static void mixed(CelNavigableExpr node, CelAbstractSyntaxTree ast, List<String> wrong) {
        CelExpr expr = node.expr();
        boolean list = expr.getKind() == ExprKind.Kind.LIST;
        if (!list && expr.getKind() != ExprKind.Kind.MAP || isFormatted(node)) {
            return;
        }
        if (list) {
            List<Integer> optional = expr.list().optionalIndices();
            List<CelExpr> elements = expr.list().elements();
            List<CelType> types = new ArrayList<>();
            for (int i = 0; i < elements.size(); i++) {
                types.add(type(ast, elements.get(i), optional.contains(i)));
            }
            sameTypes(elements, types, ast, wrong);
            return;
        }
        List<CelExpr> keys = new ArrayList<>();
        List<CelType> keyTypes = new ArrayList<>();
        List<CelExpr> values = new ArrayList<>();
        List<CelType> valueTypes = new ArrayList<>();
        for (CelExpr.CelMap.Entry entry : expr.map().entries()) {
            keys.add(entry.key());
            keyTypes.add(type(ast, entry.key(), false));
            values.add(entry.value());
            valueTypes.add(type(ast, entry.value(), entry.optionalEntry()));
        }
        if (sameTypes(keys, keyTypes, ast, wrong)) {
            sameTypes(values, valueTypes, ast, wrong);
        }
    }

    private static boolean isFormatted(CelNavigableExpr node) {
        for (Optional<CelNavigableExpr> parent = node.parent();
                parent.isPresent();
                parent = parent.get().parent()) {
            if (parent.get().getKind() == ExprKind.Kind.CALL
                    && parent.get().expr().call().function().equals("format")) {
                return true;
            }
        }
        return false;
    }

    private static CelType type(CelAbstractSyntaxTree ast, CelExpr expr, boolean optional) {
        CelType type = ast.getType(expr.id()).orElseThrow();
        return optional && !type.parameters().isEmpty() ? type.parameters().get(0) : type;
    }

    private static boolean sameTypes(
            List<CelExpr> elements, List<CelType> types, CelAbstractSyntaxTree ast, List<String> wrong) {
        for (int i = 1; i < types.size(); i++) {
            if (!isOpen(types.get(i))
                    && !isOpen(types.get(0))
                    && !Types.shown(types.get(i)).equals(Types.shown(types.get(0)))) {
                wrong.add(CelErrors.at(
                        ast.getSource(),
                        elements.get(i).id(),
                        "expected type '%s' but found '%s'".formatted(shown(types.get(0)), shown(types.get(i)))));
                return false;
            }
        }
        return true;
    }

    private static boolean isOpen(CelType type) {
        return type.kind() == CelKind.DYN || type.parameters().stream().anyMatch(ConstantChecks::isOpen);
    }

    private static String shown(CelType type) {
        return type.kind() == CelKind.NULL_TYPE ? "null" : Types.shown(type);
    }

    private static void literal(CelCall call, CelAbstractSyntaxTree ast, List<String> wrong) {
        List<CelExpr> arguments = call.args();
        boolean method = call.target().isPresent();
        if (arguments.isEmpty()) {
            return;
        }
        CelExpr last = arguments.get(arguments.size() - 1);
        Optional<String> text = text(last);
        boolean good = text.isEmpty()
                || switch (call.function()) {
                    case "matches" -> isPattern(text.get());
                    case "duration" -> method || isDuration(text.get());
                    case "timestamp" -> method || isTime(text.get());
                    default -> true;
                };
        if (!good) {
            wrong.add(CelErrors.at(ast.getSource(), last.id(), "invalid " + call.function() + " argument"));
        }
    }

    private static Optional<String> text(CelExpr expr) {
        return expr.getKind() == ExprKind.Kind.CONSTANT && expr.constant().getKind() == CelConstant.Kind.STRING_VALUE
                ? Optional.of(expr.constant().stringValue())
                : Optional.empty();
    }

    /** A text to be filled in whose gaps don't fit what is to stand there. */
    private static void format(CelExpr expr, CelAbstractSyntaxTree ast, List<String> wrong) {
        CelCall call = expr.call();
        if (!call.function().equals("format")
                || call.target().isEmpty()
                || call.args().size() != 1
                || call.args().get(0).getKind() != ExprKind.Kind.LIST) {
            return;
        }
        Optional<String> text = text(call.target().get());
        if (text.isEmpty()) {
            return;
        }
        List<CelExpr> elements = call.args().get(0).list().elements();
        List<CelType> types = elements.stream()
                .map(each -> ast.getType(each.id()).orElseThrow())
                .toList();
        TextFormat.problem(text.get(), types)
                .ifPresent(problem -> wrong.add(CelErrors.at(
                        ast.getSource(),
                        problem.argument() < 0
                                ? expr.id()
                                : elements.get(problem.argument()).id(),
                        problem.text())));
    }

    private static boolean isPattern(String text) {
        try {
            GoPattern.of(text);
            return true;
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    private static boolean isDuration(String text) {
        try {
            GoDuration.parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isTime(String text) {
        try {
            return TIME.matcher(text).matches() && OffsetDateTime.parse(text).getYear() > 0;
        } catch (DateTimeException e) {
            return false;
        }
    }
}
