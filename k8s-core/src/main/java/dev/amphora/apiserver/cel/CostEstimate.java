package dev.amphora.apiserver.cel;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelCall;
import dev.cel.common.ast.CelExpr.CelComprehension;
import dev.cel.common.ast.CelExpr.ExprKind;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import dev.cel.common.types.MapType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How much an expression may cost, by the sizes that its variables may have: every step counts, walking a text counts a tenth of its
 * length, and what is done for each element counts as often as there may be elements.
 */
final class CostEstimate {

    private final CelAbstractSyntaxTree ast;
    private final Map<String, SchemaType> variables = new HashMap<>();
    private final Map<Long, Cost> sizes = new HashMap<>();

    private CostEstimate(CelAbstractSyntaxTree ast) {
        this.ast = ast;
    }

    /** The most that an expression over variables of some types costs. */
    static long of(CelAbstractSyntaxTree ast, Map<String, SchemaType> variables) {
        CostEstimate estimate = new CostEstimate(ast);
        estimate.variables.putAll(variables);
        return estimate.cost(ast.getExpr()).most();
    }

    private Cost cost(CelExpr expr) {
        switch (expr.getKind()) {
            case CONSTANT:
                sizes.put(expr.id(), ofConstant(expr.constant()));
                return Cost.NOTHING;
            case IDENT:
                return Cost.ONE;
            case SELECT:
                return cost(expr.select().operand()).plus(Cost.ONE);
            case CALL:
                return call(expr);
            case LIST:
                Cost list = Cost.of(Prices.LIST);
                for (CelExpr element : expr.list().elements()) {
                    list = list.plus(cost(element));
                }
                sizes.put(expr.id(), Cost.of(expr.list().elements().size()));
                return list;
            case MAP:
                Cost map = Cost.of(Prices.MAP);
                for (CelExpr.CelMap.Entry entry : expr.map().entries()) {
                    map = map.plus(cost(entry.key())).plus(cost(entry.value()));
                }
                sizes.put(expr.id(), Cost.of(expr.map().entries().size()));
                return map;
            case STRUCT:
                Cost struct = Cost.of(Prices.STRUCT);
                for (CelExpr.CelStruct.Entry entry : expr.struct().entries()) {
                    struct = struct.plus(cost(entry.value()));
                }
                return struct;
            case COMPREHENSION:
                return comprehension(expr);
            default:
                return Cost.NOTHING;
        }
    }

    private static Cost ofConstant(CelConstant constant) {
        return switch (constant.getKind()) {
            case STRING_VALUE ->
                Cost.of(constant.stringValue()
                        .codePointCount(0, constant.stringValue().length()));
            case BYTES_VALUE -> Cost.of(constant.bytesValue().size());
            default -> Cost.ONE;
        };
    }

    private Cost comprehension(CelExpr expr) {
        CelComprehension loop = expr.comprehension();
        Cost sum = cost(loop.iterRange()).plus(cost(loop.accuInit()));
        SchemaType range = schema(loop.iterRange());
        SchemaType hidden = variables.get(loop.iterVar());
        SchemaType hidden2 = variables.get(loop.iterVar2());
        boolean isMap = ast.getType(loop.iterRange().id())
                .filter(MapType.class::isInstance)
                .isPresent();
        SchemaType element = range == null ? null : range.element();
        set(loop.iterVar(), loop.iterVar2().isEmpty() && !isMap ? element : null);
        if (!loop.iterVar2().isEmpty()) {
            set(loop.iterVar2(), element);
        }
        Cost step = cost(loop.loopCondition()).plus(cost(loop.loopStep()));
        sum = sum.plus(cost(loop.result()));
        set(loop.iterVar(), hidden);
        if (!loop.iterVar2().isEmpty()) {
            set(loop.iterVar2(), hidden2);
        }
        Cost count = size(loop.iterRange());
        ExprKind.Kind start = loop.accuInit().getKind();
        sizes.put(
                expr.id(),
                start == ExprKind.Kind.LIST || start == ExprKind.Kind.MAP
                        ? new Cost(0, count.most())
                        : start == ExprKind.Kind.CONSTANT ? Cost.ONE : Cost.UNKNOWN);
        return sum.plus(count.times(step));
    }

    private void set(String variable, @Nullable SchemaType type) {
        if (type == null) {
            variables.remove(variable);
        } else {
            variables.put(variable, type);
        }
    }

    /** What is known of a value by the schema that it comes from. */
    private @Nullable SchemaType schema(CelExpr expr) {
        switch (expr.getKind()) {
            case IDENT:
                return variables.get(expr.ident().name());
            case SELECT:
                SchemaType operand = schema(expr.select().operand());
                return operand == null
                        ? null
                        : operand.element() != null
                                ? operand.element()
                                : operand.field(expr.select().field());
            case CALL:
                CelCall call = expr.call();
                boolean index =
                        call.function().equals("_[_]") || call.function().equals("_[?_]");
                if (index) {
                    SchemaType list = schema(call.args().get(0));
                    return list == null ? null : list.element();
                }
                if (call.function().equals("_?._")) {
                    SchemaType object = schema(call.args().get(0));
                    return object == null
                            ? null
                            : object.field(
                                    call.args().get(1).constantOrDefault().stringValue());
                }
                boolean unwraps =
                        call.function().equals("value") && call.target().isPresent();
                return unwraps ? schema(call.target().get()) : null;
            default:
                return null;
        }
    }

    private Cost size(CelExpr expr) {
        Cost known = sizes.get(expr.id());
        if (known != null) {
            return known;
        }
        SchemaType schema = schema(expr);
        CelType type = ast.getType(expr.id()).orElse(null);
        CelKind kind = type == null ? CelKind.DYN : type.kind();
        if (kind == CelKind.INT
                || kind == CelKind.UINT
                || kind == CelKind.DOUBLE
                || kind == CelKind.BOOL
                || kind == CelKind.DURATION
                || kind == CelKind.TIMESTAMP
                || kind == CelKind.NULL_TYPE) {
            return Cost.ONE;
        }
        if (schema != null) {
            return new Cost(0, schema.mostElements());
        }
        boolean namesType = expr.getKind() == ExprKind.Kind.IDENT && kind == CelKind.TYPE;
        return namesType ? Cost.ONE : Cost.UNKNOWN;
    }

    private Cost call(CelExpr expr) {
        CelCall call = expr.call();
        List<CelExpr> arguments = new ArrayList<>();
        call.target().ifPresent(arguments::add);
        arguments.addAll(call.args());
        List<Cost> costs = new ArrayList<>();
        Cost all = Cost.NOTHING;
        for (CelExpr argument : arguments) {
            Cost each = cost(argument);
            costs.add(each);
            all = all.plus(each);
        }
        switch (call.function()) {
            case "_&&_", "_||_":
                return new Cost(costs.get(0).least(), all.most());
            case "_?_:_":
                sizes.put(expr.id(), size(arguments.get(1)).or(size(arguments.get(2))));
                return costs.get(0).plus(costs.get(1).or(costs.get(2)));
            default:
                return all.plus(own(expr, call.function(), arguments));
        }
    }

    /** What a call costs beyond its arguments. */
    private Cost own(CelExpr expr, String function, List<CelExpr> arguments) {
        Cost first = arguments.isEmpty() ? Cost.ONE : size(arguments.get(0));
        Cost second = arguments.size() < 2 ? Cost.ONE : size(arguments.get(1));
        switch (function) {
            case "_+_":
                CelKind kind = ast.getType(expr.id()).map(CelType::kind).orElse(CelKind.DYN);
                if (kind == CelKind.STRING || kind == CelKind.BYTES || kind == CelKind.LIST) {
                    Cost size = first.plus(second);
                    sizes.put(expr.id(), size);
                    return kind == CelKind.LIST ? Cost.ONE : size.times(Prices.TEXT_STEP);
                }
                return Cost.ONE;
            case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_":
                boolean equality = function.equals("_==_") || function.equals("_!=_");
                if (equality && first.equals(Cost.ONE) && second.equals(Cost.ONE)) {
                    return Cost.NOTHING;
                }
                long least = Math.min(first.most(), second.most());
                return new Cost(Math.min(first.least(), second.least()), least).times(Prices.TEXT_STEP);
            case "@in":
                return isList(arguments.get(1)) ? second : Cost.ONE;
            case "matches", "find", "findAll":
                sizes.put(expr.id(), new Cost(0, first.most()));
                return first.plus(Cost.ONE).times(Prices.TEXT_STEP).times(second.times(Prices.REGEX_STEP));
            case "contains":
                return first.times(Prices.TEXT_STEP).times(second.times(Prices.TEXT_STEP));
            case "startsWith", "endsWith":
                return second.times(Prices.TEXT_STEP);
            case "lowerAscii", "upperAscii", "trim", "substring":
                sizes.put(expr.id(), new Cost(0, first.most()));
                return first.times(Prices.TEXT_STEP);
            case "replace":
                Cost replaced = new Cost(
                        0,
                        first.plus(Cost.ONE)
                                .times(size(arguments.get(2)))
                                .plus(first)
                                .most());
                sizes.put(expr.id(), replaced);
                return first.plus(replaced).times(Prices.TEXT_STEP);
            case "split":
                CelConstant limit = arguments.size() > 2 ? arguments.get(2).constantOrDefault() : null;
                boolean limited =
                        limit != null && limit.getKind() == CelConstant.Kind.INT64_VALUE && limit.int64Value() >= 0;
                sizes.put(expr.id(), new Cost(0, limited && limit != null ? limit.int64Value() : first.most()));
                return first.times(Prices.TEXT_STEP);
            case "join":
                Cost joined = first.times(element(arguments.get(0)));
                sizes.put(expr.id(), new Cost(0, joined.most()));
                return joined.times(Prices.TEXT_STEP);
            case "isSorted", "sum", "min", "max":
                return first.times(elementStep(arguments.get(0)));
            case "indexOf", "lastIndexOf":
                return isList(arguments.get(0))
                        ? first.times(elementStep(arguments.get(0)))
                        : first.times(Prices.TEXT_STEP).times(second.times(Prices.TEXT_STEP));
            case "sets.contains", "sets.intersects":
                return first.times(second);
            case "sets.equivalent":
                return first.times(second).times(2.0);
            case "validate":
                return second.plus(Cost.ONE).times(Prices.TEXT_STEP).times(Cost.of(Prices.NAMED_FORMAT));
            case "quantity",
                    "isQuantity",
                    "url",
                    "isURL",
                    "ip",
                    "isIP",
                    "cidr",
                    "isCIDR",
                    "semver",
                    "isSemver",
                    "format":
                if (!function.equals("format")) {
                    sizes.put(expr.id(), new Cost(0, first.most()));
                }
                return first.times(Prices.TEXT_STEP);
            case "bytes", "string":
                CelKind from = arguments.isEmpty()
                        ? CelKind.DYN
                        : ast.getType(arguments.get(0).id()).map(CelType::kind).orElse(CelKind.DYN);
                if (from == CelKind.STRING || from == CelKind.BYTES) {
                    sizes.put(expr.id(), first);
                    CelKind to = function.equals("string") ? CelKind.STRING : CelKind.BYTES;
                    return from == to ? Cost.ONE : first.times(Prices.TEXT_STEP);
                }
                return Cost.ONE;
            case "dyn":
                sizes.put(expr.id(), first);
                return Cost.NOTHING;
            case "orValue":
                sizes.put(expr.id(), first.or(second));
                return Cost.ONE;
            default:
                return Cost.ONE;
        }
    }

    private boolean isList(CelExpr expr) {
        return ast.getType(expr.id())
                .filter(type -> type.kind() == CelKind.LIST)
                .isPresent();
    }

    /** How large the elements of a list are. */
    private Cost element(CelExpr list) {
        SchemaType schema = schema(list);
        SchemaType element = schema == null ? null : schema.element();
        return element == null ? Cost.UNKNOWN : new Cost(0, element.mostElements());
    }

    /** What it costs to look at one element of a list. */
    private Cost elementStep(CelExpr list) {
        CelType type = ast.getType(list.id()).orElse(null);
        boolean scalar = type instanceof dev.cel.common.types.ListType listType
                && listType.hasElemType()
                && listType.elemType().kind() != CelKind.STRING
                && listType.elemType().kind() != CelKind.BYTES;
        return scalar ? Cost.ONE : element(list).times(Prices.TEXT_STEP);
    }
}
