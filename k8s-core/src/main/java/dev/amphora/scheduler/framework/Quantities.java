package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;

/** Quantities as whole numbers, rounded up as the reference does. */
final class Quantities {
    private static final BigDecimal LONG_MAX = BigDecimal.valueOf(Long.MAX_VALUE);
    private static final BigDecimal LONG_MIN = BigDecimal.valueOf(Long.MIN_VALUE);
    private static final int SAFE_DIGITS = 12;
    /** So many digits the reference keeps as a number and a power of ten. */
    private static final int MAX_DECIMAL_DIGITS = 18;

    private Quantities() {}

    /** The value in whole units, such as bytes. */
    static long value(Quantity quantity) {
        return scaled(quantity, 0);
    }

    /** The value in thousandths, such as millicores. */
    static long milliValue(Quantity quantity) {
        return scaled(quantity, 3);
    }

    private static long scaled(Quantity quantity, int decimals) {
        String amount = quantity.getAmount();
        if (amount == null || amount.isEmpty()) {
            return 0;
        }
        String format = quantity.getFormat() == null ? "" : quantity.getFormat();
        if (isPlain(amount)) {
            long whole = Long.parseLong(amount);
            switch (format) {
                case "":
                    return decimals == 3 ? whole * 1000 : whole;
                case "m":
                    return decimals == 3 ? whole : (whole + 999) / 1000;
                case "Ki":
                case "Mi":
                case "Gi":
                    long bytes = whole << (format.charAt(0) == 'K' ? 10 : format.charAt(0) == 'M' ? 20 : 30);
                    if (bytes >> 30 <= 1L << 20) {
                        return decimals == 3 ? bytes * 1000 : bytes;
                    }
                    break;
                default:
                    break;
            }
        }
        return rounded(quantity, format, decimals);
    }

    /** Values beyond 64 bits come out as in the reference: of decimal ones nothing is left, of others what the last 64 bits hold. */
    private static long rounded(Quantity quantity, String format, int decimals) {
        BigDecimal exact = exact(quantity);
        BigDecimal scaled = exact.movePointRight(decimals).setScale(0, RoundingMode.UP);
        boolean fits = scaled.compareTo(LONG_MAX) <= 0 && scaled.compareTo(LONG_MIN) >= 0;
        if (!fits && !format.endsWith("i") && digits(quantity.getAmount()) <= MAX_DECIMAL_DIGITS) {
            return 0;
        }
        return scaled.toBigInteger().longValue();
    }

    private static int digits(String amount) {
        int digits = 0;
        for (int i = 0; i < amount.length(); i++) {
            digits += amount.charAt(i) >= '0' && amount.charAt(i) <= '9' ? 1 : 0;
        }
        return digits;
    }

    /** The value as it is; of those with a binary suffix never more than 64 bits hold. */
    static BigDecimal exact(Quantity quantity) {
        if (quantity.getAmount() == null || quantity.getAmount().isEmpty()) {
            return BigDecimal.ZERO;
        }
        BigDecimal amount = quantity.getNumericalAmount();
        return quantity.getFormat() != null && quantity.getFormat().endsWith("i") ? amount.min(LONG_MAX) : amount;
    }

    /** A value in whole units, rounded up. */
    static long rounded(BigDecimal value) {
        return value.setScale(0, RoundingMode.UP).toBigInteger().longValue();
    }

    /**
     * Whether a value is a whole number of units.
     *
     * @param milli whether thousandths are units too, as they are of CPU
     */
    static boolean isWhole(Quantity quantity, boolean milli) {
        String amount = quantity.getAmount();
        if (amount == null || amount.isEmpty()) {
            return true;
        }
        String format = quantity.getFormat() == null ? "" : quantity.getFormat();
        if (isPlain(amount)
                && switch (format) {
                    case "", "Ki", "Mi", "Gi", "Ti", "k", "M", "G", "T" -> true;
                    case "m" -> milli;
                    default -> false;
                }) {
            return true;
        }
        BigDecimal exact = exact(quantity).movePointRight(milli ? 3 : 0);
        return exact.signum() == 0 || exact.stripTrailingZeros().scale() <= 0;
    }

    private static boolean isPlain(String amount) {
        if (amount.length() > SAFE_DIGITS) {
            return false;
        }
        for (int i = 0; i < amount.length(); i++) {
            if (amount.charAt(i) < '0' || amount.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
