package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import dev.amphora.api.FieldError;
import java.math.BigDecimal;

/** The rules about numbers: range of the type, multiples, limits. Limits of integers are integers. */
final class NumberRules {
    private static final double EPSILON = 1e-9;
    private static final double LARGEST = 9007199254740991.0;
    private static final int LONGEST_PLAIN = 6;

    private NumberRules() {}

    static void check(JsonNode value, Structural schema, String path, ValueResult result) {
        inRange(value, schema, "Checked", path, result);
        JsonNode source = schema.source();
        boolean integer = ValueRules.typeOf(value).equals("integer");
        JsonNode shown = integer ? value : ValueRules.number(value.doubleValue());
        if (source.hasNonNull("multipleOf")) {
            JsonNode factor = source.path("multipleOf");
            boolean exact = inRange(factor, schema, "MultipleOf", path, result) && integer;
            multiple(value, factor, exact, shown, path, result);
        }
        if (source.hasNonNull("minimum")) {
            boolean exact = inRange(source.path("minimum"), schema, "Minimum boundary", path, result) && integer;
            JsonNode limit = limit(source.path("minimum"), exact);
            boolean exclusive = source.path("exclusiveMinimum").asBoolean();
            int order = compare(value, limit, exact);
            if (order < 0 || order == 0 && exclusive) {
                result.invalid(
                        path, shown, "should be greater than " + (exclusive ? "" : "or equal to ") + text(limit));
            }
        }
        if (source.hasNonNull("maximum")) {
            boolean exact = inRange(source.path("maximum"), schema, "Maximum boundary", path, result) && integer;
            JsonNode limit = limit(source.path("maximum"), exact);
            boolean exclusive = source.path("exclusiveMaximum").asBoolean();
            int order = compare(value, limit, exact);
            if (order > 0 || order == 0 && exclusive) {
                result.invalid(path, shown, "should be less than " + (exclusive ? "" : "or equal to ") + text(limit));
            }
        }
    }

    /** Whether a value, or a limit for it, is of the type that the schema has; what is not is then compared as any number. */
    private static boolean inRange(JsonNode value, Structural schema, String what, String path, ValueResult result) {
        boolean inRange = inRange(value, schema);
        if (!inRange) {
            String type = schema.type().isEmpty() ? "number" : schema.type();
            String format = schema.format().isEmpty() ? "(default format)" : "with format " + schema.format();
            result.addGeneral("%s value must be of type %s %s in %s".formatted(what, type, format, path));
        }
        return inRange;
    }

    /** A limit as messages have it: with an exponent if it was compared as a number and is large or small. */
    private static String text(JsonNode number) {
        double value = number.doubleValue();
        boolean plain = number.isIntegralNumber() && !number.isBigInteger() || value == 0;
        int exponent = value == 0 ? 0 : exponent(value);
        if (plain || exponent >= -4 && exponent < LONGEST_PLAIN) {
            return new BigDecimal(number.asText()).stripTrailingZeros().toPlainString();
        }
        BigDecimal exact = BigDecimal.valueOf(value).stripTrailingZeros();
        String digits = exact.unscaledValue().abs().toString();
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        String sign = value < 0 ? "-" : "";
        return sign + digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + "%02d".formatted(Math.abs(exponent));
    }

    private static int exponent(double value) {
        BigDecimal exact = BigDecimal.valueOf(value).stripTrailingZeros();
        return exact.precision() - exact.scale() - 1;
    }

    private static JsonNode limit(JsonNode limit, boolean integer) {
        return integer ? LongNode.valueOf(limit.longValue()) : DoubleNode.valueOf(limit.doubleValue());
    }

    private static int compare(JsonNode value, JsonNode limit, boolean integer) {
        return integer
                ? Long.compare(value.longValue(), limit.longValue())
                : Double.compare(value.doubleValue(), limit.doubleValue());
    }

    private static void multiple(
            JsonNode value, JsonNode factor, boolean integer, JsonNode shown, String path, ValueResult result) {
        boolean positive = integer ? factor.longValue() >= 1 : factor.doubleValue() > 0;
        if (!positive) {
            JsonNode zero = integer ? LongNode.valueOf(factor.longValue()) : ValueRules.number(factor.doubleValue());
            result.add(FieldError.invalid(
                    ValueResult.shown(path),
                    zero,
                    "factor MultipleOf declared for %s must be positive: %s".formatted(path, zero)));
            return;
        }
        boolean fits;
        if (integer) {
            fits = value.longValue() % factor.longValue() == 0;
        } else {
            double by = factor.doubleValue();
            fits = isWhole(by < 1 ? 1 / by * value.doubleValue() : value.doubleValue() / by);
        }
        if (!fits) {
            result.invalid(
                    path,
                    shown,
                    "should be a multiple of "
                            + text(
                                    integer
                                            ? LongNode.valueOf(factor.longValue())
                                            : DoubleNode.valueOf(factor.doubleValue())));
        }
    }

    /** Whether a number counts as an integer: up to rounding errors. */
    static boolean isWhole(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value) || Math.abs(value) > LARGEST) {
            return false;
        }
        double truncated = (double) (long) value;
        if (value == truncated) {
            return true;
        }
        double difference = Math.abs(value - truncated);
        if (value == 0 || truncated == 0) {
            return difference < EPSILON * Double.MIN_VALUE;
        }
        return difference / Math.min(Math.abs(value) + Math.abs(truncated), Double.MAX_VALUE) < EPSILON;
    }

    private static boolean inRange(JsonNode value, Structural schema) {
        double number = value.doubleValue();
        boolean integer = ValueRules.typeOf(value).equals("integer");
        switch (schema.type()) {
            case "integer":
                if (!integer && (number != Math.rint(number) || Math.abs(number) >= 0x1p63)) {
                    return false;
                }
                long exact = integer ? value.longValue() : (long) number;
                return switch (schema.format()) {
                    case "int32" -> exact == (int) exact;
                    case "uint32" -> exact >= 0 && exact < 1L << 32;
                    case "uint64" -> exact >= 0;
                    default -> true;
                };
            default:
                return switch (schema.format()) {
                    case "float", "float32" -> Math.abs(number) <= Float.MAX_VALUE;
                    default -> true;
                };
        }
    }
}
