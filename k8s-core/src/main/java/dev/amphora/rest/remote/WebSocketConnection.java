package dev.amphora.rest.remote;

import java.util.concurrent.CompletionStage;

/** The sending side of a WebSocket. Safe for concurrent use. */
public interface WebSocketConnection {
    /** Sends one message. The stage completes when the transport has taken it; it fails when the client is gone. */
    CompletionStage<Void> send(byte[] message, boolean text);

    /** Closes after what was sent before. */
    void close(int code, String reason);

    /** Breaks the connection. */
    void abort();
}
