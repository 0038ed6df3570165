package dev.amphora.proxy;

import dev.amphora.proxy.ProxyPlan.Backend;
import dev.amphora.proxy.ProxyPlan.Route;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Carries the datagrams of one frontend: each client's flow goes to one backend, through a socket of its own. */
final class UdpListener implements Switchboard.Listener, Switchboard.Ready {
    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final int MAX_DATAGRAM = 65_535;

    private final InstantSource clock;
    private final Selector selector;
    private final DatagramChannel channel;
    private final Balancer balancer;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_DATAGRAM);
    private final Map<InetSocketAddress, Flow> flows = new HashMap<>();

    UdpListener(InstantSource clock, Selector selector, InetSocketAddress at, Balancer balancer) throws IOException {
        this.clock = clock;
        this.selector = selector;
        this.balancer = balancer;
        channel = DatagramChannel.open();
        try {
            channel.bind(at);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void update(Route route) {
        balancer.update(route);
        flows.values().removeIf(flow -> {
            boolean gone = !route.backends().contains(flow.backend);
            if (gone) {
                UserspaceProxy.closeQuietly(flow.channel);
            }
            return gone;
        });
    }

    @Override
    public void sweep() {
        if (flows.isEmpty()) {
            return;
        }
        Instant limit = clock.instant().minus(IDLE);
        flows.values().removeIf(flow -> {
            boolean idle = flow.lastUsed.isBefore(limit);
            if (idle) {
                UserspaceProxy.closeQuietly(flow.channel);
            }
            return idle;
        });
    }

    @Override
    public void close() throws IOException {
        flows.values().forEach(flow -> UserspaceProxy.closeQuietly(flow.channel));
        flows.clear();
        channel.close();
    }

    @Override
    public void act(SelectionKey key) throws IOException {
        for (InetSocketAddress client = receive(); client != null; client = receive()) {
            Flow flow = flows.get(client);
            if (flow == null) {
                flow = open(client);
                if (flow == null) {
                    continue;
                }
                flows.put(client, flow);
            }
            flow.lastUsed = clock.instant();
            try {
                flow.channel.write(buffer.flip());
            } catch (PortUnreachableException e) {
                end(flow);
            }
        }
    }

    private @Nullable InetSocketAddress receive() throws IOException {
        return (InetSocketAddress) channel.receive(buffer.clear());
    }

    private @Nullable Flow open(InetSocketAddress client) throws IOException {
        Backend backend = balancer.choose(client.getAddress().getHostAddress(), 0);
        if (backend == null) {
            return null;
        }
        DatagramChannel own = DatagramChannel.open();
        Flow flow = new Flow(client, backend, own, clock.instant());
        try {
            own.configureBlocking(false);
            own.connect(new InetSocketAddress(InetAddress.getByName(backend.ip()), backend.port()));
            own.register(selector, SelectionKey.OP_READ, flow);
            return flow;
        } catch (IOException e) {
            own.close();
            throw e;
        }
    }

    private void end(Flow flow) {
        flows.remove(flow.client);
        UserspaceProxy.closeQuietly(flow.channel);
    }

    /** One client's datagrams and their answers. */
    private final class Flow implements Switchboard.Ready {
        final InetSocketAddress client;
        final Backend backend;
        final DatagramChannel channel;
        Instant lastUsed;

        Flow(InetSocketAddress client, Backend backend, DatagramChannel channel, Instant now) {
            this.client = client;
            this.backend = backend;
            this.channel = channel;
            this.lastUsed = now;
        }

        @Override
        public void act(SelectionKey key) throws IOException {
            try {
                for (int read = channel.read(buffer.clear()); read > 0; read = channel.read(buffer.clear())) {
                    lastUsed = clock.instant();
                    UdpListener.this.channel.send(buffer.flip(), client);
                }
            } catch (PortUnreachableException e) {
                end(this);
            }
        }
    }
}
