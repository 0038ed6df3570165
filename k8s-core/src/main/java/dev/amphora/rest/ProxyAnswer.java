package dev.amphora.rest;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.rest.NodeConnections.Page;
import dev.amphora.stream.SocketLink;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** {@code pods/proxy}, {@code services/proxy} and {@code nodes/proxy}: passes a request on, and its answer back, as fast as the client takes it. */
final class ProxyAnswer {
    private final RestApi api;
    private final Exchange exchange;
    private final HttpCall call;
    private final ApiRequest request;

    ProxyAnswer(RestApi api, Exchange exchange, HttpCall call, ApiRequest request) {
        this.api = api;
        this.exchange = exchange;
        this.call = call;
        this.request = request;
    }

    void run(byte[] body) {
        api.apiServer.connect(
                request, ConnectOptions.kind(request), ConnectOptions.of(request, exchange.query(), path()));
        ProxyTarget target = ProxyTarget.find(api.apiServer.objects(), request, api.kernel.random());
        // of the protocols that HTTP may be left for, its own second version is the other end's client's business
        String wish = call.upgradeWish().equals("h2c") ? "" : call.upgradeWish();
        boolean reads = call.method().equals("GET") || call.method().equals("HEAD");
        if (call.path().endsWith("/proxy") && reads && wish.isEmpty()) {
            String query = call.query() == null ? "" : "?" + call.query();
            call.answer(exchange.head(new HttpAnswer(301, new byte[0]).with("Location", call.path() + "/" + query)));
            return;
        }
        String path = path() + (call.query() == null ? "" : "?" + call.query());
        OutsideKubelet outside = target.kubelet().isEmpty() ? null : api.outside(target.kubelet(), false);
        if (outside != null) {
            if (wish.isEmpty()) {
                forward(target.at(outside.address()), outside.http(), path, body);
            } else {
                upgrade(outside.dial(), outside.address().toString(), path);
            }
        } else if (!target.kubelet().isEmpty()) {
            CompletionStage<Page> page = api.nodes.page(target.kubelet(), call.method(), path);
            page.whenComplete((found, failure) -> {
                if (failure != null) {
                    unreachable(failure);
                } else {
                    call.answer(exchange.head(
                            new HttpAnswer(found.status(), found.body()).with("Content-Type", found.contentType())));
                }
            });
        } else if (wish.isEmpty()) {
            forward(target, api.upstream.client(), path, body);
        } else {
            upgrade(target, path);
        }
    }

    private void upgrade(ProxyTarget target, String path) {
        if (target.https()) {
            unreachable(new IOException("no upgrade of a connection with TLS"));
            return;
        }
        InetSocketAddress address = new InetSocketAddress(target.host(), target.actualPort());
        upgrade(received -> SocketLink.connect(address, received, api.kernel.blocking()), target.authority(), path);
    }

    private void upgrade(ProxyUpgrade.Dial dial, String authority, String path) {
        new ProxyUpgrade(call, dial, ProxyUpgrade.question(call, authority, path), this::unreachable).run();
    }

    /** The path at the other end, as it was sent: a slash at the least. */
    private String path() {
        String sent = call.path();
        int at = sent.indexOf("/proxy/", sent.indexOf(request.resource()));
        return at < 0 ? "/" : sent.substring(at + "/proxy".length());
    }

    private void forward(ProxyTarget target, HttpClient client, String path, byte[] body) {
        HttpRequest.Builder builder;
        try {
            builder = HttpRequest.newBuilder(
                    URI.create((target.https() ? "https://" : "http://") + target.authority() + path));
        } catch (IllegalArgumentException e) {
            unreachable(e);
            return;
        }
        builder.method(
                call.method(),
                body.length == 0 ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body));
        for (String name : call.headerNames()) {
            if (!HopHeaders.stays(name)) {
                call.headers(name).forEach(value -> builder.header(name, value));
            }
        }
        builder.header("X-Forwarded-Host", call.authority());
        builder.header("X-Forwarded-Proto", "https");
        builder.header("X-Forwarded-Uri", call.path());
        client.sendAsync(builder.build(), HttpResponse.BodyHandlers.ofPublisher())
                .whenComplete((answer, failure) -> {
                    if (failure != null) {
                        unreachable(dialled(target, failure));
                    } else {
                        pass(target, answer);
                    }
                });
    }

    private static Throwable dialled(ProxyTarget target, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof ConnectException
                ? new IOException(
                        SocketLink.dialError(new InetSocketAddress(target.host(), target.actualPort()), cause), cause)
                : cause;
    }

    private void pass(ProxyTarget target, HttpResponse<Flow.Publisher<List<ByteBuffer>>> answer) {
        HttpAnswer head = new HttpAnswer(answer.statusCode(), new byte[0]);
        for (Map.Entry<String, List<String>> header : answer.headers().map().entrySet()) {
            String name = header.getKey();
            if (name.startsWith(":") || HopHeaders.stays(name)) {
                continue;
            }
            for (String value : header.getValue()) {
                head.with(name, name.equalsIgnoreCase("Location") ? location(target, value) : value);
            }
        }
        exchange.head(head);
        boolean bodiless = call.method().equals("HEAD")
                || answer.statusCode() == 204
                || answer.statusCode() == 304
                || answer.headers().firstValue("Content-Length").orElse("").equals("0");
        if (bodiless) {
            call.answer(head);
        } else {
            HttpCall.HttpStream stream = call.stream(head);
            stream.write(new byte[0]);
            answer.body().subscribe(new Passing(stream));
        }
    }

    /** A redirect within the other end leads back through the proxy. */
    private String location(ProxyTarget target, String location) {
        try {
            URI uri = URI.create(location);
            if (uri.getHost() != null && !target.authority().equals(uri.getAuthority())) {
                return location;
            }
            if (uri.getHost() == null && !location.startsWith("/")) {
                return location;
            }
            String sent = call.path();
            int at = sent.indexOf("/proxy/", sent.indexOf(request.resource()));
            String prefix = at < 0 ? sent : sent.substring(0, at + "/proxy".length());
            return prefix + uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
        } catch (IllegalArgumentException e) {
            return location;
        }
    }

    private void unreachable(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof StatusException status) {
            exchange.refuse(status);
            return;
        }
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        exchange.refuse(ProxyTarget.unavailable("error trying to reach service: " + why));
    }
}
