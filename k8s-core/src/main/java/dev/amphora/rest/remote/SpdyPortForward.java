package dev.amphora.rest.remote;

import dev.amphora.stream.Session;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Ports forwarded over SPDY: for each connection the client opens two streams, one for its bytes and one for what went wrong. */
public final class SpdyPortForward implements SpdyConnection.Handler {
    /** The only version of the protocol. */
    public static final String PROTOCOL = "portforward.k8s.io";

    /** The WebSocket subprotocol in which the same travels. */
    public static final String TUNNEL_PROTOCOL = "SPDY/3.1+portforward.k8s.io";

    private final String pod;
    private final Session.Dialer dialer;
    private final Map<String, SpdyStream> waiting = new LinkedHashMap<>();
    private final SpdyConnection connection = new SpdyConnection(this);

    private SpdyPortForward(String pod, Session.Dialer dialer) {
        this.pod = pod;
        this.dialer = dialer;
    }

    /** What serves a client after its upgrade to SPDY. */
    public static ByteListener serving(String pod, Session.Dialer dialer) {
        return new SpdyPortForward(pod, dialer).connection;
    }

    /** What serves a client after its upgrade to a WebSocket that carries SPDY in its messages. */
    public static WebSocketListener tunnelling(String pod, Session.Dialer dialer) {
        return tunnelling(serving(pod, dialer));
    }

    /** What carries the bytes of SPDY in the messages of a WebSocket. */
    public static WebSocketListener tunnelling(ByteListener inside) {
        return new Tunnel(inside);
    }

    @Override
    public boolean onStream(SpdyStream stream) {
        String type = stream.header("streamtype");
        int port = port(stream.header("port"));
        if (port < 1 || !(type.equals("data") || type.equals("error"))) {
            return false;
        }
        // clients that name no request open the streams of one connection one after the other
        String request = stream.header("requestid") + "/" + port;
        SpdyStream other = waiting.remove(request);
        if (other == null) {
            waiting.put(request, stream);
            return true;
        }
        if (other.header("streamtype").equals(type)) {
            return false;
        }
        boolean isData = type.equals("data");
        new ForwardedPort(pod, port, isData ? stream : other, isData ? other : stream)
                .open(dialer, receiving(isData ? stream : other));
        return true;
    }

    private static ForwardedPort.Receiver receiving(SpdyStream data) {
        return data::receive;
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            return port > 0xffff ? -1 : port;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    @Override
    public void onClosed() {
        waiting.clear();
    }

    /** Bytes in WebSocket messages. */
    private record Tunnel(ByteListener inside) implements WebSocketListener {
        @Override
        public void onOpen(WebSocketConnection connection) {
            inside.onOpen(new MessageSink(connection));
        }

        @Override
        public CompletionStage<?> onMessage(byte[] message, boolean text) {
            return inside.onBytes(message);
        }

        @Override
        public void onClosed() {
            inside.onClosed();
        }
    }

    private record MessageSink(WebSocketConnection connection) implements dev.amphora.stream.ByteSink {
        @Override
        public CompletionStage<@Nullable Void> write(byte[] piece) {
            return connection.send(piece, false).thenApply(sent -> null);
        }

        @Override
        public void end() {
            connection.close(1000, "");
        }

        @Override
        public void abort() {
            connection.abort();
        }
    }
}
