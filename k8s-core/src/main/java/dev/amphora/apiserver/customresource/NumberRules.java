package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import dev.amphora.api.FieldError;

/** The rules about numbers: range of the type, multiples, limits. Limits of integers are integers. */
final class NumberRules {
    private static final double EPSILON = 1e-9;
    private static final double LARGEST = 9007199254740991.0;

    private NumberRules() {}

    static void check(JsonNode value, Structural schema, String path, ValueResult result) {
        if (!inRange(value, schema)) {
            String type = schema.type().isEmpty() ? "number" : schema.type();
            String format = schema.format().isEmpty() ? "(default format)" : "with format " + schema.format();
            result.addGeneral("Checked value must be of type %s %s in %s".formatted(type, format, path));
        }
        JsonNode source = schema.source();
        boolean integer = ValueRules.typeOf(value).equals("integer");
        JsonNode shown = integer ? value : ValueRules.number(value.doubleValue());
        if (source.hasNonNull("multipleOf")) {
            multiple(value, source.path("multipleOf"), integer, shown, path, result);
        }
        if (source.hasNonNull("minimum")) {
            JsonNode limit = limit(source.path("minimum"), integer);
            boolean exclusive = source.path("exclusiveMinimum").asBoolean();
            int order = compare(value, limit, integer);
            if (order < 0 || order == 0 && exclusive) {
                result.invalid(path, shown, "should be greater than " + (exclusive ? "" : "or equal to ") + limit);
            }
        }
        if (source.hasNonNull("maximum")) {
            JsonNode limit = limit(source.path("maximum"), integer);
            boolean exclusive = source.path("exclusiveMaximum").asBoolean();
            int order = compare(value, limit, integer);
            if (order > 0 || order == 0 && exclusive) {
                result.invalid(path, shown, "should be less than " + (exclusive ? "" : "or equal to ") + limit);
            }
        }
    }

    private static JsonNode limit(JsonNode limit, boolean integer) {
        return integer ? LongNode.valueOf(limit.longValue()) : ValueRules.number(limit.doubleValue());
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
                            + (integer
                                    ? LongNode.valueOf(factor.longValue())
                                    : ValueRules.number(factor.doubleValue())));
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
