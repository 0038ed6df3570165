package dev.amphora.rest.remote;

import dev.amphora.stream.ByteSink;
import java.util.concurrent.CompletionStage;

/** Receives what happens to a connection that carries plain bytes from here on, one call at a time. */
public interface ByteListener {
    /** It is open: sending may begin. */
    void onOpen(ByteSink out);

    /**
     * Bytes came.
     *
     * @return completes when more are welcome
     */
    CompletionStage<?> onBytes(byte[] bytes);

    /** Nothing more comes, or the connection is broken. Called once, also if it never opened. */
    void onClosed();
}
