package dev.amphora.apiserver.cel;

import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.TypeParamType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Functions of lists: order, sums, places of elements. */
final class ListFunctions {
    private static final TypeParamType T = TypeParamType.create("T");
    private static final ListType LIST = ListType.create(T);

    private ListFunctions() {}

    static void addTo(CelFunctions functions) {
        for (CelType type : List.of(
                SimpleType.INT,
                SimpleType.UINT,
                SimpleType.DOUBLE,
                SimpleType.BOOL,
                SimpleType.DURATION,
                SimpleType.TIMESTAMP,
                SimpleType.STRING,
                SimpleType.BYTES)) {
            String suffix = "list_" + type.name().replace('.', '_');
            ListType list = ListType.create(type);
            functions.member(
                    "isSorted",
                    suffix + "_is_sorted_bool",
                    SimpleType.BOOL,
                    List.of(list),
                    List.of(List.class),
                    arguments -> isSorted((List<?>) arguments[0]));
            functions.member(
                    "max",
                    suffix + "_max",
                    type,
                    List.of(list),
                    List.of(List.class),
                    arguments -> extreme((List<?>) arguments[0], 1, "max"));
            functions.member(
                    "min",
                    suffix + "_min",
                    type,
                    List.of(list),
                    List.of(List.class),
                    arguments -> extreme((List<?>) arguments[0], -1, "min"));
        }
        for (CelType type : List.of(SimpleType.INT, SimpleType.UINT, SimpleType.DOUBLE, SimpleType.DURATION)) {
            functions.member(
                    "sum",
                    "list_" + type.name().replace('.', '_') + "_sum",
                    type,
                    List.of(ListType.create(type)),
                    List.of(List.class),
                    arguments -> sum((List<?>) arguments[0], type));
        }
        functions.member(
                "indexOf",
                "list_a_index_of_int",
                SimpleType.INT,
                List.of(LIST, T),
                List.of(List.class, Object.class),
                arguments -> (long) ((List<?>) arguments[0]).indexOf(arguments[1]));
        functions.member(
                "lastIndexOf",
                "list_a_last_index_of_int",
                SimpleType.INT,
                List.of(LIST, T),
                List.of(List.class, Object.class),
                arguments -> (long) ((List<?>) arguments[0]).lastIndexOf(arguments[1]));
        functions.member(
                "unwrapOpt",
                "optional_unwrapOpt_list",
                LIST,
                List.of(ListType.create(OptionalType.create(T))),
                List.of(List.class),
                arguments -> ((List<?>) arguments[0])
                        .stream().flatMap(each -> ((Optional<?>) each).stream()).toList());
        functions.member(
                "slice",
                "list_slice",
                LIST,
                List.of(LIST, SimpleType.INT, SimpleType.INT),
                List.of(List.class, Long.class, Long.class),
                arguments -> slice((List<?>) arguments[0], (Long) arguments[1], (Long) arguments[2]));
    }

    /** The numbers below one, if they aren't too many. */
    static List<Long> range(long end) {
        CostMeter.checkLength(end);
        List<Long> numbers = new ArrayList<>();
        for (long i = 0; i < end; i++) {
            numbers.add(i);
        }
        return numbers;
    }

    /** A list with the elements of its lists in their place, so many levels down. */
    static List<Object> flatten(List<?> list, long levels) {
        if (levels < 0) {
            throw new CelProblem("level must be non-negative");
        }
        List<Object> flat = new ArrayList<>();
        for (Object each : list) {
            if (levels > 0 && each instanceof List<?> inner) {
                flat.addAll(flatten(inner, levels - 1));
            } else {
                flat.add(each);
            }
        }
        return flat;
    }

    private static List<?> slice(List<?> list, long start, long end) {
        String what = "cannot slice(%d, %d), ".formatted(start, end);
        if (start < 0 || end < 0) {
            throw new CelProblem(what + "negative indexes not supported");
        }
        if (start > end) {
            throw new CelProblem(what + "start index must be less than or equal to end index");
        }
        if (end > list.size()) {
            throw new CelProblem(what + "list is length " + list.size());
        }
        return new ArrayList<>(list.subList((int) start, (int) end));
    }

    private static boolean isSorted(List<?> list) {
        for (int i = 1; i < list.size(); i++) {
            if (compare(list.get(i - 1), list.get(i)) > 0) {
                return false;
            }
        }
        return true;
    }

    private static Object extreme(List<?> list, int sign, String name) {
        if (list.isEmpty()) {
            throw new CelProblem(name + " called on empty list");
        }
        Object found = list.get(0);
        for (Object each : list) {
            if (compare(each, found) * sign > 0) {
                found = each;
            }
        }
        return found;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static int compare(Object one, Object other) {
        if (!(one instanceof Comparable) || !one.getClass().equals(other.getClass())) {
            throw new CelProblem("list elements must be comparable");
        }
        return ((Comparable) one).compareTo(other);
    }

    private static Object sum(List<?> list, CelType type) {
        if (type.equals(SimpleType.DOUBLE)) {
            return list.stream()
                    .mapToDouble(each -> ((Number) each).doubleValue())
                    .sum();
        }
        if (type.equals(SimpleType.DURATION)) {
            Duration all = Duration.ZERO;
            for (Object each : new ArrayList<>(list)) {
                all = all.plus((Duration) each);
            }
            return all;
        }
        long all = 0;
        for (Object each : list) {
            try {
                all = Math.addExact(all, ((Number) each).longValue());
            } catch (ArithmeticException e) {
                throw new CelProblem("integer overflow");
            }
        }
        return all;
    }
}
