package dev.amphora.rest.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Session;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class PortForwardTest {
    private final Recorder toPod = new Recorder();
    private final List<Integer> dialled = new ArrayList<>();
    private ByteSink fromPod = ByteSink.discarding();

    private final Session.Dialer dialer = (port, received) -> {
        dialled.add(port);
        fromPod = received;
        return CompletableFuture.completedStage(toPod);
    };

    private static Map<String, String> headers(String type, int port) {
        return Map.of("streamtype", type, "port", String.valueOf(port), "requestid", "0");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void connectsWhenBothStreamsAreThere() {
        SpdyClient client = new SpdyClient(SpdyPortForward.serving("p_default", dialer));
        client.open(1, headers("error", 8080));
        assertThat(dialled).isEmpty();
        client.open(3, headers("data", 8080));
        client.send(3, "GET");
        client.end(3);
        fromPod.write(bytes("hello"));
        fromPod.end();

        assertThat(dialled).containsExactly(8080);
        assertThat(toPod.text()).isEqualTo("GET");
        assertThat(toPod.ended).isTrue();
        assertThat(client.heard()).containsExactly("reply 1", "reply 3", "data 3 hello", "end 3", "end 1");
    }

    @Test
    void endsTheErrorsWhenTheClientResetsItsConnection() {
        SpdyClient client = new SpdyClient(SpdyPortForward.serving("p_default", dialer));
        client.open(1, headers("error", 80));
        client.open(3, headers("data", 80));
        client.reset(3);

        assertThat(toPod.aborted).isTrue();
        assertThat(client.heard()).containsExactly("reply 1", "reply 3", "end 1");
    }

    @Test
    void tellsWhyAPortCannotBeReached() {
        SpdyClient client = new SpdyClient(SpdyPortForward.serving(
                "p_default",
                (port, received) ->
                        CompletableFuture.failedStage(new IOException("dial tcp 127.0.0.1:80: connection refused"))));
        client.open(1, headers("error", 80));
        client.open(3, headers("data", 80));

        assertThat(client.heard())
                .containsExactly(
                        "reply 1",
                        "reply 3",
                        "data 1 error forwarding port 80 to pod p_default: dial tcp 127.0.0.1:80: connection refused",
                        "end 1",
                        "end 3");
    }

    @Test
    void refusesStreamsWithoutAPort() {
        SpdyClient client = new SpdyClient(SpdyPortForward.serving("p_default", dialer));
        client.open(1, Map.of("streamtype", "error"));
        client.open(3, headers("data", 0));
        client.open(5, headers("other", 80));

        assertThat(client.heard())
                .containsExactly("reply 1", "reset 1 3", "reply 3", "reset 3 3", "reply 5", "reset 5 3");
    }

    @Test
    void refusesMoreStreamsThanAnybodyNeeds() {
        SpdyClient client = new SpdyClient(SpdyPortForward.serving("p_default", dialer));
        for (int i = 0; i < 1_001; i++) {
            client.open(2 * i + 1, headers("error", 1 + i));
        }

        assertThat(client.heard()).hasSize(1_001).endsWith("reply 1999", "reset 2001 3");
    }

    @Test
    void beginsEachChannelWithItsPort() {
        Messages messages = new Messages();
        ChannelPortForward server = new ChannelPortForward("v4.channel.k8s.io", "p_default", List.of(8080), dialer);
        server.onOpen(messages);
        server.onMessage(bytes("\u0000GET"), false);
        fromPod.write(bytes("hello"));
        fromPod.end();

        assertThat(toPod.text()).isEqualTo("GET");
        assertThat(messages.sent).hasSize(3);
        assertThat(messages.sent.get(0)).containsExactly(0, 0x90, 0x1f);
        assertThat(messages.sent.get(1)).containsExactly(1, 0x90, 0x1f);
        assertThat(messages.sent.get(2)).isEqualTo(bytes("\u0000hello"));
        assertThat(messages.closed).isEqualTo(1000);
    }

    /** The client's end of a WebSocket. */
    static final class Messages implements WebSocketConnection {
        final List<byte[]> sent = new ArrayList<>();
        int closed;

        @Override
        public CompletionStage<Void> send(byte[] message, boolean text) {
            sent.add(message);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public void close(int code, String reason) {
            closed = code;
        }

        @Override
        public void abort() {
            closed = -1;
        }
    }
}
