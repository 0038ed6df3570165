package dev.amphora.apiserver;

import com.google.common.net.InetAddresses;
import com.google.common.primitives.Ints;
import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A range of addresses of one family.
 *
 * @param first the network's own address, as a number
 * @param bits how many leading bits all addresses share, at most two less than an address has
 * @param v6 whether the addresses are those of IPv6
 */
record Cidr(BigInteger first, int bits, boolean v6) {
    private static final int V4_BITS = 32;
    private static final int V6_BITS = 128;

    /** More addresses than this are not told apart. */
    private static final int MOST_HOST_BITS = 62;

    /**
     * Reads a range such as {@code 10.96.0.0/12} or {@code fd00:10::/108}.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Cidr parse(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? "" : text.substring(0, slash);
        Integer bits = slash < 0 ? null : Ints.tryParse(text.substring(slash + 1));
        if (bits == null || bits < 1 || !InetAddresses.isInetAddress(address)) {
            throw new IllegalArgumentException("not a range of addresses: " + text);
        }
        InetAddress network = InetAddresses.forString(address);
        boolean v6 = !(network instanceof Inet4Address);
        int length = v6 ? V6_BITS : V4_BITS;
        if (bits > length - 2) {
            throw new IllegalArgumentException("not a range of at least four addresses: " + text);
        }
        BigInteger first = number(network).shiftRight(length - bits).shiftLeft(length - bits);
        return new Cidr(first, bits, v6);
    }

    /** The family as Services name it. */
    String family() {
        return v6 ? "IPv6" : "IPv4";
    }

    /** How many addresses can be given out: all but the network's own and, of IPv4, the last. */
    long usable() {
        int host = Math.min(MOST_HOST_BITS, (v6 ? V6_BITS : V4_BITS) - bits);
        return (1L << host) - (v6 ? 1 : 2);
    }

    /** How many addresses at the beginning are not given out by chance. */
    long reserved() {
        return Math.min(usable() / 2, Math.min(256, Math.max(16, (usable() + 2) / 16)));
    }

    /** The address at an offset, from 1. */
    String address(long offset) {
        return text(first.add(BigInteger.valueOf(offset)));
    }

    /** Whether an address can be given out. */
    boolean holds(String ip) {
        if (!InetAddresses.isInetAddress(ip)) {
            return false;
        }
        InetAddress address = InetAddresses.forString(ip);
        if (address instanceof Inet4Address == v6) {
            return false;
        }
        BigInteger offset = number(address).subtract(first);
        return offset.signum() > 0 && offset.compareTo(BigInteger.valueOf(usable())) <= 0;
    }

    private static BigInteger number(InetAddress address) {
        return new BigInteger(1, address.getAddress());
    }

    private String text(BigInteger number) {
        byte[] bytes = new byte[v6 ? V6_BITS / 8 : V4_BITS / 8];
        byte[] value = number.toByteArray();
        int length = Math.min(bytes.length, value.length);
        System.arraycopy(value, value.length - length, bytes, bytes.length - length, length);
        try {
            return InetAddresses.toAddrString(InetAddress.getByAddress(bytes));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Such as {@code 10.96.0.0/12}. */
    @Override
    public String toString() {
        return text(first) + "/" + bits;
    }
}
