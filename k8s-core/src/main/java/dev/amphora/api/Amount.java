package dev.amphora.api;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * An amount of a resource that can be added and compared.
 *
 * @param value the number
 * @param binary whether it is written in powers of 1024
 */
public record Amount(BigDecimal value, boolean binary) implements Comparable<Amount> {
    /** Nothing. */
    public static final Amount ZERO = new Amount(BigDecimal.ZERO, false);

    /** One thing. */
    public static final Amount ONE = new Amount(BigDecimal.ONE, false);

    private static final String DECIMAL = "num kMGTPE";
    private static final String BINARY = "KMGTPE";

    /**
     * Reads an amount in its usual form.
     *
     * @throws NumberFormatException if it is none
     */
    public static Amount parse(String text) {
        int end = text.length();
        while (end > 0 && !Character.isDigit(text.charAt(end - 1)) && text.charAt(end - 1) != '.') {
            end--;
        }
        String suffix = text.substring(end);
        if (suffix.isEmpty()) {
            return new Amount(new BigDecimal(text), false);
        }
        BigDecimal number = new BigDecimal(text.substring(0, end));
        int unit = suffix.endsWith("i") ? BINARY.indexOf(suffix.charAt(0)) : DECIMAL.indexOf(suffix.charAt(0));
        if (unit < 0 || suffix.length() > 2) {
            throw new NumberFormatException(text);
        }
        return suffix.endsWith("i")
                ? new Amount(number.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(10 * (unit + 1)))), true)
                : new Amount(number.scaleByPowerOfTen(3 * (unit - 3)), false);
    }

    /** The sum, written as the first that is not nothing. */
    public Amount plus(Amount other) {
        return new Amount(value.add(other.value), value.signum() == 0 ? other.binary : binary);
    }

    /** What is left. */
    public Amount minus(Amount other) {
        return new Amount(value.subtract(other.value), value.signum() == 0 ? other.binary : binary);
    }

    /** The larger one. */
    public Amount max(Amount other) {
        return compareTo(other) >= 0 ? this : other;
    }

    @Override
    public int compareTo(Amount other) {
        return value.compareTo(other.value);
    }

    /** As it is usually written. */
    @Override
    public String toString() {
        if (value.signum() == 0) {
            return "0";
        }
        BigDecimal stripped = value.stripTrailingZeros();
        if (binary && stripped.scale() <= 0 && value.abs().compareTo(BigDecimal.valueOf(1024)) >= 0) {
            BigInteger rest = stripped.toBigIntegerExact();
            int power = 0;
            while (rest.getLowestSetBit() >= 10 && power < BINARY.length()) {
                rest = rest.shiftRight(10);
                power++;
            }
            return rest + (power == 0 ? "" : BINARY.charAt(power - 1) + "i");
        }
        int power = Math.max(-3, Math.min(6, Math.floorDiv(-stripped.scale(), 3)));
        String number = stripped.scaleByPowerOfTen(-3 * power).toPlainString();
        return number + (power == 0 ? "" : String.valueOf(DECIMAL.charAt(power + 3)));
    }
}
