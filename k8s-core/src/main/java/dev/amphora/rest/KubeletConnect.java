package dev.amphora.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.amphora.api.StatusException;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.ChannelCommand;
import dev.amphora.rest.remote.KubeletFailure;
import dev.amphora.rest.remote.SpdyCommand;
import dev.amphora.rest.remote.SpdyCommandClient;
import dev.amphora.rest.remote.SpdyPortForward;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.net.URLEncoder;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Commands, containers' own streams and ports of pods whose kubelet is in another process. What the kubelet speaks itself passes through
 * byte for byte; the protocols that only API servers know are turned into SPDY, as with the reference: the fifth version of the channels,
 * and ports within a WebSocket.
 */
final class KubeletConnect {
    private final Exchange exchange;
    private final HttpCall call;
    private final ApiRequest request;
    private final OutsideKubelet kubelet;

    KubeletConnect(Exchange exchange, HttpCall call, ApiRequest request, OutsideKubelet kubelet) {
        this.exchange = exchange;
        this.call = call;
        this.request = request;
        this.kubelet = kubelet;
    }

    /** Runs a command, or joins the container's own streams. */
    void command(String container, List<String> words, Streams streams, boolean wantsStderr) {
        StringBuilder path = new StringBuilder(
                "/%s/%s/%s/%s".formatted(request.subresource(), request.namespace(), request.name(), container));
        char separator = '?';
        for (String word : words) {
            path.append(separator).append("command=").append(escaped(word));
            separator = '&';
        }
        if (streams.stdin()) {
            path.append(separator).append("input=1");
            separator = '&';
        }
        if (streams.stdout()) {
            path.append(separator).append("output=1");
            separator = '&';
        }
        if (wantsStderr) {
            path.append(separator).append("error=1");
            separator = '&';
        }
        if (streams.tty()) {
            path.append(separator).append("tty=1");
        }
        String protocol = ChannelCommand.PROTOCOLS.get(0);
        if (call.wantsWebSocket() && call.offeredProtocols().contains(protocol)) {
            call.upgrade(protocol, new ChannelCommand(protocol, streams, starter(path.toString(), streams)));
        } else {
            passThrough(path.toString());
        }
    }

    /** A command of the kubelet's, for a client whose protocol it doesn't speak. */
    private CompletionStage<Session.Starter> starter(String path, Streams streams) {
        return KubeletHandshake.ask(kubelet.dial(), question(path, String.join(", ", SpdyCommand.PROTOCOLS)))
                .handle((agreed, failure) -> {
                    if (failure != null) {
                        return CompletableFuture.<Session.Starter>failedFuture(told(failure));
                    }
                    return CompletableFuture.<Session.Starter>completedFuture(output ->
                            CompletableFuture.completedFuture(SpdyCommandClient.start(streams, output, agreed::join)));
                })
                .thenCompose(stage -> stage);
    }

    /** Forwards ports. */
    void forward() {
        String path = "/portForward/%s/%s".formatted(request.namespace(), request.name());
        if (!call.wantsWebSocket() || !call.offeredProtocols().contains(SpdyPortForward.TUNNEL_PROTOCOL)) {
            passThrough(call.query() == null ? path : path + "?" + call.query());
            return;
        }
        KubeletHandshake.ask(kubelet.dial(), question(path, SpdyPortForward.PROTOCOL))
                .whenComplete((agreed, failure) -> {
                    if (failure == null) {
                        call.upgrade(SpdyPortForward.TUNNEL_PROTOCOL, SpdyPortForward.tunnelling(new Piped(agreed)));
                    } else {
                        refuse(failure);
                    }
                });
    }

    private void passThrough(String path) {
        new ProxyUpgrade(
                        call,
                        kubelet.dial(),
                        ProxyUpgrade.question(call, kubelet.address().toString(), path),
                        this::refuse)
                .run();
    }

    private void refuse(Throwable failure) {
        Throwable cause = DialFailure.cause(failure);
        if (cause instanceof StatusException status) {
            exchange.answer(HttpAnswer.text(
                    status.code(), String.valueOf(status.status().getMessage())));
        } else {
            exchange.refuse(StatusException.of(500, "", kubelet.dialError(cause), null));
        }
    }

    private Throwable told(Throwable failure) {
        Throwable cause = DialFailure.cause(failure);
        return cause instanceof StatusException ? cause : new KubeletFailure(kubelet.dialError(cause), null);
    }

    private byte[] question(String path, String protocols) {
        return ("POST " + path + " HTTP/1.1\r\nHost: " + kubelet.address()
                        + "\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: " + protocols
                        + "\r\nContent-Length: 0\r\n\r\n")
                .getBytes(ISO_8859_1);
    }

    /** Text as a query may hold it. */
    static String escaped(String text) {
        return URLEncoder.encode(text, UTF_8);
    }

    /** What a client sends goes to the kubelet, and the other way round. */
    private record Piped(KubeletHandshake.Agreed agreed) implements ByteListener {
        @Override
        public void onOpen(ByteSink out) {
            agreed.received().connect(out);
        }

        @Override
        public CompletionStage<?> onBytes(byte[] bytes) {
            return agreed.out().write(bytes);
        }

        @Override
        public void onClosed() {
            agreed.out().abort();
        }
    }
}
