package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.UnsignedLong;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import dev.cel.common.types.TypeType;
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
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes values into texts: {@code '%s is %d'.format(['x', 5])}. */
final class TextFormat {
    private static final String SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    private static final String FAILED = "error during formatting: %s, was given %s";
    private static final ImmutableSet<CelKind> SHOWN = ImmutableSet.of(
            CelKind.STRING,
            CelKind.BOOL,
            CelKind.BYTES,
            CelKind.INT,
            CelKind.UINT,
            CelKind.DOUBLE,
            CelKind.MAP,
            CelKind.LIST,
            CelKind.TYPE,
            CelKind.DURATION,
            CelKind.TIMESTAMP,
            CelKind.NULL_TYPE);
    private static final Map<Character, String> ONLY = Map.of(
            's',
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and"
                    + " timestamps",
            'd',
            "decimal clause can only be used on integers",
            'f',
            "fixed-point clause can only be used on doubles",
            'e',
            "scientific clause can only be used on doubles",
            'b',
            "only integers and bools can be formatted as binary",
            'o',
            "octal clause can only be used on integers",
            'x',
            "only integers, byte buffers, and strings can be formatted as hex",
            'X',
            "only integers, byte buffers, and strings can be formatted as hex");

    private TextFormat() {}

    /** What is wrong with a text, and with which argument; -1 if with none. */
    record Problem(int argument, String text) {}

    /** Something that stands in a text where an argument is to be put, or nothing at its end. */
    private record Gap(String before, char verb, int precision, int end) {}

    static String format(String text, List<?> arguments) {
        StringBuilder result = new StringBuilder();
        int next = 0;
        for (Gap gap = gap(text, 0); ; gap = gap(text, gap.end)) {
            result.append(gap.before);
            if (gap.verb == 0) {
                return result.toString();
            }
            if (next >= arguments.size()) {
                throw new CelProblem("index %d out of range".formatted(next));
            }
            result.append(clause(gap.verb, gap.precision, arguments.get(next++)));
        }
    }

    /** Why a text could never be filled with values of some types. */
    static Optional<Problem> problem(String text, List<CelType> types) {
        int next = 0;
        try {
            for (Gap gap = gap(text, 0); gap.verb != 0; gap = gap(text, gap.end)) {
                if (next >= types.size()) {
                    return Optional.of(new Problem(-1, "index %d out of range".formatted(next)));
                }
                CelType type = types.get(next);
                Optional<String> wrong = mismatch(gap.verb, type);
                if (wrong.isPresent()) {
                    return Optional.of(new Problem(next, FAILED.formatted(wrong.get(), Types.shown(type))));
                }
                next++;
            }
        } catch (CelProblem e) {
            return Optional.of(new Problem(-1, String.valueOf(e.getMessage())));
        }
        return next < types.size()
                ? Optional.of(new Problem(
                        -1,
                        "too many arguments supplied to string.format (expected %d, got %d)"
                                .formatted(next, types.size())))
                : Optional.empty();
    }

    private static Optional<String> mismatch(char verb, CelType type) {
        CelKind kind = type.kind();
        boolean open = kind == CelKind.DYN || kind == CelKind.TYPE_PARAM || kind == CelKind.ANY;
        boolean whole = open || kind == CelKind.INT || kind == CelKind.UINT;
        boolean fits =
                switch (verb) {
                    case 'd' -> whole;
                    case 'f', 'e' -> open || kind == CelKind.DOUBLE;
                    case 'b' -> whole || kind == CelKind.BOOL;
                    case 'o' -> whole;
                    case 'x', 'X' -> whole || kind == CelKind.STRING || kind == CelKind.BYTES;
                    case 's' -> open || SHOWN.contains(kind);
                    default -> throw unknown(verb);
                };
        return fits ? Optional.empty() : Optional.of(ONLY.getOrDefault(verb, ""));
    }

    private static Gap gap(String text, int start) {
        StringBuilder before = new StringBuilder();
        for (int i = start; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '%') {
                before.append(c);
                continue;
            }
            i++;
            if (i >= text.length()) {
                throw new CelProblem("unexpected end of string");
            }
            if (text.charAt(i) == '%') {
                before.append('%');
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
            return new Gap(before.toString(), text.charAt(i), precision, i + 1);
        }
        return new Gap(before.toString(), (char) 0, 0, text.length());
    }

    private static CelProblem unknown(char verb) {
        return new CelProblem("unrecognized formatting clause \"%s\"".formatted(verb));
    }

    private static String clause(char verb, int precision, Object value) {
        return switch (verb) {
            case 's' -> text(value);
            case 'd' -> decimal(value);
            case 'f' -> fixed(value, precision);
            case 'e' -> scientific(value, precision);
            case 'b' ->
                value instanceof Boolean flag ? (flag ? "1" : "0") : integer(value, 2, ONLY.getOrDefault(verb, ""));
            case 'o' -> integer(value, 8, ONLY.getOrDefault(verb, ""));
            case 'x' -> hexadecimal(value);
            case 'X' -> hexadecimal(value).toUpperCase(Locale.ROOT);
            default -> throw unknown(verb);
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

    private static String integer(Object value, int radix, String complaint) {
        if (value instanceof Long number) {
            return Long.toString(number, radix);
        }
        if (value instanceof UnsignedLong number) {
            return number.toString(radix);
        }
        throw wrong(complaint, value);
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
            return integer(value, 16, "");
        }
        StringBuilder hex = new StringBuilder();
        for (byte each : bytes) {
            hex.append("%02x".formatted(each));
        }
        return hex.toString();
    }

    private static CelProblem wrong(String what, Object value) {
        return new CelProblem(FAILED.formatted(what, CelNames.typeOf(value)));
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
        if (value instanceof Instant time) {
            return CelNames.time(time);
        }
        if (value instanceof CelNames.Written) {
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
        if (value instanceof TypeType type) {
            return type.parameters().isEmpty()
                    ? "type"
                    : CelNames.typeName(type.parameters().get(0));
        }
        return CelNames.typeOf(value).equals("null_type") ? "null" : String.valueOf(value);
    }

    /** Inside of lists and maps texts are quoted and numbers have six digits behind the point. */
    private static String inner(Object value) {
        if (value instanceof Double number && !number.isNaN() && !number.isInfinite()) {
            return fixed(number, 6);
        }
        return value instanceof String text ? "\"" + text + "\"" : text(value);
    }
}
