package dev.amphora.rest;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.ChannelCommand;
import dev.amphora.rest.remote.ChannelPortForward;
import dev.amphora.rest.remote.SpdyCommand;
import dev.amphora.rest.remote.SpdyPortForward;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code pods/exec}, {@code pods/attach} and {@code pods/portforward}: finds the container, and upgrades the connection to whichever of the
 * protocols the client speaks.
 *
 * <p>A client that learns of errors through the upgraded connection (the fifth version of the channels) is upgraded before the kubelet is
 * asked, the others after it has answered, as with the reference, whose kubelet takes part in the upgrade.
 */
final class PodConnect {
    private static final String SPDY = "SPDY/3.1";
    private static final String STREAM_PROTOCOL = "X-Stream-Protocol-Version";
    private static final int LARGEST_PORT = 0xffff;

    private final RestApi api;
    private final Exchange exchange;
    private final HttpCall call;
    private final ApiRequest request;
    private final Map<String, List<String>> query;

    PodConnect(RestApi api, Exchange exchange, HttpCall call, ApiRequest request, Map<String, List<String>> query) {
        this.api = api;
        this.exchange = exchange;
        this.call = call;
        this.request = request;
        this.query = query;
    }

    void run() {
        api.apiServer.connect(request, ConnectOptions.kind(request), ConnectOptions.of(request, query, ""));
        if (call.wantsWebSocket()) {
            AccessRequest access = request.access();
            exchange.authorize(new AccessRequest(
                    access.user(),
                    "create",
                    access.group(),
                    access.version(),
                    access.resource(),
                    access.subresource(),
                    access.namespace(),
                    access.name(),
                    ""));
        }
        PodTarget target = PodTarget.find(api, request);
        boolean forwards = request.subresource().equals("portforward");
        String container = forwards ? "" : target.container(text("container"));
        String node = target.assignedNode();
        if (!call.wantsWebSocket() && !call.upgradeWish().equalsIgnoreCase(SPDY)) {
            throw StatusException.badRequest("Upgrade request required");
        }
        OutsideKubelet outside = api.outside(node, false);
        if (outside != null) {
            KubeletConnect kubelet = new KubeletConnect(exchange, call, request, outside);
            if (forwards) {
                kubelet.forward();
            } else {
                kubelet.command(container, query.getOrDefault("command", List.of()), streams(), flag("stderr"));
            }
        } else if (forwards) {
            forward(node);
        } else {
            command(node, container);
        }
    }

    // ---- commands ---------------------------------------------------------------------------------------------------

    private Streams streams() {
        boolean tty = flag("tty");
        return new Streams(flag("stdin"), flag("stdout"), flag("stderr") && !tty, tty);
    }

    private void command(String node, String container) {
        Streams streams = streams();
        if (!streams.stdin() && !streams.stdout() && !flag("stderr")) {
            refuse(StatusException.badRequest("you must specify at least 1 of stdin, stdout, stderr"));
            return;
        }
        boolean attaches = request.subresource().equals("attach");
        List<String> words = query.getOrDefault("command", List.of());
        CompletionStage<Session.Starter> command = ask(() -> attaches
                ? api.nodes.attach(node, request.namespace(), request.name(), container, streams)
                : api.nodes.exec(node, request.namespace(), request.name(), container, words, streams));
        if (!call.wantsWebSocket()) {
            String protocol = agreedStreamProtocol(SpdyCommand.PROTOCOLS);
            if (protocol != null) {
                whenFound(command, (found, done) -> upgrade(protocol, SpdyCommand.serving(protocol, streams, done)));
            }
            return;
        }
        List<String> offered = call.offeredProtocols();
        String protocol = agreed(offered, ChannelCommand.PROTOCOLS);
        if (protocol == null && !offered.isEmpty()) {
            call.answer(new HttpAnswer(400, new byte[0]));
        } else if (protocol != null && protocol.startsWith("v5.")) {
            call.upgrade(protocol, new ChannelCommand(protocol, streams, command));
        } else {
            whenFound(command, (found, done) -> call.upgrade(protocol, new ChannelCommand(protocol, streams, done)));
        }
    }

    // ---- ports ------------------------------------------------------------------------------------------------------

    private void forward(String node) {
        CompletionStage<Session.Dialer> pod =
                ask(() -> api.nodes.portForward(node, request.namespace(), request.name()));
        String name = request.name() + "_" + request.namespace();
        if (!call.wantsWebSocket()) {
            String protocol = agreedStreamProtocol(List.of(SpdyPortForward.PROTOCOL));
            if (protocol != null) {
                whenFound(pod, (dialer, done) -> upgrade(protocol, SpdyPortForward.serving(name, dialer)));
            }
            return;
        }
        List<String> offered = call.offeredProtocols();
        if (offered.contains(SpdyPortForward.TUNNEL_PROTOCOL)) {
            whenFound(
                    pod,
                    (dialer, done) ->
                            call.upgrade(SpdyPortForward.TUNNEL_PROTOCOL, SpdyPortForward.tunnelling(name, dialer)));
            return;
        }
        String protocol = agreed(offered, ChannelPortForward.PROTOCOLS);
        if (protocol == null && !offered.isEmpty()) {
            call.answer(new HttpAnswer(400, new byte[0]));
            return;
        }
        List<Integer> ports = ports();
        if (ports != null) {
            whenFound(
                    pod,
                    (dialer, done) -> call.upgrade(protocol, new ChannelPortForward(protocol, name, ports, dialer)));
        }
    }

    /** The ports asked for, in a WebSocket's query; null if that was refused. */
    private @Nullable List<Integer> ports() {
        List<Integer> ports = new ArrayList<>();
        for (String value : query.getOrDefault("ports", List.of())) {
            for (String text : value.split(",", -1)) {
                int port;
                try {
                    port = Integer.parseInt(text);
                } catch (NumberFormatException e) {
                    port = -1;
                }
                if (port < 0 || port > LARGEST_PORT) {
                    refuse(StatusException.badRequest("unable to parse \"" + text + "\" as a port"));
                    return null;
                }
                if (port == 0) {
                    refuse(StatusException.badRequest("port \"" + text + "\" must be > 0"));
                    return null;
                }
                ports.add(port);
            }
        }
        if (ports.isEmpty()) {
            refuse(StatusException.badRequest("query parameter \"port\" is required"));
            return null;
        }
        return ports;
    }

    // ---- upgrades ---------------------------------------------------------------------------------------------------

    private void upgrade(String protocol, ByteListener listener) {
        call.upgrade(
                exchange.head(new HttpAnswer(101, new byte[0])
                        .with("Connection", "Upgrade")
                        .with("Upgrade", SPDY)
                        .with(STREAM_PROTOCOL, protocol)),
                listener);
    }

    private static @Nullable String agreed(List<String> offered, List<String> served) {
        return offered.stream().filter(served::contains).findFirst().orElse(null);
    }

    /** The version of what is spoken over SPDY; null if there is none, which has been answered. A client that names none takes the oldest. */
    private @Nullable String agreedStreamProtocol(List<String> served) {
        List<String> offered = call.words(STREAM_PROTOCOL);
        if (offered.isEmpty()) {
            return served.get(served.size() - 1);
        }
        String protocol = agreed(offered, served);
        if (protocol == null) {
            HttpAnswer answer = HttpAnswer.text(
                    403,
                    "unable to upgrade: unable to negotiate protocol: client supports [%s], server accepts [%s]\n"
                            .formatted(String.join(" ", offered), String.join(" ", served)));
            served.forEach(each -> answer.with("X-Accepted-Stream-Protocol-Versions", each));
            exchange.answer(answer);
        }
        return protocol;
    }

    private <T> CompletionStage<T> ask(Question<T> question) {
        try {
            return question.ask();
        } catch (StatusException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private interface Question<T> {
        CompletionStage<T> ask();
    }

    /** Goes on when the kubelet has found what was asked for, or passes on what it says instead. */
    private <T> void whenFound(CompletionStage<T> wanted, BiConsumer<T, CompletionStage<T>> goOn) {
        wanted.whenComplete((found, failure) -> {
            if (failure == null) {
                goOn.accept(found, wanted);
                return;
            }
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            refuse(
                    cause instanceof StatusException status
                            ? status
                            : StatusException.of(500, "InternalError", String.valueOf(cause.getMessage()), null));
        });
    }

    /** Answers as the kubelet does, in plain text. */
    private void refuse(StatusException refusal) {
        exchange.answer(
                HttpAnswer.text(refusal.code(), String.valueOf(refusal.status().getMessage())));
    }

    private String text(String name) {
        List<String> values = query.get(name);
        return values == null ? "" : values.get(0);
    }

    private boolean flag(String name) {
        return ConnectOptions.flag(query, name);
    }
}
