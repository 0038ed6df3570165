package dev.amphora.rest;

import com.google.common.collect.ArrayListMultimap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ListMultimap;
import com.google.common.net.HostAndPort;
import dev.amphora.api.StatusException;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.apiserver.RemoteGroup;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.BodyCollector;
import dev.amphora.apiserver.outside.LocalServer.Reply;
import dev.amphora.apiserver.outside.LocalServer.Request;
import dev.amphora.apiserver.outside.RemoteServers;
import dev.amphora.kernel.Actor;
import dev.amphora.stream.SocketLink;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocketFactory;

/**
 * Has another API server answer, and says to it who asks. What the client says about that itself stays here, and so does how it has shown
 * who it is.
 */
final class RemoteAnswer {
    private static final String AUDIT_ID = "audit-id";
    private static final Set<String> NOT_PASSED_BACK = ImmutableSet.of(
            AUDIT_ID,
            "connection",
            "content-length",
            "date",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "x-kubernetes-pf-flowschema-uid",
            "x-kubernetes-pf-prioritylevel-uid");

    private static final String IMPERSONATION = "impersonate-";
    private static final String IDENTITY = "x-remote-";
    private static final String SUBPROTOCOLS = "sec-websocket-protocol";
    /** How long a request may take that isn't a watch. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration CONNECTION = Duration.ofSeconds(30);
    /** How many requests may wait for one server at once. */
    private static final int MOST_WAITING = 400;

    /** Longer bodies are passed on as they come, in bytes. */
    private static final long KEPT_WHOLE = 1 << 20;

    private final RestApi api;
    private final Exchange exchange;
    private final HttpCall call;
    private final RemoteGroup group;
    private final User user;
    private final boolean endless;
    private final AtomicInteger waiting;
    private final AtomicBoolean over = new AtomicBoolean();

    /**
     * A request to be passed on.
     *
     * @param user as whom, allowed already
     * @param endless whether the answer may go on for ever, as a watch does
     */
    RemoteAnswer(RestApi api, Exchange exchange, HttpCall call, RemoteGroup group, User user, boolean endless) {
        this.api = api;
        this.exchange = exchange;
        this.call = call;
        this.group = group;
        this.user = user;
        this.endless = endless;
        this.waiting = api.waitingFor(group.server());
    }

    void run(byte[] body) {
        if (!group.available()) {
            exchange.answer(HttpAnswer.text(503, "service unavailable\n"));
            return;
        }
        RemoteServers servers = api.apiServer.remoteServers();
        HostAndPort address;
        try {
            address = servers.address(group.server());
        } catch (IOException e) {
            exchange.answer(HttpAnswer.text(503, "service unavailable\n"));
            return;
        }
        ListMultimap<String, String> headers = headers();
        String target = target();
        String wish = call.upgradeWish().equals("h2c") ? "" : call.upgradeWish();
        if (!wish.isEmpty() && !servers.isLocal(group.server())) {
            upgrade(servers, address, target, wish, headers);
            return;
        }
        // Whoever waits for a server that is slow takes no seat from others here, so that it harms nobody else.
        if (waiting.incrementAndGet() > MOST_WAITING) {
            done();
            exchange.answer(HttpAnswer.text(429, "Too many requests, please try again later.\n")
                    .with("Retry-After", "1"));
            return;
        }
        // An endless answer must begin in time, too: then it may go on.
        CompletionStage<Reply> asked =
                servers.ask(group.server(), address, Request.of(call.method(), target, headers, body), PATIENCE);
        asked.whenComplete((reply, failure) -> {
            try {
                if (failure != null) {
                    unreachable(failure, address);
                } else {
                    pass(reply, address);
                }
            } catch (RuntimeException e) {
                unreachable(e, address);
            }
        });
    }

    /** The other end is done with the request, or has been given up. Whether that is news, so that the answer is to be given. */
    private boolean done() {
        if (!over.compareAndSet(false, true)) {
            return false;
        }
        waiting.decrementAndGet();
        return true;
    }

    // ---- what the other end hears -----------------------------------------------------------------------------------

    /** The path as it was judged, so that the other end understands the same by it. */
    private String target() {
        for (String part : exchange.path().split("/", -1)) {
            if (part.equals(".") || part.equals("..")) {
                throw StatusException.badRequest("the path must not lead up or stay: \"" + part + "\"");
            }
        }
        String query = call.query();
        return Query.escapePath(exchange.path()) + (query == null ? "" : "?" + Query.tidy(query));
    }

    private ListMultimap<String, String> headers() {
        ListMultimap<String, String> headers = ArrayListMultimap.create();
        Set<String> ofThisConnection = call.words("Connection").stream()
                .map(word -> word.toLowerCase(Locale.ROOT))
                .collect(ImmutableSet.toImmutableSet());
        for (String given : call.headerNames()) {
            String name = given.toLowerCase(Locale.ROOT);
            // There are servers to which underscores are the same.
            String dashed = name.replace('_', '-');
            if (HopHeaders.stays(name)
                    || name.equals(AUDIT_ID)
                    || ofThisConnection.contains(name)
                    || dashed.startsWith(IMPERSONATION)
                    || dashed.startsWith(IDENTITY)
                    || dashed.startsWith("x-forwarded-")) {
                continue;
            }
            List<String> values = name.equals(SUBPROTOCOLS) ? call.offeredProtocols() : call.headers(given);
            for (String value : values) {
                if (value.chars().anyMatch(c -> c < ' ' && c != '\t' || c == 0x7f)) {
                    throw StatusException.badRequest("a header holds what no header may hold: " + name);
                }
                headers.put(name, value);
            }
        }
        headers.put("audit-id", exchange.auditId());
        headers.put("x-forwarded-uri", Query.escapePath(exchange.path()));
        headers.put("x-forwarded-host", call.authority());
        if (!call.remoteAddress().isEmpty()) {
            headers.put("x-forwarded-for", call.remoteAddress());
        }
        identify(headers);
        return headers;
    }

    private void identify(ListMultimap<String, String> headers) {
        headers.put("x-remote-user", plain(user.name()));
        if (!user.uid().isEmpty()) {
            headers.put("x-remote-uid", plain(user.uid()));
        }
        user.groups().forEach(each -> headers.put("x-remote-group", plain(each)));
        user.extra()
                .forEach((key, values) -> values.forEach(
                        value -> headers.put("x-remote-extra-" + Query.escapeHeaderKey(key), plain(value))));
    }

    /** What a header can't carry as it is must not become somebody else's name on the way. */
    private static String plain(String text) {
        if (!text.chars().allMatch(c -> c >= ' ' && c < 0x7f) || !text.equals(text.strip())) {
            throw StatusException.internalError("the caller's identity can't be told to another server");
        }
        return text;
    }

    // ---- what the client hears --------------------------------------------------------------------------------------

    private void pass(Reply reply, HostAndPort address) {
        HttpAnswer head = new HttpAnswer(reply.status(), new byte[0]);
        for (Map.Entry<String, String> header : reply.headers().entries()) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (!NOT_PASSED_BACK.contains(name) && !name.startsWith("access-control-")) {
                head.with(
                        header.getKey(),
                        name.equals("location") ? location(header.getValue(), address) : header.getValue());
            }
        }
        String length = reply.header("Content-Length");
        boolean bodiless = call.method().equals("HEAD") || reply.status() == 204 || reply.status() == 304;
        if (bodiless) {
            BodyCollector.drop(reply.body());
            if (done()) {
                exchange.answer(head);
            }
        } else if (!endless && length != null && length.matches("[0-9]{1,7}") && Long.parseLong(length) <= KEPT_WHOLE) {
            Actor.Timer limit = api.after(PATIENCE, () -> late(address));
            BodyCollector.collect(reply.body(), (int) KEPT_WHOLE).whenComplete((bytes, failure) -> {
                limit.cancel();
                if (failure != null) {
                    unreachable(failure, address);
                } else if (done()) {
                    exchange.answer(head.withBody(bytes));
                }
            });
        } else {
            HttpCall.HttpStream stream = call.stream(exchange.head(head));
            stream.write(new byte[0]);
            if (endless) {
                done();
            } else {
                Actor.Timer limit = api.after(PATIENCE, stream::abort);
                stream.onClosed(() -> {
                    limit.cancel();
                    done();
                });
            }
            reply.body().subscribe(new Passing(stream));
        }
    }

    /** A redirect within the other end leads back here. */
    private static String location(String location, HostAndPort address) {
        try {
            URI uri = URI.create(location);
            if (uri.getHost() == null || !address.toString().equals(uri.getAuthority())) {
                return location;
            }
            return uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
        } catch (IllegalArgumentException e) {
            return location;
        }
    }

    private void late(HostAndPort address) {
        unreachable(new HttpTimeoutException("the body did not come"), address);
    }

    private void unreachable(Throwable failure, HostAndPort address) {
        if (done()) {
            refuse(failure, address);
        }
    }

    private void refuse(Throwable failure, HostAndPort address) {
        if (DialFailure.cause(failure) instanceof HttpTimeoutException timeout
                && !(timeout instanceof HttpConnectTimeoutException)) {
            exchange.refuse(StatusException.of(
                    504,
                    "Timeout",
                    "Timeout: request did not complete within requested timeout - context deadline exceeded",
                    new StatusDetails()));
            return;
        }
        exchange.answer(
                HttpAnswer.text(503, "error trying to reach service: " + DialFailure.reason(failure, address) + "\n"));
    }

    // ---- other protocols --------------------------------------------------------------------------------------------

    private void upgrade(
            RemoteServers servers,
            HostAndPort address,
            String target,
            String wish,
            ListMultimap<String, String> headers) {
        SSLSocketFactory sockets;
        try {
            sockets = servers.tls(group.server()).getSocketFactory();
        } catch (IOException e) {
            refuse(e, address);
            return;
        }
        StringBuilder head = new StringBuilder(call.method() + " " + target + " HTTP/1.1\r\nHost: " + address + "\r\n");
        head.append("Connection: Upgrade\r\nUpgrade: ").append(wish).append("\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        String host = group.server().route().host();
        ProxyUpgrade upgrade = new ProxyUpgrade(
                call,
                received -> SocketLink.connectSecurely(
                        sockets,
                        host,
                        new InetSocketAddress(address.getHost(), address.getPort()),
                        CONNECTION,
                        received,
                        api.kernel.blocking()),
                head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1),
                failure -> refuse(failure, address));
        upgrade.run();
        api.after(PATIENCE, upgrade::giveUp);
    }
}
