package dev.amphora.controller.service;

import com.google.common.net.InetAddresses;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A range of addresses of one family, such as {@code 192.0.2.0/24}. */
record AddressRange(BigInteger base, int prefix, int bits) {

    /** @throws IllegalArgumentException if the text is none */
    static AddressRange parse(String text) {
        List<String> parts = List.of(text.split("/", -1));
        try {
            InetAddress address = InetAddresses.forString(parts.get(0));
            int bits = address.getAddress().length * Byte.SIZE;
            int prefix = Integer.parseInt(parts.get(1));
            if (parts.size() != 2 || prefix < 0 || prefix > bits) {
                throw new IllegalArgumentException("not a range of addresses: " + text);
            }
            BigInteger whole = InetAddresses.toBigInteger(address);
            return new AddressRange(whole.shiftRight(bits - prefix).shiftLeft(bits - prefix), prefix, bits);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new IllegalArgumentException("not a range of addresses: " + text, e);
        }
    }

    /** The family by the name that Services use; empty if the text is no address. */
    static String familyOf(String address) {
        return !InetAddresses.isInetAddress(address) ? "" : address.indexOf(':') < 0 ? "IPv4" : "IPv6";
    }

    static String canonical(String address) {
        return InetAddresses.toAddrString(InetAddresses.forString(address));
    }

    String family() {
        return bits == 32 ? "IPv4" : "IPv6";
    }

    private BigInteger size() {
        return BigInteger.ONE.shiftLeft(bits - prefix);
    }

    /** Whether an address lies in it. */
    boolean holds(String address) {
        return familyOf(address).equals(family())
                && InetAddresses.toBigInteger(InetAddresses.forString(address))
                        .shiftRight(bits - prefix)
                        .equals(base.shiftRight(bits - prefix));
    }

    /** Whether a whole other range lies in it; it does in itself. */
    boolean holds(AddressRange other) {
        return bits == other.bits
                && prefix <= other.prefix
                && other.base.shiftRight(bits - prefix).equals(base.shiftRight(bits - prefix));
    }

    /** The lowest usable address that suits; null if there is none. */
    @Nullable String firstWhere(Predicate<String> suits) {
        boolean whole = bits - prefix < 2;
        BigInteger end = base.add(size()).subtract(whole || bits > 32 ? BigInteger.ZERO : BigInteger.ONE);
        for (BigInteger next = whole ? base : base.add(BigInteger.ONE);
                next.compareTo(end) < 0;
                next = next.add(BigInteger.ONE)) {
            String address = text(next);
            if (suits.test(address)) {
                return address;
            }
        }
        return null;
    }

    private String text(BigInteger address) {
        return InetAddresses.toAddrString(
                bits == 32 ? InetAddresses.fromIPv4BigInteger(address) : InetAddresses.fromIPv6BigInteger(address));
    }

    @Override
    public String toString() {
        return text(base) + "/" + prefix;
    }
}
