package dev.amphora;

import java.util.BitSet;

/**
 * Which part of the loopback network a cluster uses for Services and pods, so that the clusters of one process keep apart.
 *
 * <p>Any 127.x.y.z can be bound on Linux without set-up. The first cluster of a process always gets the same part.
 */
final class AddressPlan implements AutoCloseable {
    private static final int PARTS = 16;
    private static final int NODES_PER_PART = 8 * 256;
    private static final BitSet TAKEN = new BitSet(PARTS);

    private final int part;

    private AddressPlan(int part) {
        this.part = part;
    }

    /** Takes the first part that is free; once all are taken, they are shared. */
    static AddressPlan take() {
        synchronized (TAKEN) {
            int part = TAKEN.nextClearBit(0);
            TAKEN.set(part);
            return new AddressPlan(part);
        }
    }

    /** Where Services get their addresses: {@code 127.64.0.0/16} for the first cluster. */
    String services() {
        return "127.%d.0.0/16".formatted(64 + part % PARTS);
    }

    /**
     * Where the pods of a node get theirs: {@code 127.128.0.0/24} for the first node of the first cluster.
     *
     * @param index the node's number in its cluster, from 0
     */
    String pods(int index) {
        int number = part % PARTS * NODES_PER_PART + index;
        return "127.%d.%d.0/24".formatted(128 + number / 256 % 127, number % 256);
    }

    @Override
    public void close() {
        synchronized (TAKEN) {
            TAKEN.clear(part);
        }
    }
}
