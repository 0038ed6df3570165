package dev.amphora.apiserver;

import com.google.common.net.InetAddresses;
import com.google.common.primitives.Ints;
import java.net.Inet4Address;

/**
 * A range of IPv4 addresses.
 *
 * @param first the network's own address, as a number
 * @param bits how many leading bits all addresses share, at most 30
 */
record Cidr(int first, int bits) {

    /**
     * Reads a range such as {@code 10.96.0.0/12}.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Cidr parse(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? "" : text.substring(0, slash);
        Integer bits = slash < 0 ? null : Ints.tryParse(text.substring(slash + 1));
        if (bits == null
                || bits < 1
                || bits > 30
                || !InetAddresses.isInetAddress(address)
                || !(InetAddresses.forString(address) instanceof Inet4Address)) {
            throw new IllegalArgumentException("not an IPv4 range of at least four addresses: " + text);
        }
        int network = InetAddresses.coerceToInteger(InetAddresses.forString(address));
        return new Cidr(network & (-1 << (32 - bits)), bits);
    }

    /** How many addresses can be given out: all but the network's own and the last. */
    long usable() {
        return (1L << (32 - bits)) - 2;
    }

    /** How many addresses at the beginning are not given out by chance. */
    long reserved() {
        return Math.min(usable() / 2, Math.min(256, Math.max(16, (usable() + 2) / 16)));
    }

    /** The address at an offset, from 1. */
    String address(long offset) {
        return InetAddresses.toAddrString(InetAddresses.fromInteger(first + (int) offset));
    }

    /** Whether an address can be given out. */
    boolean holds(String ip) {
        if (!InetAddresses.isInetAddress(ip) || !(InetAddresses.forString(ip) instanceof Inet4Address address)) {
            return false;
        }
        long offset = Integer.toUnsignedLong(InetAddresses.coerceToInteger(address)) - Integer.toUnsignedLong(first);
        return offset > 0 && offset <= usable();
    }

    /** Such as {@code 10.96.0.0/12}. */
    @Override
    public String toString() {
        return InetAddresses.toAddrString(InetAddresses.fromInteger(first)) + "/" + bits;
    }
}
