package dev.amphora.rest.remote;

import dev.amphora.stream.BufferedSink;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Session;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Ports forwarded over WebSocket channels, two for each port in the order asked for: one for bytes, one for what went wrong. Each channel
 * begins with its port as two bytes, the lower first. There is one connection to each port.
 */
public final class ChannelPortForward implements WebSocketListener {
    /** The protocols it is known by. */
    public static final List<String> PROTOCOLS = List.of("v4.channel.k8s.io", "v4.base64.channel.k8s.io");

    private final String pod;
    private final List<Integer> ports;
    private final Session.Dialer dialer;
    private final Channels channels;
    private final List<BufferedSink> received;
    private int open;

    /**
     * A client about to be upgraded.
     *
     * @param protocol one of {@link #PROTOCOLS}, null for the first
     * @param ports 1 to 65535 each
     */
    public ChannelPortForward(@Nullable String protocol, String pod, List<Integer> ports, Session.Dialer dialer) {
        this.pod = pod;
        this.ports = ports;
        this.dialer = dialer;
        this.channels = new Channels(protocol != null && protocol.contains("base64"));
        this.received = ports.stream().map(port -> new BufferedSink()).toList();
        this.open = ports.size();
    }

    @Override
    public void onOpen(WebSocketConnection connection) {
        channels.open(connection);
        for (int i = 0; i < ports.size(); i++) {
            int port = ports.get(i);
            byte[] first = {(byte) port, (byte) (port >> 8)};
            ByteSink data = channels.channel(2 * i);
            ByteSink error = channels.channel(2 * i + 1);
            data.write(first);
            error.write(first);
            new ForwardedPort(pod, port, data, new Last(error)).open(dialer, received.get(i)::connect);
        }
    }

    @Override
    public CompletionStage<?> onMessage(byte[] message, boolean text) {
        int channel = channels.number(message);
        byte[] content = channels.content(message);
        if (channel < 0 || channel % 2 == 1 || channel / 2 >= ports.size() || content.length == 0) {
            return ByteSink.READY;
        }
        return received.get(channel / 2).write(content);
    }

    @Override
    public void onClosed() {
        received.forEach(BufferedSink::abort);
    }

    private void ended() {
        boolean all;
        synchronized (this) {
            all = --open == 0;
        }
        if (all) {
            channels.close();
        }
    }

    /** Notices when a port's connection is over: the last one closes the WebSocket. */
    private final class Last implements ByteSink {
        private final ByteSink error;
        private boolean over;

        Last(ByteSink error) {
            this.error = error;
        }

        @Override
        public CompletionStage<@Nullable Void> write(byte[] piece) {
            return error.write(piece);
        }

        @Override
        public void end() {
            synchronized (this) {
                if (over) {
                    return;
                }
                over = true;
            }
            ended();
        }

        @Override
        public void abort() {
            end();
        }
    }
}
