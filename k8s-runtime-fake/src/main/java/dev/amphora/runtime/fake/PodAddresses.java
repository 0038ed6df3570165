package dev.amphora.runtime.fake;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Set;

/**
 * The addresses of a node's pods. The first of the range is the node's own; the others are given out in turn, so that an address
 * that was given back rests before it is used again.
 */
final class PodAddresses {
    private final int first;
    private final int size;
    private final Set<Integer> taken = new HashSet<>();
    private int next = 1;

    /**
     * The addresses of a range.
     *
     * @param cidr such as {@code 127.128.3.0/24}, IPv4
     * @throws IllegalArgumentException if it is not a range of at least four addresses
     */
    PodAddresses(String cidr) {
        int slash = cidr.indexOf('/');
        int bits = slash < 0 ? 32 : Integer.parseInt(cidr.substring(slash + 1));
        if (bits < 8 || bits > 30) {
            throw new IllegalArgumentException("not a range for pods: " + cidr);
        }
        first = InetAddresses.coerceToInteger(InetAddresses.forString(cidr.substring(0, slash))) & -1 << 32 - bits;
        size = 1 << 32 - bits;
    }

    InetAddress ofNode() {
        return InetAddresses.fromInteger(first + 1);
    }

    InetAddress next() {
        for (int tries = 0; tries < size; tries++) {
            next = next + 1 < size - 1 ? next + 1 : 2;
            if (taken.add(next)) {
                return InetAddresses.fromInteger(first + next);
            }
        }
        throw new IllegalStateException("no free address left in the node's pod range");
    }

    void take(InetAddress address) {
        taken.add(InetAddresses.coerceToInteger(address) - first);
    }

    void giveBack(InetAddress address) {
        taken.remove(InetAddresses.coerceToInteger(address) - first);
    }
}
