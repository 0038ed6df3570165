package dev.amphora.rest;

import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.VersionedObject;
import dev.amphora.apiserver.WatchSink;
import dev.amphora.kernel.Actor;
import dev.amphora.rest.HttpCall.HttpStream;
import dev.amphora.rest.remote.WebSocketConnection;
import dev.amphora.rest.remote.WebSocketListener;
import dev.amphora.stream.ByteSink;
import io.fabric8.kubernetes.api.model.Status;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A watch on its way out: one JSON document and a line feed per event, or one WebSocket message.
 *
 * <p>What the transport has not taken yet is counted; above a bound the watch is paused until the client has caught up. One that never
 * does is ended by the API server.
 */
final class WatchAnswer implements WatchSink {
    private static final int PAUSE_ABOVE = 1 << 20;
    private static final int RESUME_BELOW = 256 << 10;
    /** As much as goes into one record of TLS. */
    private static final int SENT_TOGETHER = 16 << 10;
    /** How long a client may take for what is on its way when the watch ends. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final RestApi api;
    private final Exchange exchange;
    private final HttpCall call;
    private final ApiRequest request;
    private final Representation representation;

    /** What came before the transport was ready; null from then on. */
    private @Nullable List<byte[]> early = new ArrayList<>();

    /** What goes out together with what is delivered next, or once nothing else is at hand; and how long it is. */
    private final List<byte[]> held = new ArrayList<>();

    private int heldBytes;
    private boolean endedEarly;
    private @Nullable Transport transport;
    private @Nullable Handle handle;
    private long waiting;
    private boolean paused;
    private boolean gone;

    WatchAnswer(RestApi api, Exchange exchange, HttpCall call, ApiRequest request, Representation representation) {
        this.api = api;
        this.exchange = exchange;
        this.call = call;
        this.request = request;
        this.representation = representation;
    }

    /** Begins the watch, then the answer. */
    void run() {
        Handle begun = api.apiServer.watch(request, this);
        exchange.measure().runsLong();
        synchronized (this) {
            handle = begun;
            if (paused) {
                begun.pause();
            }
        }
        if (call.wantsWebSocket()) {
            upgrade();
        } else {
            HttpStream stream = call.stream(
                    exchange.head(new HttpAnswer(200, new byte[0]).with("Content-Type", format().streamType())));
            stream.onClosed(this::onGone);
            stream.write(new byte[0]);
            begin(new Chunks(stream, format() == Accept.Format.JSON));
        }
    }

    private Accept.Format format() {
        return representation.accept().format();
    }

    private void upgrade() {
        List<String> protocols = call.offeredProtocols();
        if (!hasOrigin() || protocols.size() > 1) {
            onGone();
            call.answer(new HttpAnswer(protocols.size() > 1 && hasOrigin() ? 400 : 403, new byte[0]));
            return;
        }
        call.upgrade(protocols.isEmpty() ? null : protocols.get(0), new WebSocketListener() {
            @Override
            public void onOpen(WebSocketConnection connection) {
                begin(new Messages(connection, format() == Accept.Format.JSON));
            }

            @Override
            public CompletionStage<?> onMessage(byte[] message, boolean text) {
                return ByteSink.READY;
            }

            @Override
            public void onClosed() {
                onGone();
            }
        });
    }

    private boolean hasOrigin() {
        String origin = call.header("Origin");
        if (call.inProcess()) {
            return true;
        }
        if (origin == null || origin.equals("null")) {
            return false;
        }
        try {
            return new URI(origin).getScheme() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private void begin(Transport ready) {
        List<byte[]> first;
        boolean end;
        synchronized (this) {
            first = early == null ? List.of() : early;
            end = endedEarly;
            early = null;
            transport = ready;
            for (byte[] event : first) {
                send(ready, event);
            }
            sendHeld(ready);
        }
        if (end) {
            end(ready);
        }
    }

    @Override
    public void onEvent(EventType type, VersionedObject object) {
        deliver(representation.event(type, object));
    }

    @Override
    public void onError(Status status) {
        deliver(representation.error(StatusTree.of(status)));
    }

    private void deliver(byte[] event) {
        exchange.measure().sent(event.length);
        synchronized (this) {
            if (gone) {
                return;
            }
            if (early != null) {
                early.add(event);
                waiting += event.length;
                pauseIfFull();
            } else if (transport != null) {
                waiting += event.length;
                pauseIfFull();
                send(transport, event);
            }
        }
    }

    @Override
    public synchronized void onCaughtUp() {
        if (transport != null) {
            sendHeld(transport);
        }
    }

    private void send(Transport to, byte[] event) {
        if (heldBytes > 0 && heldBytes + event.length > SENT_TOGETHER) {
            sendHeld(to);
        }
        held.add(event);
        heldBytes += event.length;
        if (heldBytes > SENT_TOGETHER) {
            sendHeld(to);
        }
    }

    private void sendHeld(Transport to) {
        if (held.isEmpty()) {
            return;
        }
        int length = heldBytes;
        CompletionStage<Void> sent = to.send(held);
        held.clear();
        heldBytes = 0;
        sent.whenComplete((done, failure) -> taken(length));
    }

    private void pauseIfFull() {
        if (!paused && waiting > PAUSE_ABOVE) {
            paused = true;
            if (handle != null) {
                handle.pause();
            }
        }
    }

    private void taken(int bytes) {
        synchronized (this) {
            waiting -= bytes;
            if (paused && !gone && waiting < RESUME_BELOW) {
                paused = false;
                if (handle != null) {
                    handle.resume();
                }
            }
        }
    }

    @Override
    public void onClose() {
        exchange.measure().ended(200);
        Transport open;
        synchronized (this) {
            endedEarly = true;
            open = transport;
            if (open != null) {
                sendHeld(open);
            }
        }
        if (open != null) {
            end(open);
        }
    }

    /** Ends the answer; breaks it off if the client takes nothing, or doesn't take what is left of it. */
    private void end(Transport open) {
        boolean stalled;
        synchronized (this) {
            stalled = paused;
        }
        if (stalled) {
            open.abort();
            return;
        }
        open.end();
        synchronized (this) {
            if (gone || waiting == 0) {
                return;
            }
        }
        Actor actor = api.kernel.actor("watch-end");
        actor.schedule(PATIENCE, () -> {
            actor.close();
            boolean stuck;
            synchronized (this) {
                stuck = !gone;
            }
            if (stuck) {
                open.abort();
            }
        });
    }

    private void onGone() {
        exchange.measure().ended(200);
        Handle running;
        synchronized (this) {
            gone = true;
            early = null;
            running = handle;
        }
        if (running != null) {
            running.close();
        }
    }

    /** Where events go. */
    private interface Transport {
        /** Sends events, at least one. The stage completes when all have been taken. */
        CompletionStage<Void> send(List<byte[]> events);

        void end();

        /** Breaks off, whatever is still on its way. */
        void abort();
    }

    private record Chunks(HttpStream stream, boolean text) implements Transport {
        @Override
        public CompletionStage<Void> send(List<byte[]> events) {
            int length = text ? events.size() : 0;
            for (byte[] event : events) {
                length += event.length;
            }
            byte[] all = new byte[length];
            int end = 0;
            for (byte[] event : events) {
                System.arraycopy(event, 0, all, end, event.length);
                end += event.length;
                if (text) {
                    all[end++] = '\n';
                }
            }
            return stream.write(all);
        }

        @Override
        public void end() {
            stream.end();
        }

        @Override
        public void abort() {
            stream.abort();
        }
    }

    private record Messages(WebSocketConnection connection, boolean text) implements Transport {
        private static final int FRAME_LENGTH = 4;

        @Override
        public CompletionStage<Void> send(List<byte[]> events) {
            CompletionStage<Void> last = CompletableFuture.completedFuture(null);
            for (byte[] event : events) {
                // in order, so that the last one is taken after all others
                last = connection.send(text ? event : Arrays.copyOfRange(event, FRAME_LENGTH, event.length), text);
            }
            return last;
        }

        @Override
        public void end() {
            connection.close(1000, "");
        }

        @Override
        public void abort() {
            connection.abort();
        }
    }
}
