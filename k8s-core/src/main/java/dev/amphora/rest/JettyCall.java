package dev.amphora.rest;

import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.WebSocketListener;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** An exchange that came through Jetty. */
final class JettyCall implements HttpCall {
    /** Longer bodies, unless their length is stated, go out in chunks, as Go's server sends them. */
    private static final int LONGEST_COUNTED = 2048;

    private static final byte[] NOTHING = new byte[0];
    private static final int NOT_MODIFIED = 304;
    private static final int INTERNAL_ERROR = 500;
    private static final int MOST_DISCARDED = 64 << 20;

    private final Request request;
    private final Response response;
    private final Callback callback;
    private final JettyWebSockets webSockets;

    JettyCall(Request request, Response response, Callback callback, JettyWebSockets webSockets) {
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.webSockets = webSockets;
    }

    @Override
    public String method() {
        return request.getMethod();
    }

    @Override
    public String path() {
        String path = request.getHttpURI().getPath();
        return path == null || path.isEmpty() ? "/" : path;
    }

    @Override
    public @Nullable String query() {
        return request.getHttpURI().getQuery();
    }

    @Override
    public List<String> headers(String name) {
        return request.getHeaders().getValuesList(name);
    }

    @Override
    public @Nullable String header(String name) {
        HttpField field = request.getHeaders().getField(name);
        return field == null ? null : field.getValue();
    }

    @Override
    public boolean hasHeaderLike(String prefix) {
        for (HttpField field : request.getHeaders()) {
            if (field.getName().regionMatches(true, 0, prefix, 0, prefix.length())) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Collection<String> headerNames() {
        return request.getHeaders().getFieldNamesCollection();
    }

    @Override
    public String authority() {
        return Request.getLocalAddr(request) + ":" + Request.getLocalPort(request);
    }

    @Override
    public String remoteAddress() {
        String address = Request.getRemoteAddr(request);
        return address == null ? "" : address;
    }

    @Override
    public @Nullable X509Certificate clientCertificate() {
        if (request.getAttribute(EndPoint.SslSessionData.ATTRIBUTE) instanceof EndPoint.SslSessionData session) {
            X509Certificate[] chain = session.peerCertificates();
            return chain == null || chain.length == 0 ? null : chain[0];
        }
        return null;
    }

    @Override
    public boolean inProcess() {
        return false;
    }

    @Override
    public boolean holdsUpOthers() {
        return true;
    }

    @Override
    public CompletionStage<byte[]> body(int limit) {
        Body body = new Body(limit);
        body.read();
        return body.whole;
    }

    @Override
    public void answer(HttpAnswer answer) {
        fill(answer);
        if (answer.status() == INTERNAL_ERROR) {
            request.addHttpStreamWrapper(FullReason::new);
        }
        if ((answer.isChunked() || answer.body().length > LONGEST_COUNTED)
                && answer.header("Content-Length") == null
                && request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1) {
            response.getHeaders().put(HttpHeader.TRANSFER_ENCODING, "chunked");
        }
        if (answer.status() == NOT_MODIFIED) {
            // The server states a length of zero when it sees the end at once.
            response.write(
                    false,
                    ByteBuffer.allocate(0),
                    Callback.from(() -> response.write(true, ByteBuffer.allocate(0), callback), callback::failed));
            return;
        }
        response.write(true, ByteBuffer.wrap(answer.body()), callback);
    }

    @Override
    public HttpCall.HttpStream stream(HttpAnswer head) {
        fill(head);
        return new Stream();
    }

    @Override
    public boolean wantsWebSocket() {
        return request.getHeaders().contains(HttpHeader.UPGRADE, "websocket")
                && request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1;
    }

    @Override
    public void upgrade(@Nullable String protocol, WebSocketListener listener) {
        webSockets.upgrade(request, response, callback, protocol, listener);
    }

    @Override
    public String upgradeWish() {
        boolean connects = words("Connection").stream().anyMatch(word -> word.equalsIgnoreCase("Upgrade"));
        String wish = header("Upgrade");
        return wish == null || !connects || request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_1_1
                ? ""
                : wish.strip();
    }

    @Override
    public void upgrade(HttpAnswer head, ByteListener listener) {
        fill(head);
        JettyBytes bytes = new JettyBytes(
                request.getConnectionMetaData().getConnection().getEndPoint(),
                request.getComponents().getExecutor(),
                listener);
        request.setAttribute(org.eclipse.jetty.server.HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, bytes);
        response.write(true, ByteBuffer.allocate(0), Callback.from(callback::succeeded, failure -> {
            bytes.close();
            callback.failed(failure);
        }));
    }

    private void fill(HttpAnswer answer) {
        response.setStatus(answer.status());
        HttpFields.Mutable headers = response.getHeaders();
        for (Map.Entry<String, String> header : answer.headers()) {
            boolean says = header.getKey().equalsIgnoreCase("Warning");
            headers.add(header.getKey(), says ? asBytes(header.getValue()) : header.getValue());
        }
    }

    /** The text as the standard's server sends it, in UTF-8: Jetty writes a byte for each character. */
    private static String asBytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** Sends the reason phrase of the standard with a 500, where Jetty has a shorter one. */
    private static final class FullReason extends org.eclipse.jetty.server.HttpStream.Wrapper {
        FullReason(org.eclipse.jetty.server.HttpStream wrapped) {
            super(wrapped);
        }

        @Override
        public void send(
                MetaData.Request asked,
                MetaData.@Nullable Response head,
                boolean last,
                ByteBuffer content,
                Callback callback) {
            super.send(asked, head == null ? null : withReason(head), last, content, callback);
        }

        private static MetaData.Response withReason(MetaData.Response head) {
            return new MetaData.Response(
                    head.getStatus(),
                    "Internal Server Error",
                    head.getHttpVersion(),
                    head.getHttpFields(),
                    head.getContentLength(),
                    head.getTrailersSupplier());
        }
    }

    /**
     * Collects the body as it arrives. One that is too large is still taken in, up to a point, because many clients look for an answer
     * only once they have sent everything.
     */
    private final class Body {
        private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        private byte[] first = NOTHING;
        /** What came in more than one piece. */
        private @Nullable ByteArrayOutputStream bytes;

        private final int limit;
        private long length;

        Body(int limit) {
            this.limit = limit;
        }

        void read() {
            while (true) {
                Content.Chunk chunk = request.read();
                if (chunk == null) {
                    request.demand(this::read);
                    return;
                }
                if (Content.Chunk.isFailure(chunk)) {
                    whole.completeExceptionally(chunk.getFailure());
                    return;
                }
                length += chunk.getByteBuffer().remaining();
                if (length <= limit) {
                    byte[] piece = new byte[chunk.getByteBuffer().remaining()];
                    chunk.getByteBuffer().get(piece);
                    add(piece);
                }
                chunk.release();
                if (length > limit && (chunk.isLast() || length > MOST_DISCARDED)) {
                    whole.completeExceptionally(new BodyTooLargeException(limit));
                    return;
                }
                if (chunk.isLast()) {
                    whole.complete(bytes == null ? first : bytes.toByteArray());
                    return;
                }
            }
        }

        private void add(byte[] piece) {
            if (piece.length == 0) {
                return;
            }
            if (bytes == null && first.length == 0) {
                first = piece;
                return;
            }
            if (bytes == null) {
                bytes = new ByteArrayOutputStream(2 * (first.length + piece.length));
                bytes.writeBytes(first);
            }
            bytes.writeBytes(piece);
        }
    }

    /**
     * A body in pieces. A client of HTTP/1.1 that goes away while nothing is being sent is noticed by reading its connection, which then
     * can't carry another request.
     *
     * <p>Chunks of HTTP/1.1 are framed here. Jetty would send the line that ends a chunk with the next one (jetty.project#154), and
     * clients that wait for it, such as urllib3, would see each event of a watch only when the next one comes.
     */
    private final class Stream extends OutQueue<byte[]> implements HttpCall.HttpStream {
        private static final byte[] LAST_CHUNK = {'0', '\r', '\n', '\r', '\n'};
        private final boolean framed = request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1;

        Stream() {
            request.addIdleTimeoutListener(timeout -> false);
            request.addFailureListener(failure -> close());
            if (request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_2) {
                response.getHeaders().put(HttpHeader.CONNECTION, "close");
                if (framed) {
                    // A header that Jetty doesn't know by itself, so that it leaves the body as it is.
                    response.getHeaders().put(new HttpField(null, HttpHeader.TRANSFER_ENCODING.asString(), "chunked"));
                }
                EndPoint endPoint =
                        request.getConnectionMetaData().getConnection().getEndPoint();
                endPoint.tryFillInterested(new Callback() {
                    @Override
                    public void succeeded() {
                        close();
                        callback.failed(new EOFException("the client has gone"));
                    }

                    @Override
                    public void failed(Throwable failure) {
                        close();
                    }
                });
            }
        }

        @Override
        public CompletionStage<Void> write(byte[] piece) {
            return offer(piece);
        }

        @Override
        public void end() {
            offerEnd();
        }

        @Override
        public void abort() {
            close();
            callback.failed(new IOException("broken off"));
        }

        @Override
        public void onClosed(Runnable action) {
            whenClosed(action);
        }

        @Override
        void send(byte[] piece, Consumer<@Nullable Throwable> done) {
            ByteBuffer bytes = framed && piece.length > 0 ? chunk(piece) : ByteBuffer.wrap(piece);
            response.write(false, bytes, Callback.from(() -> done.accept(null), failure -> {
                done.accept(failure);
                callback.failed(failure);
            }));
        }

        private static ByteBuffer chunk(byte[] piece) {
            byte[] length = Integer.toHexString(piece.length).getBytes(StandardCharsets.US_ASCII);
            return ByteBuffer.allocate(length.length + piece.length + 4)
                    .put(length)
                    .put(LAST_CHUNK, 1, 2)
                    .put(piece)
                    .put(LAST_CHUNK, 1, 2)
                    .flip();
        }

        @Override
        void finish() {
            response.write(true, ByteBuffer.wrap(framed ? LAST_CHUNK : new byte[0]), callback);
        }
    }
}
