package dev.amphora.apiserver.cel;

import com.google.common.primitives.UnsignedLong;
import dev.cel.common.values.CelByteString;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes values into texts: {@code '%s is %d'.format(['x', 5])}. */
final class TextFormat {
    private static final String SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    private TextFormat() {}

    static String format(String text, List<?> arguments) {
        StringBuilder result = new StringBuilder();
        int next = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '%') {
                result.append(c);
                continue;
            }
            i++;
            if (i >= text.length()) {
                throw new CelProblem("unexpected end of string");
            }
            if (text.charAt(i) == '%') {
                result.append('%');
                continue;
            }
            int precision = 6;
            if (text.charAt(i) == '.') {
                int end = i + 1;
                while (end < text.length() && Character.isDigit(text.charAt(end))) {
                    end++;
                }
                if (end >= text.length() || end == i + 1) {
                    throw new CelProblem("could not parse formatting clause");
                }
                precision = Integer.parseInt(text.substring(i + 1, end));
                i = end;
            }
            if (next >= arguments.size()) {
                throw new CelProblem("index %d out of range".formatted(next));
            }
            result.append(clause(text.charAt(i), precision, arguments.get(next++)));
        }
        return result.toString();
    }

    private static String clause(char verb, int precision, Object value) {
        return switch (verb) {
            case 's' -> text(value);
            case 'd' -> decimal(value);
            case 'f' -> fixed(value, precision);
            case 'e' -> scientific(value, precision);
            case 'b' -> value instanceof Boolean flag ? (flag ? "1" : "0") : integer(value, 2, "binary");
            case 'o' -> integer(value, 8, "octal");
            case 'x' -> hexadecimal(value);
            case 'X' -> hexadecimal(value).toUpperCase(Locale.ROOT);
            default -> throw new CelProblem("unrecognized formatting clause \"%s\"".formatted(verb));
        };
    }

    private static String decimal(Object value) {
        if (value instanceof Long || value instanceof UnsignedLong) {
            return value.toString();
        }
        if (value instanceof Double number && (number.isNaN() || number.isInfinite())) {
            return number.isNaN() ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
        }
        throw wrong("decimal clause can only be used on integers", value);
    }

    private static String fixed(Object value, int precision) {
        if (!(value instanceof Double number)) {
            throw wrong("fixed-point clause can only be used on doubles", value);
        }
        return number.isNaN() || number.isInfinite()
                ? decimal(number)
                : new BigDecimal(number)
                        .setScale(precision, RoundingMode.HALF_EVEN)
                        .toPlainString();
    }

    private static String scientific(Object value, int precision) {
        if (!(value instanceof Double number)) {
            throw wrong("scientific clause can only be used on doubles", value);
        }
        if (number.isNaN() || number.isInfinite()) {
            return decimal(number);
        }
        BigDecimal exact = new BigDecimal(number);
        if (exact.signum() == 0) {
            return BigDecimal.ZERO.setScale(precision).toPlainString() + "×10⁰⁰";
        }
        BigDecimal rounded = exact.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
        int exponent = rounded.precision() - rounded.scale() - 1;
        StringBuilder power = new StringBuilder(exponent < 0 ? "⁻" : "");
        for (char digit : "%02d".formatted(Math.abs(exponent)).toCharArray()) {
            power.append(SUPERSCRIPTS.charAt(digit - '0'));
        }
        return rounded.movePointLeft(exponent)
                        .setScale(precision, RoundingMode.HALF_EVEN)
                        .toPlainString()
                + "×10" + power;
    }

    private static String integer(Object value, int radix, String name) {
        if (value instanceof Long number) {
            return Long.toString(number, radix);
        }
        if (value instanceof UnsignedLong number) {
            return number.toString(radix);
        }
        throw wrong(name + " clause can only be used on integers" + (radix == 2 ? " and bools" : ""), value);
    }

    private static String hexadecimal(Object value) {
        byte[] bytes = null;
        if (value instanceof String text) {
            bytes = text.getBytes(StandardCharsets.UTF_8);
        } else if (value instanceof CelByteString raw) {
            bytes = raw.toByteArray();
        }
        if (bytes == null) {
            if (!(value instanceof Long) && !(value instanceof UnsignedLong)) {
                throw wrong("only integers, byte buffers, and strings can be formatted as hex", value);
            }
            return integer(value, 16, "hex");
        }
        StringBuilder hex = new StringBuilder();
        for (byte each : bytes) {
            hex.append("%02x".formatted(each));
        }
        return hex.toString();
    }

    private static CelProblem wrong(String what, Object value) {
        return new CelProblem("error during formatting: %s, was given %s".formatted(what, CelNames.typeOf(value)));
    }

    /** A value as {@code %s} shows it. */
    static String text(Object value) {
        if (value instanceof String
                || value instanceof Boolean
                || value instanceof Long
                || value instanceof UnsignedLong) {
            return value.toString();
        }
        if (value instanceof Double number) {
            return CelNames.number(number);
        }
        if (value instanceof CelByteString bytes) {
            return bytes.toStringUtf8();
        }
        if (value instanceof Duration duration) {
            return CelNames.duration(duration);
        }
        if (value instanceof Instant || value instanceof CelNames.Written) {
            return value.toString();
        }
        if (value instanceof List<?> list) {
            return list.stream().map(TextFormat::inner).collect(Collectors.joining(", ", "[", "]"));
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, String> sorted = new TreeMap<>();
            map.forEach((key, each) -> sorted.put(inner(key), inner(each)));
            return sorted.entrySet().stream()
                    .map(each -> each.getKey() + ":" + each.getValue())
                    .collect(Collectors.joining(", ", "{", "}"));
        }
        return CelNames.typeOf(value).equals("null_type") ? "null" : String.valueOf(value);
    }

    private static String inner(Object value) {
        return value instanceof String text ? "\"" + text + "\"" : text(value);
    }
}
