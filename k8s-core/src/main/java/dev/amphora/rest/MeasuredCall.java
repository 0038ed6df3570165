package dev.amphora.rest;

import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.WebSocketConnection;
import dev.amphora.rest.remote.WebSocketListener;
import dev.amphora.stream.ByteSink;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A call whose answer others give as they like: what becomes of it is measured, and told to who audits. */
final class MeasuredCall implements HttpCall {
    private static final int SWITCHED = 101;

    private final HttpCall call;
    private final Measure measure;

    MeasuredCall(HttpCall call, Measure measure) {
        this.call = call;
        this.measure = measure;
    }

    @Override
    public void answer(HttpAnswer answer) {
        measure.answered(answer.status(), answer.body().length);
        call.answer(answer);
    }

    @Override
    public HttpStream stream(HttpAnswer head) {
        measure.runsLong();
        HttpStream stream = call.stream(head);
        stream.onClosed(() -> measure.ended(head.status()));
        return stream;
    }

    @Override
    public void upgrade(@Nullable String protocol, WebSocketListener listener) {
        measure.runsLong();
        call.upgrade(protocol, new WebSocketListener() {
            @Override
            public void onOpen(WebSocketConnection connection) {
                listener.onOpen(connection);
            }

            @Override
            public CompletionStage<?> onMessage(byte[] message, boolean text) {
                return listener.onMessage(message, text);
            }

            @Override
            public void onClosed() {
                measure.ended(SWITCHED);
                listener.onClosed();
            }
        });
    }

    @Override
    public void upgrade(HttpAnswer head, ByteListener listener) {
        measure.runsLong();
        call.upgrade(head, new ByteListener() {
            @Override
            public void onOpen(ByteSink out) {
                listener.onOpen(out);
            }

            @Override
            public CompletionStage<?> onBytes(byte[] bytes) {
                return listener.onBytes(bytes);
            }

            @Override
            public void onClosed() {
                measure.ended(SWITCHED);
                listener.onClosed();
            }
        });
    }

    // ---- what is asked ----------------------------------------------------------------------------------------------

    @Override
    public String method() {
        return call.method();
    }

    @Override
    public String path() {
        return call.path();
    }

    @Override
    public @Nullable String query() {
        return call.query();
    }

    @Override
    public List<String> headers(String name) {
        return call.headers(name);
    }

    @Override
    public @Nullable String header(String name) {
        return call.header(name);
    }

    @Override
    public Collection<String> headerNames() {
        return call.headerNames();
    }

    @Override
    public String authority() {
        return call.authority();
    }

    @Override
    public String remoteAddress() {
        return call.remoteAddress();
    }

    @Override
    public @Nullable X509Certificate clientCertificate() {
        return call.clientCertificate();
    }

    @Override
    public boolean inProcess() {
        return call.inProcess();
    }

    @Override
    public boolean holdsUpOthers() {
        return call.holdsUpOthers();
    }

    @Override
    public CompletionStage<byte[]> body(int limit) {
        return call.body(limit);
    }

    @Override
    public boolean wantsWebSocket() {
        return call.wantsWebSocket();
    }

    @Override
    public String upgradeWish() {
        return call.upgradeWish();
    }
}
