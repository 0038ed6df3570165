package dev.amphora.apiserver.cel;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelCall;
import dev.cel.common.ast.CelExpr.ExprKind;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.values.CelByteString;
import dev.cel.runtime.CelEvaluationListener;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an expression costs while it runs: a step for each name, field and call, a tenth of a step for each character that is walked, and
 * the fixed price of the lists, maps and objects that it makes. Immutable.
 */
final class RuntimeCost {
    private static final long QUESTION = 350_000;

    private final @Nullable Step[] steps;
    private final boolean[] kept;

    /** What one node costs, given the values of others. */
    @FunctionalInterface
    private interface Step {
        long cost(@Nullable Object[] values, @Nullable Object result);
    }

    private RuntimeCost(@Nullable Step[] steps, boolean[] kept) {
        this.steps = steps;
        this.kept = kept;
    }

    static RuntimeCost of(CelAbstractSyntaxTree ast) {
        Map<Long, CelExpr> nodes = new HashMap<>();
        CelNavigableAst.fromAst(ast)
                .getRoot()
                .allNodes()
                .forEach(node -> nodes.put(node.expr().id(), node.expr()));
        int size = 1;
        for (Long id : nodes.keySet()) {
            size = Math.max(size, Math.toIntExact(id) + 1);
        }
        @Nullable Step[] steps = new Step[size];
        boolean[] kept = new boolean[size];
        nodes.forEach((id, node) -> steps[Math.toIntExact(id)] = step(node, kept));
        return new RuntimeCost(steps, kept);
    }

    /** Charges for what is evaluated. */
    CelEvaluationListener listener(CostMeter meter) {
        @Nullable Object[] values = new Object[steps.length];
        return (expr, value) -> {
            int id = (int) expr.id();
            if (id < 0 || id >= steps.length) {
                return;
            }
            if (kept[id]) {
                values[id] = value;
            }
            Step step = steps[id];
            if (step != null) {
                meter.charge(step.cost(values, value));
            }
        };
    }

    private static @Nullable Step step(CelExpr node, boolean[] kept) {
        return switch (node.getKind()) {
            case IDENT -> fixed(1);
            case SELECT -> fixed(selects(node));
            case LIST -> fixed(Prices.LIST);
            case MAP -> fixed(Prices.MAP);
            case STRUCT -> fixed(Prices.STRUCT);
            case CALL -> call(node.call(), kept);
            default -> null;
        };
    }

    private static Step fixed(long cost) {
        return (values, result) -> cost;
    }

    /** Fields of fields are read at once; asking whether there is one is free. */
    private static long selects(CelExpr node) {
        long steps = node.select().testOnly() ? 0 : 1;
        CelExpr operand = node.select().operand();
        while (operand.getKind() == ExprKind.Kind.SELECT) {
            steps++;
            operand = operand.select().operand();
        }
        return operand.getKind() == ExprKind.Kind.IDENT ? steps + 1 : steps;
    }

    private static @Nullable Step call(CelCall call, boolean[] kept) {
        List<CelExpr> arguments = new ArrayList<>();
        call.target().ifPresent(arguments::add);
        arguments.addAll(call.args());
        int[] ids =
                arguments.stream().mapToInt(each -> Math.toIntExact(each.id())).toArray();
        Step step = sized(call.function(), ids);
        if (step != null) {
            for (int id : ids) {
                kept[id] = true;
            }
            return step;
        }
        return switch (call.function()) {
            case "_&&_", "_||_", "_?_:_" -> null;
            case "check" -> fixed(QUESTION);
            case "join" -> (values, result) -> walk(size(result));
            default -> fixed(1);
        };
    }

    private static @Nullable Step sized(String function, int[] ids) {
        return switch (function) {
            case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_" ->
                (values, result) -> walk(Math.min(size(values[ids[0]]), size(values[ids[1]])));
            case "_+_" ->
                (values, result) -> result instanceof String || result instanceof CelByteString
                        ? walk(size(values[ids[0]]) + size(values[ids[1]]))
                        : 1;
            case "@in" -> (values, result) -> values[ids[1]] instanceof List ? size(values[ids[1]]) : 1;
            case "matches", "find", "findAll" -> (values, result) -> pattern(values[ids[0]], values[ids[1]]);
            case "contains" -> (values, result) -> walk(size(values[ids[0]])) * walk(size(values[ids[1]]));
            case "startsWith", "endsWith" -> (values, result) -> walk(size(values[ids[1]]));
            case "indexOf", "lastIndexOf" ->
                (values, result) -> values[ids[0]] instanceof List
                        ? size(values[ids[0]])
                        : walk(size(values[ids[0]])) * walk(size(values[ids[1]]));
            case "isSorted", "sum", "min", "max", "sort", "distinct", "reverse", "slice", "flatten" ->
                (values, result) -> Math.max(1, size(values[ids[0]]));
            case "sets.contains", "sets.intersects" -> (values, result) -> size(values[ids[0]]) * size(values[ids[1]]);
            case "sets.equivalent" -> (values, result) -> 2 * size(values[ids[0]]) * size(values[ids[1]]);
            case "validate" -> (values, result) -> walk(size(values[ids[1]]) + 1) * walk(Prices.NAMED_FORMAT * 10);
            case "lowerAscii",
                    "upperAscii",
                    "substring",
                    "trim",
                    "replace",
                    "split",
                    "format",
                    "url",
                    "isURL",
                    "ip",
                    "isIP",
                    "cidr",
                    "isCIDR",
                    "quantity",
                    "isQuantity",
                    "semver",
                    "isSemver",
                    "strings.quote" ->
                ids.length == 0 ? fixed(1) : (values, result) -> Math.max(1, walk(size(values[ids[0]])));
            default -> null;
        };
    }

    private static long pattern(@Nullable Object text, @Nullable Object pattern) {
        return walk(size(text) + 1) * (long) Math.ceil(size(pattern) * Prices.REGEX_STEP);
    }

    private static long walk(long size) {
        return (long) Math.ceil(size * Prices.TEXT_STEP);
    }

    private static long size(@Nullable Object value) {
        if (value instanceof String text) {
            return text.length();
        }
        if (value instanceof CelByteString bytes) {
            return bytes.size();
        }
        if (value instanceof Collection<?> list) {
            return list.size();
        }
        return value instanceof Map<?, ?> map ? map.size() : 1;
    }
}
