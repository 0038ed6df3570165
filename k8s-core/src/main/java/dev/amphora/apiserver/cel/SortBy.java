package dev.amphora.apiserver.cel;

import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.ExprKind;
import dev.cel.common.types.ListType;
import dev.cel.common.types.TypeParamType;
import dev.cel.parser.CelMacro;
import dev.cel.parser.CelMacroExprFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The macro {@code list.sortBy(x, key)}: elements in the order of their keys. Its list has the elements' type, not the keys'. */
final class SortBy {
    static final CelMacro MACRO =
            CelMacro.newReceiverMacro("sortBy", 2, (factory, list, arguments) -> expand(factory, list, arguments));

    private static final String FUNCTION = "lists.@sortByKeys";
    private static final TypeParamType T = TypeParamType.create("T");
    private static final TypeParamType K = TypeParamType.create("K");

    private SortBy() {}

    private static Optional<CelExpr> expand(CelMacroExprFactory factory, CelExpr list, List<CelExpr> arguments) {
        CelExpr variable = arguments.get(0);
        if (variable.getKind() != ExprKind.Kind.IDENT) {
            return Optional.of(
                    factory.reportError("sortBy can only be applied to a list, identifier, and key expression"));
        }
        String sum = factory.getAccumulatorVarName();
        CelExpr keys = factory.fold(
                variable.ident().name(),
                factory.copy(list),
                sum,
                factory.newList(),
                factory.newBoolLiteral(true),
                factory.newGlobalCall("_+_", factory.newIdentifier(sum), factory.newList(arguments.get(1))),
                factory.newIdentifier(sum));
        return Optional.of(factory.newGlobalCall(FUNCTION, list, keys));
    }

    static void addTo(CelFunctions functions) {
        functions.global(
                FUNCTION,
                "list_sort_by_keys",
                ListType.create(T),
                List.of(ListType.create(T), ListType.create(K)),
                List.of(List.class, List.class),
                a -> sorted((List<?>) a[0], (List<?>) a[1]));
    }

    private static List<Object> sorted(List<?> list, List<?> keys) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            places.add(i);
        }
        places.sort((one, other) -> ListFunctions.compare(keys.get(one), keys.get(other)));
        List<Object> sorted = new ArrayList<>();
        places.forEach(place -> sorted.add(list.get(place)));
        return sorted;
    }
}
