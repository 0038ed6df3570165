package dev.amphora.apiserver.schema;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Amounts with a unit, as they are written. The reference keeps some spellings ({@code 1e3}, {@code 01}) and rewrites others
 * ({@code 1000m}, {@code 0.5Gi}); which ones is part of what clients see.
 */
public final class Quantities {
    private static final Pattern FORM =
            Pattern.compile("([+-]?)([0-9]*)(?:\\.([0-9]*))?((?:[eE][-+]?[0-9]+)|[eEinumkKMGTP]*)");
    private static final String DECIMAL = "numkMGTPE";
    private static final String BINARY = "KMGTPE";
    private static final BigDecimal MAX_BINARY =
            new BigDecimal(BigInteger.ONE.shiftLeft(63).subtract(BigInteger.ONE));
    private static final int NANO = -9;
    private static final AtomicReferenceArray<@Nullable Read> RECENT = new AtomicReferenceArray<>(256);

    private enum Format {
        DECIMAL,
        BINARY,
        EXPONENT
    }

    private final BigDecimal value;
    private final Format format;
    /** The spelling that is kept; null if the amount is rewritten. */
    private final @Nullable String written;
    /** The power of ten that the amount was read with, if it was read exactly. */
    private final int scale;

    private Quantities(BigDecimal value, Format format, @Nullable String written, int scale) {
        this.value = value;
        this.format = format;
        this.written = written;
        this.scale = scale;
    }

    /**
     * How an amount is stored.
     *
     * @throws DecodeException if the text is no amount
     */
    public static String normalize(String text) {
        return parse(text.strip()).text();
    }

    /**
     * How an amount of a resource is stored: rounded up to a thousandth.
     *
     * @throws DecodeException if the text is no amount
     */
    public static String roundUpToMilli(String text) {
        Quantities quantity = parse(text.strip());
        if (quantity.scale >= -3) {
            return quantity.text();
        }
        BigDecimal rounded = quantity.value.setScale(3, RoundingMode.UP);
        return new Quantities(rounded, quantity.format, null, -3).text();
    }

    /**
     * The number that an amount is.
     *
     * @throws DecodeException if the text is no amount
     */
    public static BigDecimal valueOf(String text) {
        return parse(text.strip()).value;
    }

    /** The few amounts that come again and again are read once. */
    private static Quantities parse(String text) {
        int hash = text.hashCode();
        int place = (hash ^ hash >>> 16) & RECENT.length() - 1;
        Read read = RECENT.getPlain(place);
        if (read == null || !read.text.equals(text)) {
            read = new Read(text, read(text));
            RECENT.setPlain(place, read);
        }
        return read.amount;
    }

    private record Read(String text, Quantities amount) {}

    private static Quantities read(String text) {
        Matcher matcher = FORM.matcher(text);
        if (text.isEmpty() || !matcher.matches()) {
            throw new DecodeException(
                    "quantities must match the regular expression " + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        }
        if (text.equals("0")) {
            return new Quantities(BigDecimal.ZERO, Format.DECIMAL, text, 0);
        }
        boolean negative = matcher.group(1).equals("-");
        String whole = trimZeros(matcher.group(2));
        String fraction = matcher.group(3) == null ? "" : matcher.group(3);
        String suffix = matcher.group(4);
        Format format = format(suffix);
        // Anything below is as good as the least amount there is, and costs nothing to work with.
        int exponent = Math.max(exponent(suffix, format), -(whole.length() + fraction.length() + 20));
        BigInteger digits = new BigInteger(whole + fraction);
        BigDecimal amount = format == Format.BINARY
                ? new BigDecimal(digits, fraction.length()).multiply(new BigDecimal(BigInteger.ONE.shiftLeft(exponent)))
                : new BigDecimal(digits, fraction.length() - exponent);
        boolean exact = format == Format.BINARY
                ? fraction.isEmpty()
                        && 15 - whole.length() - (int) (exponent * 3 / 10.0) - 1 >= 0
                        && amount.compareTo(MAX_BINARY) <= 0
                : 18 - whole.length() - fraction.length() >= 0 && exponent - fraction.length() >= NANO;
        if (exact) {
            int scale = format == Format.BINARY ? 0 : exponent - fraction.length();
            boolean kept = format == Format.BINARY
                    ? exponent % 10 == 0 && (digits.longValue() & 7) != 0
                    : scale % 3 == 0 && !(whole + fraction).endsWith("000") && !(whole + fraction).startsWith("0");
            return new Quantities(negative ? amount.negate() : amount, format, kept ? text : null, scale);
        }
        if (matcher.group(2).isEmpty() && fraction.isEmpty()) {
            throw new DecodeException("unable to parse numeric part of quantity");
        }
        if (amount.scale() > -NANO) {
            amount = amount.setScale(-NANO, RoundingMode.UP);
        }
        if (format == Format.BINARY) {
            amount = amount.min(MAX_BINARY);
            if (amount.signum() > 0 && amount.compareTo(BigDecimal.ONE) < 0) {
                format = Format.DECIMAL;
            }
        }
        return new Quantities(negative ? amount.negate() : amount, format, null, -amount.scale());
    }

    private static String trimZeros(String digits) {
        int start = 0;
        while (start < digits.length() && digits.charAt(start) == '0') {
            start++;
        }
        return start == digits.length() ? "0" : digits.substring(start);
    }

    private static Format format(String suffix) {
        if (suffix.length() == 2 && suffix.charAt(1) == 'i') {
            return Format.BINARY;
        }
        boolean exponent = suffix.length() > 1 && (suffix.charAt(0) == 'e' || suffix.charAt(0) == 'E');
        return exponent ? Format.EXPONENT : Format.DECIMAL;
    }

    private static int exponent(String suffix, Format format) {
        try {
            if (suffix.isEmpty()) {
                return 0;
            }
            if (format == Format.EXPONENT) {
                return Integer.parseInt(suffix.substring(1));
            }
        } catch (NumberFormatException e) {
            throw badSuffix();
        }
        int unit = format == Format.BINARY ? BINARY.indexOf(suffix.charAt(0)) : DECIMAL.indexOf(suffix.charAt(0));
        if (unit < 0 || format == Format.DECIMAL && suffix.length() > 1) {
            throw badSuffix();
        }
        if (format == Format.BINARY) {
            return (unit + 1) * 10;
        }
        return unit < 3 ? (unit - 3) * 3 : (unit - 2) * 3;
    }

    private static DecodeException badSuffix() {
        return new DecodeException("unable to parse quantity's suffix");
    }

    private String text() {
        if (written != null) {
            return written;
        }
        if (value.signum() == 0) {
            return "0";
        }
        boolean whole = value.stripTrailingZeros().scale() <= 0;
        boolean small = value.abs().compareTo(BigDecimal.valueOf(1024)) < 0;
        return format == Format.BINARY && whole && !small ? binary(value.toBigIntegerExact()) : decimal();
    }

    private static String binary(BigInteger amount) {
        int power = 0;
        BigInteger rest = amount;
        while (rest.signum() != 0 && rest.getLowestSetBit() >= 10 && power < BINARY.length()) {
            rest = rest.shiftRight(10);
            power++;
        }
        return rest + (power == 0 ? "" : BINARY.charAt(power - 1) + "i");
    }

    private String decimal() {
        BigDecimal stripped = value.stripTrailingZeros();
        int exponent = Math.floorDiv(-stripped.scale(), 3) * 3;
        BigInteger number = stripped.scaleByPowerOfTen(-exponent).toBigIntegerExact();
        if (exponent == 0) {
            return number.toString();
        }
        int unit = exponent / 3;
        if (format == Format.EXPONENT || unit < -3 || unit > 6) {
            return number + "e" + exponent;
        }
        return number.toString() + DECIMAL.charAt(unit < 0 ? unit + 3 : unit + 2);
    }
}
