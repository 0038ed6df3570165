package dev.amphora.rest;

import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.WebSocketListener;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Requests without a socket from callers that are not trusted for being in this process: they show bearer tokens or nothing, and get
 * byte for byte what callers over the network get, but for the headers of the connection itself. For tests, gateways and load
 * generators; programs that are the cluster's own use {@link InProcess}. Safe for concurrent use.
 */
public final class LocalConnection {
    private static final String AUTHORITY = "127.0.0.1:443";

    private final RestApi api;

    /** A way into an API. */
    public LocalConnection(RestApi api) {
        this.api = api;
    }

    /** Receives an answer. Calls come one at a time, in this order, on the caller's thread or another. */
    public interface Listener {
        /**
         * The answer begins.
         *
         * @param headers in the order sent; a name may come more than once
         */
        void onHead(int status, List<Map.Entry<String, String>> headers);

        /** A piece of the body. */
        void onBytes(byte[] piece);

        /** Nothing more comes. */
        void onEnd();
    }

    /**
     * Sends a request.
     *
     * @param target path and query as they would stand in the request line
     * @param headers in the order sent
     * @param body may be empty
     * @param listener receives the answer
     * @return ends the exchange, as a client that goes away does; without effect once the answer has ended
     */
    public Runnable send(
            String method, String target, List<Map.Entry<String, String>> headers, byte[] body, Listener listener) {
        Call call = new Call(method, target, headers, body, listener);
        api.handle(call);
        return call.stream::cancel;
    }

    /** One exchange. */
    private static final class Call implements HttpCall {
        private final String method;
        private final String path;
        private final @Nullable String query;
        private final List<Map.Entry<String, String>> headers;
        private final byte[] body;
        private final Stream stream;

        Call(String method, String target, List<Map.Entry<String, String>> headers, byte[] body, Listener listener) {
            String local = target.startsWith("/") ? target : withoutAuthority(target);
            int mark = local.indexOf('?');
            this.method = method;
            this.path = mark < 0 ? local : local.substring(0, mark);
            this.query = mark < 0 ? null : local.substring(mark + 1);
            this.headers = List.copyOf(headers);
            this.body = body.clone();
            this.stream = new Stream(listener);
        }

        private static String withoutAuthority(String target) {
            URI uri = URI.create(target);
            String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
            return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
        }

        @Override
        public String method() {
            return method;
        }

        @Override
        public String path() {
            return path;
        }

        @Override
        public @Nullable String query() {
            return query;
        }

        @Override
        public List<String> headers(String name) {
            List<String> values = new ArrayList<>();
            for (Map.Entry<String, String> header : headers) {
                if (header.getKey().equalsIgnoreCase(name)) {
                    values.add(header.getValue());
                }
            }
            return values;
        }

        @Override
        public Collection<String> headerNames() {
            Set<String> seen = new LinkedHashSet<>();
            List<String> names = new ArrayList<>();
            for (Map.Entry<String, String> header : headers) {
                if (seen.add(header.getKey().toLowerCase(Locale.ROOT))) {
                    names.add(header.getKey());
                }
            }
            return names;
        }

        @Override
        public String authority() {
            return AUTHORITY;
        }

        @Override
        public @Nullable X509Certificate clientCertificate() {
            return null;
        }

        @Override
        public boolean inProcess() {
            return false;
        }

        @Override
        public CompletionStage<byte[]> body(int limit) {
            return body.length > limit
                    ? CompletableFuture.failedFuture(new BodyTooLargeException(limit))
                    : CompletableFuture.completedFuture(body);
        }

        @Override
        public void answer(HttpAnswer answer) {
            stream.head(answer);
            if (!method.equals("HEAD")) {
                stream.write(answer.body());
            }
            stream.end();
        }

        @Override
        public HttpStream stream(HttpAnswer head) {
            stream.head(head);
            return stream;
        }

        @Override
        public boolean wantsWebSocket() {
            return false;
        }

        @Override
        public void upgrade(@Nullable String protocol, WebSocketListener listener) {
            throw new IllegalStateException("no WebSocket was asked for");
        }

        @Override
        public String upgradeWish() {
            return "";
        }

        @Override
        public void upgrade(HttpAnswer head, ByteListener listener) {
            throw new IllegalStateException("no upgrade was asked for");
        }
    }

    /** The answer on its way. Pieces are handed over as they come: the listener holds what it is not ready for. */
    private static final class Stream implements HttpCall.HttpStream {
        private final Listener listener;
        private final List<Runnable> closeActions = new ArrayList<>();
        private boolean closed;

        Stream(Listener listener) {
            this.listener = listener;
        }

        synchronized void head(HttpAnswer head) {
            if (!closed) {
                listener.onHead(head.status(), List.copyOf(head.headers()));
            }
        }

        @Override
        public synchronized CompletionStage<Void> write(byte[] piece) {
            if (closed) {
                return CompletableFuture.failedFuture(new IllegalStateException("the caller has gone"));
            }
            if (piece.length > 0) {
                listener.onBytes(piece);
            }
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void end() {
            close(true);
        }

        @Override
        public void abort() {
            close(true);
        }

        void cancel() {
            close(false);
        }

        private void close(boolean tell) {
            List<Runnable> actions;
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
                actions = List.copyOf(closeActions);
                closeActions.clear();
                if (tell) {
                    listener.onEnd();
                }
            }
            actions.forEach(Runnable::run);
        }

        @Override
        public void onClosed(Runnable action) {
            synchronized (this) {
                if (!closed) {
                    closeActions.add(action);
                    return;
                }
            }
            action.run();
        }
    }
}
