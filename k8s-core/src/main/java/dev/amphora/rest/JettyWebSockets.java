package dev.amphora.rest;

import dev.amphora.rest.remote.WebSocketConnection;
import dev.amphora.rest.remote.WebSocketListener;
import dev.amphora.stream.ByteSink;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.eclipse.jetty.websocket.core.server.WebSocketMappings;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.eclipse.jetty.websocket.core.server.WebSocketServerComponents;
import org.jspecify.annotations.Nullable;

/** Turns Jetty's exchanges into WebSockets. Loaded when the first client asks for one. */
final class JettyWebSockets {
    private static final int LARGEST_MESSAGE = 32 << 20;

    private final Server server;
    private @Nullable WebSocketMappings mappings;

    JettyWebSockets(Server server) {
        this.server = server;
    }

    void upgrade(
            Request request,
            Response response,
            Callback callback,
            @Nullable String protocol,
            WebSocketListener listener) {
        Session session = new Session(listener);
        WebSocketNegotiator negotiator = (upgradeRequest, upgradeResponse, done) -> {
            upgradeResponse.setExtensions(List.of());
            if (protocol != null) {
                upgradeResponse.setAcceptedSubProtocol(protocol);
            }
            return session;
        };
        Configuration.Customizer customizer = configuration -> {
            configuration.setIdleTimeout(Duration.ZERO);
            configuration.setMaxFrameSize(LARGEST_MESSAGE);
            configuration.setAutoFragment(false);
        };
        boolean upgraded = false;
        try {
            upgraded = mappings().upgrade(negotiator, request, response, callback, customizer);
        } finally {
            if (!upgraded) {
                session.close();
            }
        }
        if (!upgraded) {
            Response.writeError(request, response, callback, 400);
        }
    }

    private synchronized WebSocketMappings mappings() {
        if (mappings == null) {
            mappings = new WebSocketMappings(WebSocketServerComponents.ensureWebSocketComponents(server));
        }
        return mappings;
    }

    private record Message(byte @Nullable [] content, boolean text, int closeCode, String closeReason) {}

    /** One WebSocket: frames in, messages out. */
    private static final class Session extends OutQueue<Message> implements FrameHandler, WebSocketConnection {
        private final WebSocketListener listener;
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();
        private boolean text;
        private volatile @Nullable CoreSession session;

        Session(WebSocketListener listener) {
            this.listener = listener;
            whenClosed(listener::onClosed);
        }

        @Override
        public void onOpen(CoreSession opened, Callback callback) {
            session = opened;
            callback.succeeded();
            listener.onOpen(this);
            opened.demand();
        }

        @Override
        public void onFrame(Frame frame, Callback callback) {
            CoreSession current = session;
            if (current == null) {
                callback.failed(new IllegalStateException("a frame before the opening"));
                return;
            }
            switch (frame.getOpCode()) {
                case OpCode.PING -> {
                    ByteBuffer payload = ByteBuffer.allocate(frame.getPayloadLength());
                    payload.put(frame.getPayload()).flip();
                    callback.succeeded();
                    // Whoever asks for answers without taking them is not heard any further.
                    current.sendFrame(new Frame(OpCode.PONG, payload), Callback.from(current::demand), false);
                    return;
                }
                case OpCode.TEXT, OpCode.BINARY, OpCode.CONTINUATION -> {
                    CompletableFuture<?> taken = collect(frame, current).toCompletableFuture();
                    callback.succeeded();
                    if (taken.isDone()) {
                        current.demand();
                    } else {
                        taken.whenComplete((nothing, failure) -> current.demand());
                    }
                    return;
                }
                default -> {}
            }
            callback.succeeded();
            if (frame.getOpCode() != OpCode.CLOSE) {
                current.demand();
            }
        }

        private CompletionStage<?> collect(Frame frame, CoreSession current) {
            if (frame.getOpCode() != OpCode.CONTINUATION) {
                message.reset();
                text = frame.getOpCode() == OpCode.TEXT;
            }
            byte[] piece = new byte[frame.getPayloadLength()];
            frame.getPayload().get(piece);
            if (message.size() + piece.length > LARGEST_MESSAGE) {
                current.close(CloseStatus.MESSAGE_TOO_LARGE, "", Callback.NOOP);
                return ByteSink.READY;
            }
            message.writeBytes(piece);
            if (!frame.isFin()) {
                return ByteSink.READY;
            }
            byte[] whole = message.toByteArray();
            message.reset();
            return listener.onMessage(whole, text);
        }

        @Override
        public void onError(Throwable cause, Callback callback) {
            close();
            callback.succeeded();
        }

        @Override
        public void onClosed(CloseStatus status, Callback callback) {
            close();
            callback.succeeded();
        }

        @Override
        public CompletionStage<Void> send(byte[] content, boolean asText) {
            return offer(new Message(content, asText, 0, ""));
        }

        @Override
        public void close(int code, String reason) {
            offer(new Message(null, false, code, reason));
        }

        @Override
        public void abort() {
            close();
            CoreSession current = session;
            if (current != null) {
                current.abort();
            }
        }

        @Override
        void send(Message out, Consumer<@Nullable Throwable> done) {
            CoreSession current = session;
            if (current == null) {
                done.accept(new IllegalStateException("not open"));
                return;
            }
            Callback callback = Callback.from(() -> done.accept(null), done::accept);
            if (out.content == null) {
                current.close(out.closeCode, out.closeReason, callback);
            } else {
                current.sendFrame(
                        new Frame(out.text ? OpCode.TEXT : OpCode.BINARY, ByteBuffer.wrap(out.content)),
                        callback,
                        false);
            }
        }

        @Override
        void finish() {}
    }
}
