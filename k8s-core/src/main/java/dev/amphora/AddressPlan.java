package dev.amphora;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Which part of the loopback network a cluster uses for Services and pods, so that the clusters of one machine keep apart.
 *
 * <p>Any 127.x.y.z can be bound on Linux without set-up. A cluster takes the first part that is free. Other processes see that it is
 * taken by a port that is kept bound; a simulation, which opens no sockets, looks at its own process only.
 */
final class AddressPlan implements AutoCloseable {
    private static final int PARTS = 16;
    private static final int NODES_PER_PART = 8 * 256;
    private static final int CLAIM_PORT = 10254;
    private static final BitSet TAKEN = new BitSet(PARTS);

    private final int part;
    private final @Nullable ServerSocket claim;

    private AddressPlan(int part, @Nullable ServerSocket claim) {
        this.part = part;
        this.claim = claim;
    }

    /** Takes the first part that is free; once all are taken, they are shared. */
    static AddressPlan take(Kernel kernel) {
        synchronized (TAKEN) {
            int part = TAKEN.nextClearBit(0);
            ServerSocket claim = null;
            if (!(kernel instanceof SimulatedKernel)) {
                for (int next = part; claim == null && next < PARTS; next = TAKEN.nextClearBit(next + 1)) {
                    claim = claim(next);
                    part = claim == null ? part : next;
                }
            }
            TAKEN.set(part);
            return new AddressPlan(part, claim);
        }
    }

    private static @Nullable ServerSocket claim(int part) {
        ServerSocket socket = null;
        try {
            socket = new ServerSocket();
            socket.bind(new InetSocketAddress(
                    InetAddress.getByName(services(part).replace(".0.0/16", ".255.254")), CLAIM_PORT));
            return socket;
        } catch (IOException taken) {
            close(socket);
            return null;
        }
    }

    /** Where Services get their addresses: {@code 127.64.0.0/16} for the first cluster. */
    String services() {
        return services(part % PARTS);
    }

    private static String services(int part) {
        return "127.%d.0.0/16".formatted(64 + part);
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
            close(claim);
        }
    }

    private static void close(@Nullable ServerSocket socket) {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
