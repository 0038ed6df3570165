package dev.amphora.rest.remote;

import java.util.concurrent.CompletionStage;

/** Receives what happens to one WebSocket, one call at a time. */
public interface WebSocketListener {
    /** It is open: sending may begin. */
    void onOpen(WebSocketConnection connection);

    /**
     * A whole message came.
     *
     * @return completes when the next is welcome
     */
    CompletionStage<?> onMessage(byte[] message, boolean text);

    /** It is closed, by whichever side, or broken. Called once, also if it never opened. */
    void onClosed();
}
