package dev.amphora.apiserver.cel;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.cel.common.types.CelType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Amounts with units, and versions. */
final class AmountFunctions {
    static final CelType QUANTITY = OpaqueType.create("kubernetes.Quantity");
    static final CelType SEMVER = OpaqueType.create("kubernetes.Semver");

    private static final Pattern AMOUNT =
            Pattern.compile("([+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+))([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?");
    private static final String UNITS = "kMGTPE";
    private static final Pattern VERSION = Pattern.compile("(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)"
            + "(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?");

    private AmountFunctions() {}

    /** An amount; equal to another of the same size. */
    record Quantity(BigDecimal amount) implements CelNames.Written, Comparable<Quantity> {
        static Quantity of(BigDecimal amount) {
            return new Quantity(amount.signum() == 0 ? BigDecimal.ZERO : amount.stripTrailingZeros());
        }

        static @Nullable Quantity find(String text) {
            Matcher matcher = AMOUNT.matcher(text);
            if (!matcher.matches()) {
                return null;
            }
            BigDecimal number = new BigDecimal(
                    matcher.group(1).endsWith(".")
                            ? matcher.group(1).substring(0, matcher.group(1).length() - 1)
                            : matcher.group(1));
            String unit = matcher.group(2) == null ? "" : matcher.group(2);
            if (unit.isEmpty()) {
                return of(number);
            }
            if (unit.endsWith("i")) {
                int power = "KMGTPE".indexOf(unit.charAt(0)) + 1;
                return of(number.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(10 * power))));
            }
            if (unit.length() > 1) {
                int power = Integer.parseInt(unit.substring(1).replace("+", ""));
                return Math.abs(power) > 100 ? null : of(number.scaleByPowerOfTen(power));
            }
            int small = "num".indexOf(unit);
            return of(number.scaleByPowerOfTen(small >= 0 ? -9 + 3 * small : 3 * (UNITS.indexOf(unit) + 1)));
        }

        static Quantity parse(String text) {
            Quantity found = find(text);
            if (found == null) {
                throw new CelProblem(
                        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
            }
            return found;
        }

        boolean isInteger() {
            return amount.scale() <= 0 && amount.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0;
        }

        @Override
        public int compareTo(Quantity other) {
            return amount.compareTo(other.amount);
        }

        @Override
        public String toString() {
            return amount.toPlainString();
        }
    }

    /** A version of three numbers and what comes before a release. */
    record Semver(long major, long minor, long patch, String pre, String build)
            implements CelNames.Written, Comparable<Semver> {
        static @Nullable Semver find(String text) {
            Matcher matcher = VERSION.matcher(text);
            if (!matcher.matches()) {
                return null;
            }
            String pre = matcher.group(4) == null ? "" : matcher.group(4);
            for (String part : pre.split("\\.", -1)) {
                if (part.matches("0[0-9]+")) {
                    return null;
                }
            }
            return new Semver(
                    Long.parseLong(matcher.group(1)),
                    Long.parseLong(matcher.group(2)),
                    Long.parseLong(matcher.group(3)),
                    pre,
                    matcher.group(5) == null ? "" : matcher.group(5));
        }

        static Semver parse(String text) {
            Semver found = find(text);
            if (found == null) {
                int parts = text.split("\\.", -1).length;
                throw new CelProblem(
                        parts < 3
                                ? "No Major.Minor.Patch elements found"
                                : "Invalid character(s) found in \"" + text + "\"");
            }
            return found;
        }

        static String normalize(String text) {
            String plain = text.startsWith("v") ? text.substring(1) : text;
            int end = plain.length();
            for (char mark : new char[] {'-', '+'}) {
                int at = plain.indexOf(mark);
                end = at >= 0 && at < end ? at : end;
            }
            StringBuilder core = new StringBuilder();
            String[] numbers = plain.substring(0, end).split("\\.", -1);
            for (int i = 0; i < Math.max(3, numbers.length); i++) {
                String number = i < numbers.length ? numbers[i].replaceFirst("^0+(?=[0-9])", "") : "0";
                core.append(i == 0 ? "" : ".").append(number);
            }
            return core + plain.substring(end);
        }

        @Override
        public int compareTo(Semver other) {
            int order = Long.compare(major, other.major);
            order = order != 0 ? order : Long.compare(minor, other.minor);
            order = order != 0 ? order : Long.compare(patch, other.patch);
            if (order != 0 || pre.equals(other.pre)) {
                return order;
            }
            if (pre.isEmpty() || other.pre.isEmpty()) {
                return pre.isEmpty() ? 1 : -1;
            }
            String[] mine = pre.split("\\.", -1);
            String[] theirs = other.pre.split("\\.", -1);
            for (int i = 0; i < Math.min(mine.length, theirs.length); i++) {
                int each = part(mine[i], theirs[i]);
                if (each != 0) {
                    return each;
                }
            }
            return Integer.compare(mine.length, theirs.length);
        }

        private static int part(String one, String other) {
            boolean number = one.matches("[0-9]+");
            boolean otherNumber = other.matches("[0-9]+");
            if (number && otherNumber) {
                return new BigInteger(one).compareTo(new BigInteger(other));
            }
            return number == otherNumber ? Integer.signum(one.compareTo(other)) : number ? -1 : 1;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Semver semver && compareTo(semver) == 0;
        }

        @Override
        public int hashCode() {
            return Long.hashCode(major * 31 + minor * 7 + patch);
        }

        @Override
        public String toString() {
            return major + "." + minor + "." + patch + (pre.isEmpty() ? "" : "-" + pre)
                    + (build.isEmpty() ? "" : "+" + build);
        }
    }

    static void addTo(CelFunctions functions) {
        quantities(functions);
        versions(functions);
    }

    private static void quantities(CelFunctions functions) {
        List<CelType> text = List.of(SimpleType.STRING);
        List<Class<?>> textClass = List.of(String.class);
        List<CelType> one = List.of(QUANTITY);
        List<Class<?>> oneClass = List.of(Quantity.class);
        List<CelType> two = List.of(QUANTITY, QUANTITY);
        List<Class<?>> twoClass = List.of(Quantity.class, Quantity.class);
        functions.global(
                "quantity", "string_to_quantity", QUANTITY, text, textClass, a -> Quantity.parse((String) a[0]));
        functions.global(
                "isQuantity",
                "is_quantity_string",
                SimpleType.BOOL,
                text,
                textClass,
                a -> Quantity.find((String) a[0]) != null);
        functions.member(
                "isGreaterThan", "quantity_is_greater_than", SimpleType.BOOL, two, twoClass, a -> order(a) > 0);
        functions.member("isLessThan", "quantity_is_less_than", SimpleType.BOOL, two, twoClass, a -> order(a) < 0);
        functions.member("compareTo", "quantity_compare_to", SimpleType.INT, two, twoClass, a -> (long) order(a));
        functions.member(
                "asApproximateFloat", "quantity_get_float", SimpleType.DOUBLE, one, oneClass, a -> ((Quantity) a[0])
                        .amount()
                        .doubleValue());
        functions.member(
                "isInteger", "quantity_is_integer", SimpleType.BOOL, one, oneClass, a -> ((Quantity) a[0]).isInteger());
        functions.member("asInteger", "quantity_get_int", SimpleType.INT, one, oneClass, a -> {
            if (!((Quantity) a[0]).isInteger()) {
                throw new CelProblem("cannot convert value to integer");
            }
            return ((Quantity) a[0]).amount().longValueExact();
        });
        functions.global("sign", "quantity_sign", SimpleType.INT, List.of(QUANTITY), List.of(Quantity.class), a ->
                (long) ((Quantity) a[0]).amount().signum());
        for (String name : List.of("add", "sub")) {
            int sign = name.equals("add") ? 1 : -1;
            functions.member(
                    name,
                    "quantity_" + name,
                    QUANTITY,
                    two,
                    twoClass,
                    a -> plus((Quantity) a[0], ((Quantity) a[1]).amount(), sign));
            functions.member(
                    name,
                    "quantity_" + name + "_int",
                    QUANTITY,
                    List.of(QUANTITY, SimpleType.INT),
                    List.of(Quantity.class, Long.class),
                    a -> plus((Quantity) a[0], BigDecimal.valueOf((Long) a[1]), sign));
        }
    }

    private static Quantity plus(Quantity one, BigDecimal other, int sign) {
        return Quantity.of(sign > 0 ? one.amount().add(other) : one.amount().subtract(other));
    }

    private static int order(Object[] two) {
        return ((Quantity) two[0]).compareTo((Quantity) two[1]);
    }

    private static void versions(CelFunctions functions) {
        List<CelType> text = List.of(SimpleType.STRING);
        List<Class<?>> textClass = List.of(String.class);
        List<CelType> textAndFlag = List.of(SimpleType.STRING, SimpleType.BOOL);
        List<Class<?>> textAndFlagClass = List.of(String.class, Boolean.class);
        List<CelType> one = List.of(SEMVER);
        List<Class<?>> oneClass = List.of(Semver.class);
        List<CelType> two = List.of(SEMVER, SEMVER);
        List<Class<?>> twoClass = List.of(Semver.class, Semver.class);
        functions.global("semver", "string_to_semver", SEMVER, text, textClass, a -> Semver.parse((String) a[0]));
        functions.global(
                "semver", "string_bool_to_semver", SEMVER, textAndFlag, textAndFlagClass, a -> Semver.parse(normal(a)));
        functions.global(
                "isSemver",
                "is_semver_string",
                SimpleType.BOOL,
                text,
                textClass,
                a -> Semver.find((String) a[0]) != null);
        functions.global(
                "isSemver",
                "is_semver_string_bool",
                SimpleType.BOOL,
                textAndFlag,
                textAndFlagClass,
                a -> Semver.find(normal(a)) != null);
        functions.member(
                "isGreaterThan", "semver_is_greater_than", SimpleType.BOOL, two, twoClass, a -> versionOrder(a) > 0);
        functions.member("isLessThan", "semver_is_less_than", SimpleType.BOOL, two, twoClass, a -> versionOrder(a) < 0);
        functions.member("compareTo", "semver_compare_to", SimpleType.INT, two, twoClass, a -> (long) versionOrder(a));
        functions.member("major", "semver_major", SimpleType.INT, one, oneClass, a -> ((Semver) a[0]).major());
        functions.member("minor", "semver_minor", SimpleType.INT, one, oneClass, a -> ((Semver) a[0]).minor());
        functions.member("patch", "semver_patch", SimpleType.INT, one, oneClass, a -> ((Semver) a[0]).patch());
    }

    private static String normal(Object[] arguments) {
        String text = (String) arguments[0];
        return (Boolean) arguments[1] ? Semver.normalize(text) : text;
    }

    private static int versionOrder(Object[] two) {
        return Integer.signum(((Semver) two[0]).compareTo((Semver) two[1]));
    }
}
