package dev.amphora.controller.node;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.BitSet;

/** Cuts a range of addresses into equal parts, one for the pods of each node. */
final class NodeRanges {
    private static final int MOST_PARTS_BITS = 16;

    private final BigInteger base;
    private final int addressBits;
    private final int maskSize;
    private final int count;
    private final BitSet taken = new BitSet();
    private int next;

    /**
     * @param cidr such as {@code 10.244.0.0/16}
     * @param maskSize the prefix length of a part
     * @throws IllegalArgumentException if the range is none, or has no such parts
     */
    NodeRanges(String cidr, int maskSize) {
        String[] parts = cidr.split("/", -1);
        try {
            byte[] address = InetAddress.getByName(parts[0]).getAddress();
            int prefix = Integer.parseInt(parts[1]);
            this.addressBits = address.length * Byte.SIZE;
            if (maskSize < prefix || maskSize > addressBits || maskSize - prefix > MOST_PARTS_BITS) {
                throw new IllegalArgumentException("%s has no parts of size %d".formatted(cidr, maskSize));
            }
            BigInteger whole = new BigInteger(1, address);
            this.base = whole.shiftRight(addressBits - prefix).shiftLeft(addressBits - prefix);
            this.maskSize = maskSize;
            this.count = 1 << (maskSize - prefix);
        } catch (UnknownHostException | ArrayIndexOutOfBoundsException | NumberFormatException e) {
            throw new IllegalArgumentException("not a range of addresses: " + cidr, e);
        }
    }

    /** Notes that a part is in use. Others than parts of this range don't matter. */
    void take(String part) {
        int index = indexOf(part);
        if (index >= 0) {
            taken.set(index);
        }
    }

    /** Notes that a part is free again. */
    void free(String part) {
        int index = indexOf(part);
        if (index >= 0) {
            taken.clear(index);
        }
    }

    /** A free part, not one that was freed just now if there are others; empty if all are in use. */
    String takeNext() {
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
            return InetAddress.getByAddress(bytes).getHostAddress() + "/" + maskSize;
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private int indexOf(String part) {
        String[] parts = part.split("/", -1);
        if (parts.length != 2 || !parts[1].equals(Integer.toString(maskSize))) {
            return -1;
        }
        try {
            byte[] address = InetAddress.getByName(parts[0]).getAddress();
            if (address.length * Byte.SIZE != addressBits) {
                return -1;
            }
            BigInteger offset = new BigInteger(1, address).subtract(base).shiftRight(addressBits - maskSize);
            return offset.signum() < 0 || offset.compareTo(BigInteger.valueOf(count)) >= 0 ? -1 : offset.intValue();
        } catch (UnknownHostException e) {
            return -1;
        }
    }
}
