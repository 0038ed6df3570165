package dev.amphora.runtime.fake;

import dev.amphora.kernel.Kernel;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sockets of the containers that really serve: one selector accepts for all of a node, and a connection occupies a thread
 * only while it is served.
 */
final class PodServers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PodServers.class);
    private static final int MAX_DATAGRAM = 65_535;

    private final Kernel kernel;
    private final Queue<Runnable> wishes = new ArrayDeque<>();
    private @Nullable Selector selector;
    private boolean closed;

    PodServers(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * Opens the ports of a container.
     *
     * @return closes them and every connection
     * @throws IOException if a port cannot be had
     */
    AutoCloseable open(InetAddress address, ContainerBehavior behavior) throws IOException {
        Opened opened = new Opened();
        try {
            for (var entry : behavior.tcp().entrySet()) {
                listen(opened, new InetSocketAddress(address, entry.getKey()), entry.getValue());
            }
            for (var entry : behavior.http().entrySet()) {
                listen(opened, new InetSocketAddress(address, entry.getKey()), new HttpConnection(entry.getValue()));
            }
            for (var entry : behavior.udp().entrySet()) {
                receive(opened, new InetSocketAddress(address, entry.getKey()), entry.getValue());
            }
        } catch (IOException e) {
            opened.close();
            throw e;
        }
        return opened;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (selector != null) {
            selector.wakeup();
        }
    }

    private void listen(Opened opened, InetSocketAddress at, TcpHandler handler) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        opened.add(channel);
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        try {
            channel.bind(at, 512);
        } catch (IOException e) {
            throw inUse("tcp", at, e);
        }
        channel.configureBlocking(false);
        onSelector(() -> channel.register(selector(), SelectionKey.OP_ACCEPT, (Ready) () -> {
            SocketChannel connection = channel.accept();
            if (connection == null) {
                return;
            }
            connection.configureBlocking(true);
            connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
            if (opened.add(connection)) {
                kernel.blocking().execute(() -> serve(opened, connection, handler));
            }
        }));
    }

    private void receive(Opened opened, InetSocketAddress at, UdpHandler handler) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        opened.add(channel);
        try {
            channel.bind(at);
        } catch (IOException e) {
            throw inUse("udp", at, e);
        }
        channel.configureBlocking(false);
        ByteBuffer buffer = ByteBuffer.allocate(MAX_DATAGRAM);
        onSelector(() -> channel.register(selector(), SelectionKey.OP_READ, (Ready) () -> {
            SocketAddress from = channel.receive(buffer.clear());
            if (from == null) {
                return;
            }
            byte[] request = new byte[buffer.flip().remaining()];
            buffer.get(request);
            kernel.blocking().execute(() -> {
                byte[] reply = handler.answer(request);
                if (reply != null) {
                    try {
                        channel.send(ByteBuffer.wrap(reply), from);
                    } catch (IOException e) {
                        log.debug("An answer to {} is lost", from, e);
                    }
                }
            });
        }));
    }

    private static IOException inUse(String network, InetSocketAddress at, IOException cause) {
        return new IOException(
                "listen %s %s:%d: bind: %s"
                        .formatted(network, at.getAddress().getHostAddress(), at.getPort(), cause.getMessage()),
                cause);
    }

    private static void serve(Opened opened, SocketChannel connection, TcpHandler handler) {
        try (connection) {
            handler.serve(
                    new BufferedInputStream(Channels.newInputStream(connection)),
                    new BufferedOutputStream(Channels.newOutputStream(connection)));
        } catch (IOException e) {
            log.debug("A connection broke", e);
        } catch (RuntimeException e) {
            log.warn("A handler failed", e);
        } finally {
            opened.remove(connection);
        }
    }

    private synchronized Selector selector() throws IOException {
        if (closed) {
            throw new IOException("the runtime is closed");
        }
        if (selector == null) {
            Selector created = Selector.open();
            selector = created;
            kernel.blocking().execute(() -> loop(created));
        }
        return selector;
    }

    /** Registers a channel: done by the selecting thread, which may be waiting. */
    private void onSelector(Registration registration) throws IOException {
        Selector current = selector();
        synchronized (this) {
            wishes.add(() -> {
                try {
                    registration.register();
                } catch (IOException e) {
                    log.debug("A port was closed before it opened", e);
                }
            });
        }
        current.wakeup();
    }

    private void loop(Selector current) {
        try (current) {
            while (true) {
                List<Runnable> todo;
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                    todo = new ArrayList<>(wishes);
                    wishes.clear();
                }
                todo.forEach(Runnable::run);
                current.select(key -> {
                    try {
                        ((Ready) key.attachment()).act();
                    } catch (IOException e) {
                        log.debug("A port failed", e);
                    }
                });
            }
        } catch (IOException | ClosedSelectorException e) {
            log.warn("The pods of this node no longer serve", e);
        }
    }

    @FunctionalInterface
    private interface Registration {
        void register() throws IOException;
    }

    @FunctionalInterface
    private interface Ready {
        void act() throws IOException;
    }

    /** The sockets of one container. */
    private final class Opened implements AutoCloseable {
        private final Set<Closeable> sockets = Collections.synchronizedSet(new LinkedHashSet<>());
        private volatile boolean ended;

        boolean add(Closeable socket) throws IOException {
            sockets.add(socket);
            if (ended) {
                socket.close();
                return false;
            }
            return true;
        }

        void remove(Closeable socket) {
            sockets.remove(socket);
        }

        @Override
        public void close() {
            ended = true;
            List<Closeable> all;
            synchronized (sockets) {
                all = List.copyOf(sockets);
            }
            for (Closeable socket : all) {
                try {
                    socket.close();
                } catch (IOException e) {
                    log.debug("A socket did not close", e);
                }
            }
            Selector current;
            synchronized (PodServers.this) {
                current = selector;
            }
            if (current != null) {
                // a closed listener gives back its port only when the selector has let go of it
                current.wakeup();
            }
        }
    }

    /** HTTP/1.1 on a connection: as much of it as a handler needs. */
    private record HttpConnection(HttpHandler handler) implements TcpHandler {
        @Override
        public void serve(InputStream in, OutputStream out) throws IOException {
            HttpWire.serve(in, out, handler);
        }
    }
}
