package dev.amphora.rest;

import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.WebSocketListener;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP request and the means to answer it, whatever carries it: a socket or a caller in the same process.
 *
 * <p>Exactly one of {@link #answer}, {@link #stream} and the two {@code upgrade} is called, once.
 */
interface HttpCall {
    /** How a subprotocol begins that carries a bearer token, for clients that can't send a header: browsers. */
    String TOKEN_PROTOCOL = "base64url.bearer.authorization.k8s.io.";

    /** The method, in the letter case it was sent. */
    String method();

    /** The path as it was sent, still escaped, without the query. Begins with a slash. */
    String path();

    /** The query as it was sent, without the question mark; null if there is none. */
    @Nullable String query();

    /** The values of a header in the order sent; empty if there is none. */
    List<String> headers(String name);

    /** The names of the headers that were sent, each once, in any letter case. */
    Collection<String> headerNames();

    /** Whether a header was sent whose name begins so, in any letter case. */
    default boolean hasHeaderLike(String prefix) {
        for (String name : headerNames()) {
            if (name.regionMatches(true, 0, prefix, 0, prefix.length())) {
                return true;
            }
        }
        return false;
    }

    /** The first value of a header; null if there is none. */
    default @Nullable String header(String name) {
        List<String> values = headers(name);
        return values.isEmpty() ? null : values.get(0);
    }

    /** The address by which the client reached this server, such as {@code 127.0.0.1:6443}. */
    String authority();

    /** The address that the connection comes from, without its port; empty if there is none. */
    default String remoteAddress() {
        return "";
    }

    /** The certificate that the client has proved to hold the key of; null if it showed none. */
    @Nullable X509Certificate clientCertificate();

    /** Whether the caller is this process itself, which needs no credentials. */
    boolean inProcess();

    /** Whether the thread that brings this call serves other callers too, so that it must not wait for anything. */
    default boolean holdsUpOthers() {
        return false;
    }

    /**
     * Reads the whole body.
     *
     * @param limit how many bytes it may have
     * @return the body; fails with {@link BodyTooLargeException}, or otherwise if the client has gone
     */
    CompletionStage<byte[]> body(int limit);

    /** Answers with a whole body. */
    void answer(HttpAnswer answer);

    /**
     * Answers with a body that goes out piece by piece.
     *
     * @param head status and headers; its body is not used
     */
    HttpStream stream(HttpAnswer head);

    /** The WebSocket subprotocols that the client offers, in its order; the one that carries its token is none. */
    default List<String> offeredProtocols() {
        return words("Sec-WebSocket-Protocol").stream()
                .filter(protocol -> !protocol.startsWith(TOKEN_PROTOCOL))
                .toList();
    }

    /** The values of a header that may be a list, or may be given several times. */
    default List<String> words(String name) {
        List<String> words = new ArrayList<>();
        for (String header : headers(name)) {
            for (String word : header.split(",", -1)) {
                if (!word.isBlank()) {
                    words.add(word.strip());
                }
            }
        }
        return words;
    }

    /** Whether the client asks to speak WebSocket from here on. */
    boolean wantsWebSocket();

    /**
     * Accepts the upgrade to WebSocket.
     *
     * @param protocol the subprotocol chosen among those offered; null for none
     * @param listener receives what follows
     */
    void upgrade(@Nullable String protocol, WebSocketListener listener);

    /** The protocol that the client asks to speak from here on, as it writes it; empty for none. */
    String upgradeWish();

    /**
     * Accepts the upgrade to a protocol that is no business of the transport.
     *
     * @param head 101 and headers; its body is not used
     * @param listener receives what follows
     */
    void upgrade(HttpAnswer head, ByteListener listener);

    /** A response body that goes out piece by piece. Safe for concurrent use. */
    interface HttpStream {
        /** Sends a piece. The stage completes when the transport has taken it; it fails when the client is gone. */
        CompletionStage<Void> write(byte[] piece);

        /** Ends the body after what was written before. */
        void end();

        /** Breaks the body off, so that the client can tell. */
        void abort();

        /** Registers what to do, once, when the stream has ended, by whichever side; at once if it has already. */
        void onClosed(Runnable action);
    }

    /** A body exceeds the limit. */
    final class BodyTooLargeException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BodyTooLargeException(int limit) {
            super("limit is " + limit);
        }
    }
}
