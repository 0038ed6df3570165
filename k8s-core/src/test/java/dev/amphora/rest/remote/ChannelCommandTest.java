package dev.amphora.rest.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.StatusException;
import dev.amphora.stream.Streams;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ChannelCommandTest {
    private static final Streams ALL = new Streams(true, true, true, false);

    private final Recorder.Command command = new Recorder.Command();
    private final PortForwardTest.Messages messages = new PortForwardTest.Messages();

    private static byte[] message(int channel, String text) {
        byte[] bytes = (" " + text).getBytes(StandardCharsets.UTF_8);
        bytes[0] = (byte) channel;
        return bytes;
    }

    private List<String> sent() {
        return messages.sent.stream()
                .map(message -> message[0] + " " + new String(message, 1, message.length - 1, StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void carriesStreamsInChannelsAndEndsInput() {
        ChannelCommand server = new ChannelCommand("v5.channel.k8s.io", ALL, command.found());
        server.onOpen(messages);
        server.onMessage(message(0, "input"), false);
        server.onMessage(new byte[] {(byte) 255, 0}, false);
        server.onMessage(message(4, "{\"Width\":132,\"Height\":43}"), false);
        command.prints("out");
        command.complains("err");
        command.exitCode.complete(0);

        assertThat(command.stdin.text()).isEqualTo("input");
        assertThat(command.stdin.ended).isTrue();
        assertThat(command.columns).isEqualTo(132);
        assertThat(sent()).containsExactly("1 ", "1 out", "2 err", "3 {\"metadata\":{},\"status\":\"Success\"}");
        assertThat(messages.closed).isEqualTo(1000);
    }

    @Test
    void takesNoEndOfInputInTheFourthVersion() {
        ChannelCommand server = new ChannelCommand("v4.channel.k8s.io", ALL, command.found());
        server.onOpen(messages);
        server.onMessage(new byte[] {(byte) 255, 0}, false);

        assertThat(command.stdin.ended).isFalse();
    }

    @Test
    void writesBase64WhereItIsAskedFor() {
        ChannelCommand server = new ChannelCommand("base64.channel.k8s.io", ALL, command.found());
        server.onOpen(messages);
        server.onMessage("0aW5wdXQ=".getBytes(StandardCharsets.UTF_8), true);
        command.prints("out");
        command.exitCode.complete(2);

        assertThat(command.stdin.text()).isEqualTo("input");
        assertThat(messages.sent)
                .extracting(message -> new String(message, StandardCharsets.UTF_8))
                .startsWith("1", "1b3V0")
                .hasSize(3);
    }

    @Test
    void tellsInTheConnectionWhatWasNotFound() {
        ChannelCommand server = new ChannelCommand(
                "v5.channel.k8s.io",
                ALL,
                CompletableFuture.failedStage(
                        StatusException.of(500, "InternalError", "container not found (\"c\")", null)));
        server.onOpen(messages);

        assertThat(sent().get(1))
                .startsWith("3 {")
                .contains("Internal error occurred: unable to upgrade connection: container not found (\\\"c\\\")");
    }

    @Test
    void letsGoOfTheCommandWhenTheClientGoes() {
        ChannelCommand server = new ChannelCommand("v5.channel.k8s.io", ALL, command.found());
        server.onOpen(messages);
        server.onClosed();

        assertThat(command.closed).isTrue();
    }
}
