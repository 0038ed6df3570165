package dev.amphora.proxy;

import dev.amphora.kernel.Kernel;
import dev.amphora.proxy.ProxyPlan.Backend;
import dev.amphora.proxy.ProxyPlan.Frontend;
import dev.amphora.proxy.ProxyPlan.Protocol;
import dev.amphora.proxy.ProxyPlan.Route;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listeners and connections kept equal to the routes, carried by one selecting thread. {@link #connect} and {@link #close} may be
 * called from any thread; all else happens on the selecting one.
 */
final class Switchboard implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Switchboard.class);
    private static final int BACKLOG = 1024;
    private static final Duration SWEEP = Duration.ofSeconds(5);

    /** What is done when a channel is ready. */
    interface Ready {
        void act(SelectionKey key) throws IOException;
    }

    /** The sockets of one frontend. */
    interface Listener extends Closeable {
        /** Goes on with another route. */
        void update(Route route);

        /** Ends what has been silent for too long. */
        void sweep();
    }

    private final Kernel kernel;
    private final Selector selector;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Splice.Buffers buffers = new Splice.Buffers();
    private final Map<Frontend, Listener> listeners = new TreeMap<>();
    private final Map<Frontend, Route> refused = new TreeMap<>();
    private final Map<Frontend, Optional<Route>> wanted = new TreeMap<>();
    private Instant swept = Instant.EPOCH;
    private boolean closed;

    Switchboard(Kernel kernel) {
        this.kernel = kernel;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        kernel.blocking().execute(this::run);
    }

    /** Changes the routes of some frontends. Connections under way are left alone; UDP flows to backends that are gone end. */
    void connect(Map<Frontend, Optional<Route>> changes) {
        synchronized (this) {
            wanted.putAll(changes);
        }
        selector.wakeup();
    }

    /** Closes every port and connection, and returns when that is done. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        selector.wakeup();
        kernel.await(ended);
    }

    private void run() {
        try {
            while (true) {
                Map<Frontend, Optional<Route>> changes;
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                    changes = new TreeMap<>(wanted);
                    wanted.clear();
                }
                apply(changes);
                selector.select(Switchboard::ready, SWEEP.toMillis());
                if (!kernel.instant().isBefore(swept.plus(SWEEP))) {
                    swept = kernel.instant();
                    listeners.values().forEach(Listener::sweep);
                    new TreeMap<>(refused).forEach(this::open);
                }
            }
        } catch (IOException | RuntimeException e) {
            log.error("Services are no longer served", e);
        } finally {
            for (SelectionKey key : List.copyOf(selector.keys())) {
                UserspaceProxy.closeQuietly(key.channel());
            }
            UserspaceProxy.closeQuietly(selector);
            ended.complete(null);
        }
    }

    private static void ready(SelectionKey key) {
        try {
            if (key.isValid()) {
                ((Ready) key.attachment()).act(key);
            }
        } catch (IOException | RuntimeException e) {
            log.debug("A connection failed", e);
            UserspaceProxy.closeQuietly(key.channel());
        }
    }

    private void apply(Map<Frontend, Optional<Route>> changes) throws IOException {
        boolean closes = false;
        for (Map.Entry<Frontend, Optional<Route>> change : changes.entrySet()) {
            if (!isServed(change.getValue().orElse(null))) {
                refused.remove(change.getKey());
                Listener listener = listeners.remove(change.getKey());
                if (listener != null) {
                    UserspaceProxy.closeQuietly(listener);
                    closes = true;
                }
            }
        }
        if (closes) {
            // A closed port is free, and refuses, only when the selector has let go of it.
            selector.selectNow(Switchboard::ready);
        }
        changes.forEach((frontend, change) -> {
            Route route = change.orElse(null);
            Listener listener = listeners.get(frontend);
            if (listener != null && route != null) {
                listener.update(route);
            } else if (route != null && isServed(route)) {
                open(frontend, route);
            }
        });
    }

    private static boolean isServed(@Nullable Route route) {
        return route != null && !route.backends().isEmpty();
    }

    private void open(Frontend frontend, Route route) {
        Balancer balancer = new Balancer(kernel, kernel.random(), route);
        try {
            InetSocketAddress at = new InetSocketAddress(InetAddress.getByName(frontend.ip()), frontend.port());
            listeners.put(
                    frontend,
                    frontend.protocol() == Protocol.TCP
                            ? new TcpListener(at, balancer)
                            : new UdpListener(kernel, selector, at, balancer));
            refused.remove(frontend);
        } catch (IOException e) {
            if (refused.put(frontend, route) == null) {
                log.warn(
                        "Service {} cannot be served at {}:{}: {}",
                        route.service(),
                        frontend.ip(),
                        frontend.port(),
                        e.getMessage());
            }
        }
    }

    /** Accepts connections and gives each to a backend. */
    private final class TcpListener implements Listener, Ready {
        private final ServerSocketChannel channel;
        private final Balancer balancer;

        TcpListener(InetSocketAddress at, Balancer balancer) throws IOException {
            this.balancer = balancer;
            channel = ServerSocketChannel.open();
            try {
                channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                channel.bind(at, BACKLOG);
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_ACCEPT, this);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }

        @Override
        public void update(Route route) {
            balancer.update(route);
        }

        @Override
        public void sweep() {}

        @Override
        public void close() throws IOException {
            channel.close();
        }

        @Override
        public void act(SelectionKey key) throws IOException {
            for (SocketChannel client = channel.accept(); client != null; client = channel.accept()) {
                try {
                    client.configureBlocking(false);
                    client.setOption(StandardSocketOptions.TCP_NODELAY, true);
                    new Dial(client, balancer, client.socket().getInetAddress().getHostAddress()).next();
                } catch (IOException e) {
                    log.debug("A connection was lost", e);
                    UserspaceProxy.closeQuietly(client);
                }
            }
        }
    }

    /** A client's connection that has no backend yet: one after the other is tried. */
    private final class Dial implements Ready {
        private final SocketChannel client;
        private final Balancer balancer;
        private final String address;
        private int attempt;

        Dial(SocketChannel client, Balancer balancer, String address) {
            this.client = client;
            this.balancer = balancer;
            this.address = address;
        }

        void next() {
            Backend backend = balancer.choose(address, attempt++);
            if (backend == null) {
                reset();
                return;
            }
            SocketChannel channel = null;
            try {
                channel = SocketChannel.open();
                channel.configureBlocking(false);
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                if (channel.connect(new InetSocketAddress(InetAddress.getByName(backend.ip()), backend.port()))) {
                    joined(channel.register(selector, 0));
                } else {
                    channel.register(selector, SelectionKey.OP_CONNECT, this);
                }
            } catch (IOException e) {
                if (channel != null) {
                    UserspaceProxy.closeQuietly(channel);
                }
                next();
            }
        }

        @Override
        public void act(SelectionKey key) throws IOException {
            SocketChannel channel = (SocketChannel) key.channel();
            try {
                channel.finishConnect();
            } catch (IOException e) {
                UserspaceProxy.closeQuietly(channel);
                next();
                return;
            }
            joined(key);
        }

        private void joined(SelectionKey backend) throws IOException {
            SelectionKey front = client.register(selector, 0);
            Splice splice = new Splice(buffers, front, backend);
            Ready pump = key -> splice.pump();
            front.attach(pump);
            backend.attach(pump);
            splice.pump();
        }

        /** Nobody answered: the client is told at once. */
        private void reset() {
            try {
                client.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException e) {
                log.debug("A connection was lost", e);
            }
            UserspaceProxy.closeQuietly(client);
        }
    }
}
