package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.UnsignedLong;
import dev.cel.common.types.CelType;
import dev.cel.common.values.CelByteString;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** How the language writes names and values. */
final class CelNames {
    private static final Set<String> RESERVED = ImmutableSet.of(
            "true",
            "false",
            "null",
            "in",
            "as",
            "break",
            "const",
            "continue",
            "else",
            "for",
            "function",
            "if",
            "import",
            "let",
            "loop",
            "package",
            "namespace",
            "return",
            "var",
            "void",
            "while");
    private static final Pattern PROPERTY = Pattern.compile("[a-zA-Z_./-][a-zA-Z0-9_./-]*");

    private static final int LONGEST_PLAIN = 6;

    private CelNames() {}

    /** A value of a type of the API's own, which writes itself. */
    interface Written {}

    /** The name by which an expression reads a field; empty if it cannot. */
    static String escape(String name) {
        if (!PROPERTY.matcher(name).matches()) {
            return "";
        }
        if (RESERVED.contains(name)) {
            return "__" + name + "__";
        }
        return name.replace("__", "__underscores__")
                .replace(".", "__dot__")
                .replace("-", "__dash__")
                .replace("/", "__slash__");
    }

    /** The name of the field that an expression calls so. */
    static String unescape(String name) {
        if (name.length() > 4
                && name.startsWith("__")
                && name.endsWith("__")
                && RESERVED.contains(name.substring(2, name.length() - 2))) {
            return name.substring(2, name.length() - 2);
        }
        return name.replace("__dot__", ".")
                .replace("__dash__", "-")
                .replace("__slash__", "/")
                .replace("__underscores__", "__");
    }

    static boolean isReserved(String name) {
        return RESERVED.contains(name);
    }

    /** A number as the language turns it into text: with an exponent if it is long or short. */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = exact.precision() - exact.scale() - 1;
        if (exponent < -4 || exponent >= LONGEST_PLAIN) {
            String digits = exact.unscaledValue().abs().toString();
            String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
            return (value < 0 ? "-" : "") + digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+")
                    + "%02d".formatted(Math.abs(exponent));
        }
        return exact.toPlainString();
    }

    /** A duration as the language turns it into text: in seconds. */
    static String duration(Duration value) {
        BigDecimal seconds = BigDecimal.valueOf(value.getSeconds()).add(BigDecimal.valueOf(value.getNano(), 9));
        return seconds.stripTrailingZeros().toPlainString() + "s";
    }

    /** A time as the reference writes it: in UTC, its fraction without zeros at the end. */
    static String time(Instant value) {
        String text = value.toString();
        int point = text.indexOf('.');
        return point < 0 ? text : text.substring(0, text.length() - 1).replaceFirst("0+$", "") + "Z";
    }

    /** The name of a type without what it is made of. */
    static String typeName(CelType type) {
        return switch (type.kind()) {
            case LIST -> "list";
            case MAP -> "map";
            case NULL_TYPE -> "null_type";
            default -> type.name();
        };
    }

    /** The name of a value's type. */
    static String typeOf(Object value) {
        if (value instanceof String) {
            return "string";
        }
        if (value instanceof Long) {
            return "int";
        }
        if (value instanceof UnsignedLong) {
            return "uint";
        }
        if (value instanceof Double) {
            return "double";
        }
        if (value instanceof Boolean) {
            return "bool";
        }
        if (value instanceof CelByteString) {
            return "bytes";
        }
        if (value instanceof Instant) {
            return "google.protobuf.Timestamp";
        }
        if (value instanceof Duration) {
            return "google.protobuf.Duration";
        }
        return value instanceof List ? "list" : value instanceof Map ? "map" : "null_type";
    }
}
