package dev.amphora.rest.remote;

import dev.amphora.stream.BufferedSink;
import dev.amphora.stream.ByteSink;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One stream that the client has opened; as a sink, the way to the other side. */
final class SpdyStream implements ByteSink {
    private final SpdyConnection connection;
    private final int id;
    private final Map<String, String> headers;
    private final BufferedSink received = new BufferedSink();
    private boolean outEnded;
    private boolean inEnded;

    SpdyStream(SpdyConnection connection, int id, Map<String, String> headers) {
        this.connection = connection;
        this.id = id;
        this.headers = headers;
    }

    /** The value of a header, empty if the client gave none. */
    String header(String lowerCaseName) {
        return headers.getOrDefault(lowerCaseName, "");
    }

    int id() {
        return id;
    }

    /** Says where goes what the other side sends. Called once; what came before is kept until then. */
    void receive(ByteSink to) {
        received.connect(to);
    }

    @Override
    public CompletionStage<@Nullable Void> write(byte[] piece) {
        synchronized (this) {
            if (outEnded) {
                return SpdyConnection.GONE;
            }
        }
        return connection.data(id, piece, false);
    }

    @Override
    public void end() {
        boolean over;
        synchronized (this) {
            if (outEnded) {
                return;
            }
            outEnded = true;
            over = inEnded;
        }
        connection.data(id, new byte[0], true);
        if (over) {
            connection.forget(id);
        }
    }

    @Override
    public void abort() {
        synchronized (this) {
            if (outEnded) {
                return;
            }
            outEnded = true;
            inEnded = true;
        }
        connection.reset(id);
        received.abort();
    }

    /** The other side sent something. */
    CompletionStage<@Nullable Void> data(byte[] piece, boolean last) {
        boolean over;
        synchronized (this) {
            if (inEnded) {
                return READY;
            }
            inEnded = last;
            over = last && outEnded;
        }
        CompletionStage<@Nullable Void> taken = piece.length == 0 ? READY : received.write(piece);
        if (last) {
            received.end();
        }
        if (over) {
            connection.forget(id);
        }
        return taken;
    }

    /** The other side, or the connection, has broken it off. */
    void broken() {
        synchronized (this) {
            if (inEnded && outEnded) {
                return;
            }
            inEnded = true;
            outEnded = true;
        }
        received.abort();
    }
}
