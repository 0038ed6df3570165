package dev.amphora.samples.conformance;

import dev.amphora.kernel.Kernel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** To a server at a URL, over HTTPS or HTTP. Connections are kept for the requests that follow. */
final class HttpTransport implements Transport {
    private static final Duration SILENCE = Duration.ofSeconds(70);
    private static final Duration SILENCE_OF_WATCHES = Duration.ofSeconds(130);
    private static final int ATTEMPTS = 2;

    private final URI server;
    private final Kernel kernel;
    private final Deque<Wire> idle = new ArrayDeque<>();
    private final Set<Wire> watched = new HashSet<>();

    HttpTransport(URI server, Kernel kernel) {
        this.server = server;
        this.kernel = kernel;
    }

    URI server() {
        return server;
    }

    @Override
    public Response exchange(Request request) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Wire wire = null;
            try {
                wire = take();
                wire.send(request);
                Wire.Head head = wire.head();
                ByteArrayOutputStream body = new ByteArrayOutputStream();
                if (wire.body(head, request.method(), body::writeBytes)) {
                    giveBack(wire);
                } else {
                    wire.close();
                }
                return new Response(head.status(), head.headers(), body.toByteArray());
            } catch (IOException e) {
                if (wire != null) {
                    wire.close();
                }
                closeIdle();
            }
        }
        return Response.NONE;
    }

    private Wire take() throws IOException {
        Wire kept;
        synchronized (this) {
            kept = idle.poll();
        }
        return kept == null ? Wire.connect(server, SILENCE) : kept;
    }

    private synchronized void giveBack(Wire wire) {
        idle.push(wire);
    }

    private synchronized void closeIdle() {
        idle.forEach(Wire::close);
        idle.clear();
    }

    @Override
    public Runnable open(Request request, Listener listener) {
        Watched exchange = new Watched(request, listener);
        kernel.blocking().execute(exchange::run);
        return exchange::leave;
    }

    @Override
    public boolean showsConnection() {
        return true;
    }

    @Override
    public String authority() {
        return server.getAuthority();
    }

    @Override
    public void close() {
        closeIdle();
        List<Wire> open;
        synchronized (this) {
            open = new ArrayList<>(watched);
        }
        open.forEach(Wire::close);
    }

    /** An exchange with a connection of its own. */
    private final class Watched {
        private final Request request;
        private final Listener listener;
        private @Nullable Wire wire;
        private boolean left;

        Watched(Request request, Listener listener) {
            this.request = request;
            this.listener = listener;
        }

        void run() {
            try (Wire own = Wire.connect(server, SILENCE_OF_WATCHES)) {
                if (!began(own)) {
                    return;
                }
                own.send(request);
                Wire.Head head = own.head();
                listener.onHead(head.status(), head.headers());
                own.body(head, request.method(), listener::onBytes);
            } catch (IOException e) {
                // the end, as any other
            } finally {
                listener.onEnd();
                ended();
            }
        }

        private boolean began(Wire own) {
            synchronized (HttpTransport.this) {
                if (left) {
                    return false;
                }
                wire = own;
                watched.add(own);
                return true;
            }
        }

        private void ended() {
            synchronized (HttpTransport.this) {
                if (wire != null) {
                    watched.remove(wire);
                }
            }
        }

        void leave() {
            synchronized (HttpTransport.this) {
                left = true;
                if (wire != null) {
                    wire.close();
                }
            }
        }
    }
}
