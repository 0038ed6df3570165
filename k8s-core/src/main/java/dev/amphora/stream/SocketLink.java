package dev.amphora.stream;

import com.google.common.net.InetAddresses;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A connected socket, as a sink for what goes out, that hands on what comes in. Each direction occupies a thread while it moves bytes or
 * waits for some; the socket is closed when both have ended.
 */
public final class SocketLink implements ByteSink {
    private static final int PIECE = 32 << 10;

    private final Wire wire;
    private final Executor blocking;
    private final Queue<Piece> pieces = new ArrayDeque<>();
    private boolean writing;
    private boolean outEnded;
    private boolean shutDown;
    private boolean inEnded;

    private record Piece(byte @Nullable [] bytes, CompletableFuture<@Nullable Void> taken) {}

    /**
     * Takes over a socket.
     *
     * @param channel connected, in blocking mode
     * @param blocking runs what blocks
     */
    public SocketLink(SocketChannel channel, Executor blocking) {
        this(Wire.of(channel), blocking);
    }

    private SocketLink(Wire wire, Executor blocking) {
        this.wire = wire;
        this.blocking = blocking;
    }

    /** Connects to an address. Blocks. */
    public static SocketChannel open(SocketAddress address) throws IOException {
        SocketChannel channel = address instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open();
        try {
            channel.connect(address);
            if (!(address instanceof UnixDomainSocketAddress)) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Connects to an address and says where goes what comes from there.
     *
     * @return completes when it is connected; exceptionally with an {@link IOException} whose message says what was tried
     */
    public static CompletionStage<ByteSink> connect(InetSocketAddress address, ByteSink received, Executor blocking) {
        CompletableFuture<ByteSink> connected = new CompletableFuture<>();
        blocking.execute(() -> {
            try {
                SocketLink link = new SocketLink(open(address), blocking);
                connected.complete(link);
                link.receive(received);
            } catch (IOException | RuntimeException e) {
                connected.completeExceptionally(new IOException(dialError(address, e), e));
            }
        });
        return connected;
    }

    /**
     * Connects to an address, speaks TLS with it, and says where goes what comes from there.
     *
     * @param sockets say by what the other end is trusted
     * @param name the name that the other end is called by
     * @param patience to connect, and then to shake hands
     * @return completes when hands are shaken; exceptionally with what went wrong
     */
    public static CompletionStage<ByteSink> connectSecurely(
            SSLSocketFactory sockets,
            String name,
            InetSocketAddress address,
            Duration patience,
            ByteSink received,
            Executor blocking) {
        CompletableFuture<ByteSink> connected = new CompletableFuture<>();
        blocking.execute(() -> {
            try {
                SocketLink link = new SocketLink(shakeHands(sockets, name, address, patience), blocking);
                connected.complete(link);
                link.receive(received);
            } catch (IOException | RuntimeException e) {
                connected.completeExceptionally(e);
            }
        });
        return connected;
    }

    private static Wire shakeHands(SSLSocketFactory sockets, String name, InetSocketAddress address, Duration patience)
            throws IOException {
        int millis = (int) patience.toMillis();
        Socket plain = new Socket();
        try {
            plain.connect(address, millis);
            plain.setTcpNoDelay(true);
            plain.setSoTimeout(millis);
            SSLSocket secure = (SSLSocket) sockets.createSocket(plain, name, address.getPort(), true);
            if (!InetAddresses.isInetAddress(name)) {
                SSLParameters parameters = secure.getSSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(name)));
                secure.setSSLParameters(parameters);
            }
            secure.startHandshake();
            secure.setSoTimeout(0);
            return Wire.of(secure, plain);
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    /** Why an address could not be connected to, as Go says it. */
    public static String dialError(InetSocketAddress address, Throwable cause) {
        String host = address.getAddress() == null
                ? address.getHostString()
                : address.getAddress().getHostAddress();
        String why = cause instanceof ConnectException
                ? "connect: connection refused"
                : cause.getMessage() == null ? "i/o timeout" : cause.getMessage();
        return "dial tcp " + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort() + ": " + why;
    }

    /** Begins to hand on what comes in, to its end. Called once. */
    public void receive(ByteSink to) {
        blocking.execute(() -> read(to));
    }

    private void read(ByteSink to) {
        ByteBuffer buffer = ByteBuffer.allocate(PIECE);
        try {
            while (wire.read(buffer.clear()) >= 0) {
                byte[] piece = new byte[buffer.flip().remaining()];
                buffer.get(piece);
                CompletableFuture<@Nullable Void> taken = to.write(piece).toCompletableFuture();
                if (!taken.isDone()) {
                    taken.whenComplete((nothing, failure) -> blocking.execute(() -> goOn(to, failure)));
                    return;
                }
                if (taken.isCompletedExceptionally()) {
                    abort();
                    return;
                }
            }
            to.end();
            ended(false);
        } catch (IOException e) {
            to.abort();
            abort();
        }
    }

    private void goOn(ByteSink to, @Nullable Throwable failure) {
        if (failure == null) {
            read(to);
        } else {
            abort();
        }
    }

    @Override
    public CompletionStage<@Nullable Void> write(byte[] piece) {
        return add(new Piece(piece, new CompletableFuture<>()));
    }

    @Override
    public void end() {
        add(new Piece(null, new CompletableFuture<>()));
    }

    @Override
    public void abort() {
        Queue<Piece> dropped;
        synchronized (this) {
            outEnded = true;
            inEnded = true;
            dropped = new ArrayDeque<>(pieces);
            pieces.clear();
        }
        close();
        dropped.forEach(piece -> piece.taken.completeExceptionally(new IOException("the connection is closed")));
    }

    private CompletionStage<@Nullable Void> add(Piece piece) {
        synchronized (this) {
            if (outEnded) {
                piece.taken.completeExceptionally(new IOException("the connection is closed"));
                return piece.taken;
            }
            outEnded = piece.bytes == null;
            pieces.add(piece);
            if (writing) {
                return piece.taken;
            }
            writing = true;
        }
        blocking.execute(this::writeAll);
        return piece.taken;
    }

    private void writeAll() {
        while (true) {
            Piece next;
            synchronized (this) {
                next = pieces.poll();
                if (next == null) {
                    writing = false;
                    return;
                }
            }
            try {
                if (next.bytes == null) {
                    wire.endOutput();
                    ended(true);
                } else {
                    wire.write(ByteBuffer.wrap(next.bytes));
                }
                next.taken.complete(null);
            } catch (IOException e) {
                next.taken.completeExceptionally(e);
                abort();
            }
        }
    }

    private void ended(boolean out) {
        boolean both;
        synchronized (this) {
            if (out) {
                shutDown = true;
            } else {
                inEnded = true;
            }
            both = shutDown && inEnded;
        }
        if (both) {
            close();
        }
    }

    private void close() {
        try {
            wire.close();
        } catch (IOException e) {
            // whatever a socket says on its way out, it is closed
        }
    }
}
