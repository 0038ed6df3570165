package dev.amphora.rest;

import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.WebSocketListener;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A request put straight into the HTTP face, with whatever bytes in its parts, and what came of it. */
final class DirectCall implements HttpCall {
    private final String method;
    private final String path;
    private final String query;
    private final Map<String, List<String>> headers = new LinkedHashMap<>();
    private final byte[] body;
    private final CompletableFuture<HttpAnswer> head = new CompletableFuture<>();
    private final ByteArrayOutputStream streamed = new ByteArrayOutputStream();
    private final List<Runnable> closeActions = new ArrayList<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private boolean streaming;
    private boolean closed;
    private X509Certificate certificate;

    DirectCall(String method, String target, byte[] body) {
        int mark = target.indexOf('?');
        this.method = method;
        String whole = mark < 0 ? target : target.substring(0, mark);
        this.path = whole.startsWith("/") ? whole : "/" + whole;
        this.query = mark < 0 ? null : target.substring(mark + 1);
        this.body = body;
    }

    /** A request of the administrator. */
    static DirectCall admin(String method, String target, String contentType, byte[] body) {
        return new DirectCall(method, target, body)
                .with("Authorization", "Bearer admin")
                .with("Content-Type", contentType);
    }

    DirectCall with(String name, String value) {
        headers.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        return this;
    }

    /** The same with a certificate that the client has proved to hold the key of. */
    DirectCall showing(X509Certificate shown) {
        certificate = shown;
        return this;
    }

    /** Lets the face answer; the beginning of the answer. */
    HttpAnswer run(RestApi api) throws Exception {
        api.handle(this);
        return head.get(60, TimeUnit.SECONDS);
    }

    /** The same request as it goes over a connection. */
    byte[] bytes() {
        StringBuilder text = new StringBuilder(method.isEmpty() ? "GET" : method)
                .append(' ')
                .append(path)
                .append(query == null ? "" : "?" + query)
                .append(" HTTP/1.1\r\nHost: localhost\r\n");
        headers.forEach((name, values) -> values.forEach(
                value -> text.append(name).append(": ").append(value).append("\r\n")));
        text.append("Content-Length: ").append(body.length).append("\r\n\r\n");
        byte[] start = text.toString().getBytes(StandardCharsets.UTF_8);
        byte[] all = java.util.Arrays.copyOf(start, start.length + body.length);
        System.arraycopy(body, 0, all, start.length, body.length);
        return all;
    }

    /** What was streamed until now. */
    synchronized byte[] streamed() {
        return streamed.toByteArray();
    }

    synchronized boolean isStreaming() {
        return streaming;
    }

    /** Whether the answer's body ended by itself in time. */
    boolean endsWithin(long millis) throws Exception {
        try {
            ended.get(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    /** The client goes away. */
    void hangUp() {
        List<Runnable> actions;
        synchronized (this) {
            closed = true;
            actions = List.copyOf(closeActions);
            closeActions.clear();
        }
        actions.forEach(Runnable::run);
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
    public String query() {
        return query;
    }

    @Override
    public List<String> headers(String name) {
        for (Map.Entry<String, List<String>> header : headers.entrySet()) {
            if (header.getKey().equalsIgnoreCase(name)) {
                return header.getValue();
            }
        }
        return List.of();
    }

    @Override
    public Collection<String> headerNames() {
        return headers.keySet();
    }

    @Override
    public String authority() {
        return "127.0.0.1:443";
    }

    @Override
    public X509Certificate clientCertificate() {
        return certificate;
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
        complete(answer);
    }

    private void complete(HttpAnswer answer) {
        if (!head.complete(answer)) {
            throw new IllegalStateException("answered twice");
        }
    }

    @Override
    public HttpStream stream(HttpAnswer answer) {
        synchronized (this) {
            streaming = true;
        }
        complete(answer);
        return new HttpStream() {
            @Override
            public CompletionStage<Void> write(byte[] piece) {
                synchronized (DirectCall.this) {
                    if (closed) {
                        return CompletableFuture.failedFuture(new IllegalStateException("closed"));
                    }
                    streamed.writeBytes(piece);
                }
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public void end() {
                ended.complete(null);
                hangUp();
            }

            @Override
            public void abort() {
                end();
            }

            @Override
            public void onClosed(Runnable action) {
                synchronized (DirectCall.this) {
                    if (!closed) {
                        closeActions.add(action);
                        return;
                    }
                }
                action.run();
            }
        };
    }

    @Override
    public boolean wantsWebSocket() {
        return "websocket".equals(header("Upgrade"));
    }

    @Override
    public void upgrade(String protocol, WebSocketListener listener) {
        complete(new HttpAnswer(101, new byte[0]));
        listener.onClosed();
    }

    @Override
    public String upgradeWish() {
        String wish = header("Upgrade");
        return wish == null ? "" : wish;
    }

    @Override
    public void upgrade(HttpAnswer answer, ByteListener bytes) {
        complete(answer);
        bytes.onClosed();
    }

    @Override
    public String toString() {
        String text = new String(body, StandardCharsets.UTF_8);
        return method + " " + path + (query == null ? "" : "?" + query) + " " + headers + " "
                + (text.length() > 2000 ? text.substring(0, 2000) + "... of " + text.length() : text);
    }
}
