package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Values as they stand in the reference's messages: {@code map[a:1 b:[x y]]}. */
public final class GoText {
    private GoText() {}

    /** A value as text. */
    public static String of(JsonNode value) {
        if (value.isObject()) {
            TreeSet<String> names = new TreeSet<>();
            value.fieldNames().forEachRemaining(names::add);
            return names.stream()
                    .map(name -> name + ":" + of(value.path(name)))
                    .collect(Collectors.joining(" ", "map[", "]"));
        }
        if (value.isArray()) {
            List<String> elements = new ArrayList<>();
            value.forEach(element -> elements.add(of(element)));
            return elements.stream().collect(Collectors.joining(" ", "[", "]"));
        }
        if (value.isFloatingPointNumber()) {
            return number(value.doubleValue());
        }
        return value.isNull() ? "<nil>" : value.asText();
    }

    /** The shortest form, without a point if it is whole, with an exponent if it is long. */
    private static String number(double value) {
        double size = Math.abs(value);
        BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (size == 0 || (size >= 1e-4 && size < 1e21)) {
            return size == 0 ? "0" : exact.toPlainString();
        }
        String digits = exact.unscaledValue().abs().toString();
        int exponent = exact.precision() - exact.scale() - 1;
        return "%s%s%se%s%02d"
                .formatted(
                        value < 0 ? "-" : "",
                        digits.charAt(0),
                        digits.length() > 1 ? "." + digits.substring(1) : "",
                        exponent < 0 ? "-" : "+",
                        Math.abs(exponent));
    }

    /** The type of a value as text. */
    public static String typeOf(@Nullable JsonNode value) {
        if (value == null || value.isNull()) {
            return "%!s(<nil>)";
        }
        if (value.isObject()) {
            return "map[string]interface {}";
        }
        if (value.isArray()) {
            return "[]interface {}";
        }
        if (value.isTextual()) {
            return "string";
        }
        if (value.isBoolean()) {
            return "bool";
        }
        return value.isIntegralNumber() ? "int64" : "float64";
    }
}
