package dev.amphora.rest;

import com.google.common.util.concurrent.MoreExecutors;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.StandardHttpClient;
import io.fabric8.kubernetes.client.http.StandardHttpClientBuilder;
import io.fabric8.kubernetes.client.http.StandardHttpRequest;
import io.fabric8.kubernetes.client.http.StandardWebSocketBuilder;
import io.fabric8.kubernetes.client.http.WebSocket;
import io.fabric8.kubernetes.client.http.WebSocketResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/** The fabric8 client's transport into this process. */
final class InProcessClient
        extends StandardHttpClient<InProcessClient, InProcessClient.Factory, InProcessClient.Builder> {
    private final RestApi api;

    private InProcessClient(Builder builder, AtomicBoolean closed) {
        super(builder, closed);
        api = builder.api;
    }

    /** An executor that runs one task at a time, off the caller's thread. */
    private Executor serial() {
        return MoreExecutors.newSequentialExecutor(api.kernel.blocking());
    }

    @Override
    public CompletableFuture<HttpResponse<AsyncBody>> consumeBytesDirect(
            StandardHttpRequest request, AsyncBody.Consumer<List<ByteBuffer>> consumer) {
        InProcessCall call = InProcessCall.plain(request, consumer, serial());
        api.handle(call);
        return call.response();
    }

    @Override
    public CompletableFuture<WebSocketResponse> buildWebSocketDirect(
            StandardWebSocketBuilder webSocketBuilder, WebSocket.Listener listener) {
        InProcessCall call = InProcessCall.webSocket(
                webSocketBuilder.asHttpRequest(), webSocketBuilder.getSubprotocol(), listener, serial());
        api.handle(call);
        return call.webSocketResponse();
    }

    @Override
    protected void doClose() {}

    /** Makes clients. */
    static final class Factory implements HttpClient.Factory {
        private final RestApi api;

        Factory(RestApi api) {
            this.api = api;
        }

        @Override
        public Builder newBuilder() {
            return new Builder(this, api);
        }
    }

    /** Collects a client's settings. */
    static final class Builder extends StandardHttpClientBuilder<InProcessClient, Factory, Builder> {
        private final RestApi api;

        private Builder(Factory factory, RestApi api) {
            super(factory);
            this.api = api;
        }

        @Override
        public InProcessClient build() {
            return new InProcessClient(this, client == null ? new AtomicBoolean() : client.getClosed());
        }

        @Override
        protected Builder newInstance(Factory factory) {
            return new Builder(factory, api);
        }
    }
}
