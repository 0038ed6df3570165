package dev.amphora.rest;

import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.WebSocketConnection;
import dev.amphora.rest.remote.WebSocketListener;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.StandardHttpHeaders;
import io.fabric8.kubernetes.client.http.StandardHttpRequest;
import io.fabric8.kubernetes.client.http.StandardHttpRequest.ByteArrayBodyContent;
import io.fabric8.kubernetes.client.http.StandardHttpRequest.InputStreamBodyContent;
import io.fabric8.kubernetes.client.http.StandardHttpRequest.StringBodyContent;
import io.fabric8.kubernetes.client.http.WebSocket;
import io.fabric8.kubernetes.client.http.WebSocketResponse;
import io.fabric8.kubernetes.client.http.WebSocketUpgradeResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An exchange with the fabric8 client in this process. */
final class InProcessCall implements HttpCall {
    private final StandardHttpRequest request;
    private final AsyncBody.@Nullable Consumer<List<ByteBuffer>> consumer;
    private final @Nullable String subprotocol;
    private final WebSocket.@Nullable Listener listener;
    private final Executor serial;
    private final CompletableFuture<HttpResponse<AsyncBody>> response = new CompletableFuture<>();
    private final CompletableFuture<WebSocketResponse> webSocketResponse = new CompletableFuture<>();

    private InProcessCall(
            StandardHttpRequest request,
            AsyncBody.@Nullable Consumer<List<ByteBuffer>> consumer,
            @Nullable String subprotocol,
            WebSocket.@Nullable Listener listener,
            Executor serial) {
        this.request = request;
        this.consumer = consumer;
        this.subprotocol = subprotocol;
        this.listener = listener;
        this.serial = serial;
    }

    static InProcessCall plain(
            StandardHttpRequest request, AsyncBody.Consumer<List<ByteBuffer>> consumer, Executor serial) {
        return new InProcessCall(request, consumer, null, null, serial);
    }

    static InProcessCall webSocket(
            StandardHttpRequest request, @Nullable String subprotocol, WebSocket.Listener listener, Executor serial) {
        return new InProcessCall(request, null, subprotocol, listener, serial);
    }

    CompletableFuture<HttpResponse<AsyncBody>> response() {
        return response;
    }

    CompletableFuture<WebSocketResponse> webSocketResponse() {
        return webSocketResponse;
    }

    @Override
    public String method() {
        return request.method();
    }

    @Override
    public String path() {
        String path = request.uri().getRawPath();
        return path == null || path.isEmpty() ? "/" : path;
    }

    @Override
    public @Nullable String query() {
        return request.uri().getRawQuery();
    }

    @Override
    public List<String> headers(String name) {
        if (name.equals("Sec-WebSocket-Protocol")) {
            return subprotocol == null ? List.of() : List.of(subprotocol);
        }
        if (name.equals("Content-Type") && request.getContentType() != null) {
            return List.of(request.getContentType());
        }
        for (Map.Entry<String, List<String>> header : request.headers().entrySet()) {
            if (header.getKey().equalsIgnoreCase(name)) {
                return header.getValue();
            }
        }
        return List.of();
    }

    @Override
    public Collection<String> headerNames() {
        return request.headers().keySet();
    }

    @Override
    public String authority() {
        URI uri = request.uri();
        return uri.getHost() + ":" + (uri.getPort() < 0 ? 443 : uri.getPort());
    }

    @Override
    public @Nullable X509Certificate clientCertificate() {
        return null;
    }

    @Override
    public boolean inProcess() {
        return true;
    }

    @Override
    public CompletionStage<byte[]> body(int limit) {
        CompletableFuture<byte[]> whole = new CompletableFuture<>();
        try {
            byte[] bytes = content(limit);
            if (bytes.length > limit) {
                whole.completeExceptionally(new BodyTooLargeException(limit));
            } else {
                whole.complete(bytes);
            }
        } catch (IOException e) {
            whole.completeExceptionally(e);
        }
        return whole;
    }

    private byte[] content(int limit) throws IOException {
        StandardHttpRequest.BodyContent body = request.body();
        if (body instanceof StringBodyContent text) {
            return text.getContent().getBytes(StandardCharsets.UTF_8);
        }
        if (body instanceof ByteArrayBodyContent bytes) {
            return bytes.getContent();
        }
        if (body instanceof InputStreamBodyContent stream) {
            try (InputStream in = stream.getContent()) {
                return in.readNBytes(limit + 1);
            }
        }
        return new byte[0];
    }

    @Override
    public void answer(HttpAnswer answer) {
        if (consumer == null) {
            webSocketResponse.complete(new WebSocketResponse(
                    new WebSocketUpgradeResponse(request, answer.status(), headers(answer)),
                    new IOException("the server answered " + answer.status())));
            return;
        }
        Body body = new Body(consumer, Runnable::run);
        response.complete(new Response(request, answer.status(), headers(answer), body));
        if (answer.body().length > 0) {
            body.write(answer.body());
        }
        body.end();
    }

    @Override
    public HttpStream stream(HttpAnswer head) {
        if (consumer == null) {
            answer(new HttpAnswer(400, new byte[0]));
            throw new IllegalStateException("a WebSocket was asked for");
        }
        Body body = new Body(consumer, serial);
        response.complete(new Response(request, head.status(), headers(head), body));
        return body;
    }

    @Override
    public boolean wantsWebSocket() {
        return listener != null;
    }

    @Override
    public void upgrade(@Nullable String protocol, WebSocketListener server) {
        if (listener == null) {
            throw new IllegalStateException("no WebSocket was asked for");
        }
        Socket socket = new Socket(listener, server, serial);
        Map<String, List<String>> headers =
                protocol == null ? Map.of() : Map.of("Sec-WebSocket-Protocol", List.of(protocol));
        webSocketResponse.complete(
                new WebSocketResponse(new WebSocketUpgradeResponse(request, 101, headers), socket.client()));
        serial.execute(socket::open);
    }

    @Override
    public String upgradeWish() {
        return listener == null ? "" : "websocket";
    }

    @Override
    public void upgrade(HttpAnswer head, ByteListener bytes) {
        throw new IllegalStateException("this client speaks WebSocket alone");
    }

    private static Map<String, List<String>> headers(HttpAnswer answer) {
        Map<String, List<String>> headers = new LinkedHashMap<>();
        for (Map.Entry<String, String> header : answer.headers()) {
            headers.computeIfAbsent(header.getKey().toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                    .add(header.getValue());
        }
        return headers;
    }

    /** Status, headers, and a body to be drawn. */
    private static final class Response extends StandardHttpHeaders implements HttpResponse<AsyncBody> {
        private final StandardHttpRequest request;
        private final int code;
        private final AsyncBody body;

        Response(StandardHttpRequest request, int code, Map<String, List<String>> headers, AsyncBody body) {
            super(headers);
            this.request = request;
            this.code = code;
            this.body = body;
        }

        @Override
        public int code() {
            return code;
        }

        @Override
        public AsyncBody body() {
            return body;
        }

        @Override
        public HttpRequest request() {
            return request;
        }

        @Override
        public Optional<HttpResponse<?>> previousResponse() {
            return Optional.empty();
        }
    }

    /** Lets one thing through for each time that the receiver asks. */
    private abstract static class Drawn<T> extends OutQueue<T> {
        private long wanted;
        private @Nullable T held;
        private @Nullable Consumer<@Nullable Throwable> heldDone;

        final void want() {
            T item;
            Consumer<@Nullable Throwable> done;
            synchronized (this) {
                item = held;
                done = heldDone;
                if (item == null || done == null) {
                    wanted++;
                    return;
                }
                held = null;
                heldDone = null;
            }
            pass(item, done);
        }

        @Override
        final void send(T item, Consumer<@Nullable Throwable> done) {
            synchronized (this) {
                if (wanted == 0) {
                    held = item;
                    heldDone = done;
                    return;
                }
                wanted--;
            }
            pass(item, done);
        }

        /** Hands over one item. */
        abstract void pass(T item, Consumer<@Nullable Throwable> done);
    }

    /** A body that the client draws piece by piece. */
    private static final class Body extends Drawn<byte[]> implements AsyncBody, HttpStream {
        private final AsyncBody.Consumer<List<ByteBuffer>> consumer;
        private final Executor executor;
        private final CompletableFuture<Void> done = new CompletableFuture<>();

        Body(AsyncBody.Consumer<List<ByteBuffer>> consumer, Executor executor) {
            this.consumer = consumer;
            this.executor = executor;
            whenClosed(
                    () -> executor.execute(() -> done.completeExceptionally(new EOFException("the body broke off"))));
        }

        @Override
        void pass(byte[] piece, java.util.function.Consumer<@Nullable Throwable> taken) {
            executor.execute(() -> {
                try {
                    consumer.consume(List.of(ByteBuffer.wrap(piece)), this);
                    taken.accept(null);
                } catch (Exception e) {
                    done.completeExceptionally(e);
                    taken.accept(e);
                }
            });
        }

        @Override
        void finish() {
            executor.execute(() -> done.complete(null));
        }

        @Override
        public CompletionStage<Void> write(byte[] piece) {
            return piece.length == 0 ? CompletableFuture.completedFuture(null) : offer(piece);
        }

        @Override
        public void end() {
            offerEnd();
        }

        @Override
        public void abort() {
            close();
        }

        @Override
        public void onClosed(Runnable action) {
            whenClosed(action);
        }

        @Override
        public void consume() {
            want();
        }

        @Override
        public CompletableFuture<Void> done() {
            return done;
        }

        @Override
        public void cancel() {
            close();
        }
    }

    private record Message(byte @Nullable [] content, boolean text, int closeCode, String closeReason) {}

    /** Both ends of one WebSocket. */
    private static final class Socket extends Drawn<Message> implements WebSocketConnection {
        private final WebSocket.Listener clientListener;
        private final WebSocketListener server;
        private final Executor executor;
        private final WebSocket clientEnd = new ClientEnd();

        Socket(WebSocket.Listener clientListener, WebSocketListener server, Executor executor) {
            this.clientListener = clientListener;
            this.server = server;
            this.executor = executor;
            whenClosed(server::onClosed);
        }

        WebSocket client() {
            return clientEnd;
        }

        void open() {
            clientListener.onOpen(clientEnd);
            want();
            server.onOpen(this);
        }

        @Override
        void pass(Message message, Consumer<@Nullable Throwable> taken) {
            executor.execute(() -> {
                taken.accept(null);
                if (message.content == null) {
                    clientListener.onClose(clientEnd, message.closeCode, message.closeReason);
                    close();
                } else if (message.text) {
                    clientListener.onMessage(clientEnd, new String(message.content, StandardCharsets.UTF_8));
                } else {
                    clientListener.onMessage(clientEnd, ByteBuffer.wrap(message.content));
                }
            });
        }

        @Override
        void finish() {}

        @Override
        public CompletionStage<Void> send(byte[] content, boolean text) {
            return offer(new Message(content, text, 0, ""));
        }

        @Override
        public void close(int code, String reason) {
            offer(new Message(null, false, code, reason));
        }

        @Override
        public void abort() {
            close();
            executor.execute(() -> clientListener.onError(clientEnd, new EOFException("the connection broke")));
        }

        /** What the client holds. */
        private final class ClientEnd implements WebSocket {
            private boolean closing;

            @Override
            public synchronized boolean send(ByteBuffer buffer) {
                if (closing) {
                    return false;
                }
                byte[] content = new byte[buffer.remaining()];
                buffer.duplicate().get(content);
                executor.execute(() -> server.onMessage(content, false));
                return true;
            }

            @Override
            public boolean sendClose(int code, String reason) {
                synchronized (this) {
                    if (closing) {
                        return false;
                    }
                    closing = true;
                }
                executor.execute(() -> {
                    close();
                    clientListener.onClose(this, code, reason);
                });
                return true;
            }

            @Override
            public long queueSize() {
                return 0;
            }

            @Override
            public void request() {
                want();
            }
        }
    }
}
