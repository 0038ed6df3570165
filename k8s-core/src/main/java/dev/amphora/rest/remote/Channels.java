package dev.amphora.rest.remote;

import dev.amphora.stream.ByteSink;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The numbered channels of a WebSocket: binary, or in texts that begin with a digit and go on in Base64. */
final class Channels {
    private final boolean base64;
    private @Nullable WebSocketConnection connection;

    Channels(boolean base64) {
        this.base64 = base64;
    }

    synchronized void open(WebSocketConnection opened) {
        connection = opened;
    }

    /** The number of the channel that a message belongs to; -1 for none. */
    int number(byte[] message) {
        if (message.length == 0) {
            return -1;
        }
        return base64 ? message[0] - '0' : message[0] & 0xff;
    }

    /** A message without its channel's number. */
    byte[] content(byte[] message) {
        if (message.length < 2) {
            return new byte[0];
        }
        byte[] rest = Arrays.copyOfRange(message, 1, message.length);
        if (!base64) {
            return rest;
        }
        try {
            return Base64.getDecoder().decode(rest);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    /** The way to the client by a channel, whose end is not told. */
    ByteSink channel(int number) {
        return new ByteSink() {
            @Override
            public CompletionStage<@Nullable Void> write(byte[] piece) {
                return send(number, piece);
            }

            @Override
            public void end() {}

            @Override
            public void abort() {}
        };
    }

    private CompletionStage<@Nullable Void> send(int number, byte[] piece) {
        WebSocketConnection open;
        synchronized (this) {
            open = connection;
        }
        if (open == null) {
            return SpdyConnection.GONE;
        }
        byte[] content = base64 ? Base64.getEncoder().encode(piece) : piece;
        byte[] message = new byte[content.length + 1];
        message[0] = (byte) (base64 ? '0' + number : number);
        System.arraycopy(content, 0, message, 1, content.length);
        return open.send(message, base64).thenApply(sent -> null);
    }

    void close() {
        WebSocketConnection open;
        synchronized (this) {
            open = connection;
        }
        if (open != null) {
            open.close(1000, "");
        }
    }
}
