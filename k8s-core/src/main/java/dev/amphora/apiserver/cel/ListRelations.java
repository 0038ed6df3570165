package dev.amphora.apiserver.cel;

import dev.cel.runtime.RuntimeEquality;
import dev.cel.runtime.RuntimeHelpers;
import java.util.List;
import java.util.Map;

/** Equality and sums of lists whose order, or whose elements' keys, count: sets and keyed lists of custom resources. */
final class ListRelations {
    private static final RuntimeEquality PLAIN = RuntimeEquality.create(RuntimeHelpers.create(), Library.OPTIONS);

    private ListRelations() {}

    static void addTo(CelFunctions functions) {
        List<Class<?>> any = List.of(Object.class, Object.class);
        functions.replace("_==_", "equals", any, a -> equal(a[0], a[1]));
        functions.replace("_!=_", "not_equals", any, a -> !equal(a[0], a[1]));
        functions.replace(
                "_+_", "add_orderless_list", List.of(OrderlessList.class, List.class), a -> ((OrderlessList) a[0])
                        .plus((List<?>) a[1]));
        functions.replace(
                "_+_",
                "add_list",
                List.of(List.class, List.class),
                a -> a[0] instanceof OrderlessList list
                        ? list.plus((List<?>) a[1])
                        : concatenated((List<?>) a[0], (List<?>) a[1]));
    }

    static boolean equal(Object one, Object other) {
        if (one instanceof List<?> list && other instanceof List<?> second) {
            if (list.size() != second.size()) {
                return false;
            }
            if (one instanceof OrderlessList || other instanceof OrderlessList) {
                OrderlessList orderless = one instanceof OrderlessList o ? o : (OrderlessList) other;
                return orderless.sameElements(one == orderless ? second : list);
            }
            for (int i = 0; i < list.size(); i++) {
                if (!equal(list.get(i), second.get(i))) {
                    return false;
                }
            }
            return true;
        }
        if (one instanceof SchemaObject object && other instanceof SchemaObject second) {
            return equal(object.fields(), second.fields());
        }
        if (one instanceof SchemaObject object && other instanceof Map) {
            return equal(object.fields(), other);
        }
        if (one instanceof Map && other instanceof SchemaObject object) {
            return equal(one, object.fields());
        }
        if (one instanceof Map<?, ?> map && other instanceof Map<?, ?> second) {
            return map.size() == second.size()
                    && map.entrySet().stream().allMatch(each -> PLAIN.findInMap(second, each.getKey())
                            .filter(value -> equal(each.getValue(), value))
                            .isPresent());
        }
        return PLAIN.objectEquals(one, other);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static List<?> concatenated(List one, List other) {
        return RuntimeHelpers.concat(one, other);
    }
}
