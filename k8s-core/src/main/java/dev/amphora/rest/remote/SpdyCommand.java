package dev.amphora.rest.remote;

import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A remote command over SPDY: the client opens a stream for each of its ends, and it starts when all are there. */
public final class SpdyCommand implements SpdyConnection.Handler {
    /** The versions of the protocol, the newest first. */
    public static final List<String> PROTOCOLS =
            List.of("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io");

    private final Streams streams;
    private final CompletionStage<Session.Starter> command;
    private final boolean statusAsJson;
    private final int expected;
    private final Map<String, SpdyStream> open = new LinkedHashMap<>();
    private final SpdyConnection connection = new SpdyConnection(this);
    private @Nullable RemoteCommand remote;

    private SpdyCommand(String protocol, Streams streams, CompletionStage<Session.Starter> command) {
        this.streams = streams;
        this.command = command;
        this.statusAsJson = protocol.startsWith("v4");
        boolean resizes = streams.tty() && (protocol.startsWith("v4") || protocol.startsWith("v3"));
        this.expected = 1
                + (streams.stdin() ? 1 : 0)
                + (streams.stdout() ? 1 : 0)
                + (streams.ownStderr() ? 1 : 0)
                + (resizes ? 1 : 0);
    }

    /**
     * What serves a command's client after its upgrade.
     *
     * @param protocol one of {@link #PROTOCOLS}
     * @param command what is run once all streams are open
     */
    public static ByteListener serving(String protocol, Streams streams, CompletionStage<Session.Starter> command) {
        return new SpdyCommand(protocol, streams, command).connection;
    }

    @Override
    public boolean onStream(SpdyStream stream) {
        if (remote != null || open.putIfAbsent(stream.header("streamtype"), stream) != null) {
            return false;
        }
        if (open.size() == expected) {
            start();
        }
        return true;
    }

    private void start() {
        RemoteCommand started =
                new RemoteCommand(stream("stdout"), stream("stderr"), stream("error"), statusAsJson, connection::close);
        remote = started;
        SpdyStream stdin = open.get("stdin");
        if (stdin != null && streams.stdin()) {
            stdin.receive(started.stdin());
        }
        SpdyStream resize = open.get("resize");
        if (resize != null) {
            resize.receive(new Sizes(started));
        }
        started.start(command);
    }

    private ByteSink stream(String type) {
        SpdyStream stream = open.get(type);
        return stream == null ? ByteSink.discarding() : stream;
    }

    @Override
    public void onClosed() {
        if (remote != null) {
            remote.gone();
        }
    }

    /** The sizes of a terminal, one JSON object after the other, in pieces that need not end where they do. */
    private static final class Sizes implements ByteSink {
        private static final int LONGEST = 1_024;

        private final RemoteCommand remote;
        private final ByteArrayOutputStream begun = new ByteArrayOutputStream();

        Sizes(RemoteCommand remote) {
            this.remote = remote;
        }

        @Override
        public synchronized CompletionStage<@Nullable Void> write(byte[] piece) {
            for (byte one : piece) {
                begun.write(one);
                if (one == '}') {
                    remote.resize(begun.toByteArray());
                    begun.reset();
                } else if (begun.size() > LONGEST) {
                    begun.reset();
                }
            }
            return READY;
        }

        @Override
        public void end() {}

        @Override
        public void abort() {}
    }
}
