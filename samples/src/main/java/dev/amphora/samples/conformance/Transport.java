package dev.amphora.samples.conformance;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Carries requests to an API server, byte for byte as they are given. Safe for concurrent use. */
interface Transport extends AutoCloseable {

    /**
     * A request as it is sent.
     *
     * @param target path and query, escaped as they are
     * @param headers in the order sent, without Host and Content-Length
     * @param body null if there is none
     */
    record Request(String method, String target, List<Map.Entry<String, String>> headers, @Nullable Body body) {
        byte[] bytes() {
            return body == null ? new byte[0] : body.bytes;
        }
    }

    /** What a request carries; may be empty. */
    final class Body {
        private final byte[] bytes;

        Body(byte[] bytes) {
            this.bytes = bytes;
        }
    }

    /** Receives an answer piece by piece. */
    interface Listener {
        /** The answer begins. */
        void onHead(int status, Map<String, List<String>> headers);

        /** A piece of the body. */
        void onBytes(byte[] piece);

        /** Nothing more comes, for whatever reason. */
        void onEnd();
    }

    /** Sends a request and waits for the whole answer; {@link Response#NONE} if none comes. */
    Response exchange(Request request);

    /**
     * Sends a request whose answer may take long.
     *
     * @return goes away from it
     */
    Runnable open(Request request, Listener listener);

    /** Whether the server's headers about the connection itself, such as Date, are to be seen. */
    boolean showsConnection();

    /** {@code host:port} for those who open connections of their own; throws {@link SkipException} if there is no such thing. */
    String authority();

    @Override
    void close();
}
