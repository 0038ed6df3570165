package dev.amphora.rest.remote;

import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A remote command over WebSocket messages, each of which begins with the number of its channel: 0 for input, 1 and 2 for output, 3 for
 * how it ended, 4 for the terminal's size. From the fifth version on, channel 255 ends the one it names.
 */
public final class ChannelCommand implements WebSocketListener {
    /** The protocols in which a size and the end of input can be told, and those before them. */
    public static final List<String> PROTOCOLS = List.of(
            "v5.channel.k8s.io",
            "v4.channel.k8s.io",
            "v4.base64.channel.k8s.io",
            "channel.k8s.io",
            "base64.channel.k8s.io");

    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int ERROR = 3;
    private static final int RESIZE = 4;
    private static final int CLOSE = 255;

    private final Channels channels;
    private final Streams streams;
    private final CompletionStage<Session.Starter> command;
    private final RemoteCommand remote;
    private final boolean tellsEnds;

    /**
     * A command whose client is about to be upgraded.
     *
     * @param protocol one of {@link #PROTOCOLS}, null for the oldest
     * @param command what is run once the connection is open
     */
    public ChannelCommand(@Nullable String protocol, Streams streams, CompletionStage<Session.Starter> command) {
        String spoken = protocol == null ? "channel.k8s.io" : protocol;
        this.streams = streams;
        this.command = command;
        this.tellsEnds = spoken.startsWith("v5.");
        this.channels = new Channels(spoken.contains("base64"));
        this.remote = new RemoteCommand(
                streams.stdout() ? channels.channel(STDOUT) : ByteSink.discarding(),
                streams.ownStderr() ? channels.channel(STDERR) : ByteSink.discarding(),
                channels.channel(ERROR),
                spoken.startsWith("v"),
                channels::close);
    }

    @Override
    public void onOpen(WebSocketConnection connection) {
        channels.open(connection);
        // tells the client that it is connected
        int lowest = streams.stdout() ? STDOUT : streams.ownStderr() ? STDERR : ERROR;
        channels.channel(lowest).write(new byte[0]);
        remote.start(command);
    }

    @Override
    public CompletionStage<?> onMessage(byte[] message, boolean text) {
        byte[] content = channels.content(message);
        switch (channels.number(message)) {
            case STDIN -> {
                return content.length == 0 || !streams.stdin()
                        ? ByteSink.READY
                        : remote.stdin().write(content);
            }
            case RESIZE -> remote.resize(content);
            case CLOSE -> {
                if (tellsEnds && content.length > 0 && content[0] == STDIN) {
                    remote.stdin().end();
                }
            }
            default -> {}
        }
        return ByteSink.READY;
    }

    @Override
    public void onClosed() {
        remote.gone();
    }
}
