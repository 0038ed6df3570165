package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;

/** Quantities as whole numbers, rounded up as the reference does. */
final class Quantities {
    private static final BigDecimal LONG_MAX = BigDecimal.valueOf(Long.MAX_VALUE);
    private static final BigDecimal LONG_MIN = BigDecimal.valueOf(Long.MIN_VALUE);
    private static final int SAFE_DIGITS = 12;

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
        BigDecimal exact =
                quantity.getNumericalAmount().movePointRight(decimals).setScale(0, RoundingMode.CEILING);
        if (exact.compareTo(LONG_MAX) > 0) {
            return Long.MAX_VALUE;
        }
        return exact.compareTo(LONG_MIN) < 0 ? Long.MIN_VALUE : exact.longValueExact();
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
