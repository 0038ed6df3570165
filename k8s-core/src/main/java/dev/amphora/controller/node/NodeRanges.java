package dev.amphora.controller.node;

import com.google.common.net.InetAddresses;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.BitSet;

/** Cuts a range of addresses into equal parts, one for the pods of each node. */
final class NodeRanges {
    private static final int MOST_PARTS_BITS = 16;

    private final BigInteger base;
    private final int prefix;
    private final int addressBits;
    private final int maskSize;
    private final int count;
    private final BitSet taken = new BitSet();
    private int next;

    /**
     * @param cidr such as {@code 10.244.0.0/16}
     * @param maskSize the prefix length of a part
     * @throws IllegalArgumentException if the range is none, or has no such parts or more than 65,536
     */
    NodeRanges(String cidr, int maskSize) {
        Part whole = Part.of(cidr);
        this.addressBits = whole.addressBits;
        this.prefix = whole.prefix;
        if (maskSize < prefix || maskSize > addressBits) {
            throw new IllegalArgumentException("%s has no parts of size %d".formatted(cidr, maskSize));
        }
        if (maskSize - prefix > MOST_PARTS_BITS) {
            throw new IllegalArgumentException("%s has too many parts of size %d".formatted(cidr, maskSize));
        }
        this.base = whole.first;
        this.maskSize = maskSize;
        this.count = 1 << (maskSize - prefix);
    }

    /**
     * A range.
     *
     * @param first its first address as a number
     */
    private record Part(BigInteger first, int prefix, int addressBits) {
        /** @throws IllegalArgumentException if the text is none */
        static Part of(String cidr) {
            int slash = cidr.indexOf('/');
            try {
                InetAddress address = InetAddresses.forString(cidr.substring(0, Math.max(0, slash)));
                int bits = address.getAddress().length * Byte.SIZE;
                int prefix = Integer.parseInt(cidr.substring(slash + 1));
                if (prefix < 0 || prefix > bits) {
                    throw new IllegalArgumentException("not a range of addresses: " + cidr);
                }
                BigInteger number = new BigInteger(1, address.getAddress());
                return new Part(number.shiftRight(bits - prefix).shiftLeft(bits - prefix), prefix, bits);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("not a range of addresses: " + cidr, e);
            }
        }
    }

    /** Whether these are addresses of IPv6. */
    boolean isV6() {
        return addressBits != Integer.SIZE;
    }

    /** Notes that a range is in use: all parts that have something in common with it. Other ranges don't matter. */
    synchronized void take(String range) {
        mark(range, true);
    }

    /** Notes that a range is free again. */
    synchronized void free(String range) {
        mark(range, false);
    }

    private void mark(String text, boolean used) {
        Part range;
        try {
            range = Part.of(text);
        } catch (IllegalArgumentException e) {
            return;
        }
        if (range.addressBits != addressBits) {
            return;
        }
        int hostBits = addressBits - maskSize;
        BigInteger end = range.first.add(BigInteger.ONE.shiftLeft(addressBits - range.prefix));
        BigInteger from = range.first.subtract(base).shiftRight(hostBits);
        BigInteger to = end.subtract(BigInteger.ONE).subtract(base).shiftRight(hostBits);
        BigInteger last = BigInteger.valueOf(count - 1L);
        if (to.signum() >= 0 && from.compareTo(last) <= 0) {
            taken.set(from.max(BigInteger.ZERO).intValue(), to.min(last).intValue() + 1, used);
        }
    }

    /** A free part, not one that was freed just now if there are others; empty if all are in use. */
    synchronized String takeNext() {
        int index = taken.nextClearBit(next);
        if (index >= count) {
            index = taken.nextClearBit(0);
        }
        if (index >= count) {
            return "";
        }
        taken.set(index);
        next = index + 1 == count ? 0 : index + 1;
        return text(index);
    }

    private String text(int index) {
        BigInteger first = base.add(BigInteger.valueOf(index).shiftLeft(addressBits - maskSize));
        byte[] bytes = new byte[addressBits / Byte.SIZE];
        byte[] digits = first.toByteArray();
        for (int i = 1; i <= Math.min(bytes.length, digits.length); i++) {
            bytes[bytes.length - i] = digits[digits.length - i];
        }
        try {
            return InetAddresses.toAddrString(InetAddress.getByAddress(bytes)) + "/" + maskSize;
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
