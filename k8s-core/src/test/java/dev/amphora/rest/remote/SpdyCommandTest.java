package dev.amphora.rest.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.stream.Streams;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SpdyCommandTest {
    private final Recorder.Command command = new Recorder.Command();

    private SpdyClient client(String protocol, Streams streams) {
        return new SpdyClient(SpdyCommand.serving(protocol, streams, command.found()));
    }

    private static Map<String, String> type(String type) {
        return Map.of("streamtype", type);
    }

    @Test
    void startsWhenAllStreamsAreOpenAndTellsHowItEnded() {
        SpdyClient client = client("v4.channel.k8s.io", new Streams(true, true, true, false));
        client.open(1, type("error"));
        client.open(3, type("stdin"));
        client.send(3, "early ");
        client.open(5, type("stdout"));
        command.prints("nobody hears this");
        client.open(7, type("stderr"));
        client.send(3, "input");
        client.end(3);
        command.prints("out");
        command.complains("err");
        command.exitCode.complete(3);

        assertThat(command.stdin.text()).isEqualTo("early input");
        assertThat(command.stdin.ended).isTrue();
        List<String> heard = client.heard();
        assertThat(heard)
                .startsWith("reply 1", "reply 3", "reply 5", "reply 7", "data 5 out", "data 7 err")
                .contains("end 5", "end 7", "end 1")
                .endsWith("goaway");
        assertThat(heard.get(6))
                .startsWith("data 1 ")
                .contains("\"status\":\"Failure\"", "\"reason\":\"NonZeroExitCode\"", "\"message\":\"3\"");
        assertThat(client.received.ended).isTrue();
    }

    @Test
    void saysNothingOfSuccessBeforeTheFourthVersion() {
        SpdyClient client = client("v2.channel.k8s.io", new Streams(false, true, false, false));
        client.open(1, type("error"));
        client.open(3, type("stdout"));
        command.exitCode.complete(0);

        assertThat(client.heard()).containsExactly("reply 1", "reply 3", "end 3", "end 1", "goaway");
    }

    @Test
    void passesOnTheSizeOfATerminal() {
        SpdyClient client = client("v4.channel.k8s.io", new Streams(true, true, true, true));
        client.open(1, type("error"));
        client.open(3, type("stdin"));
        client.open(5, type("stdout"));
        client.open(7, type("resize"));
        client.send(7, "{\"Width\":80,\"Height\":24}\n");

        assertThat(command.columns).isEqualTo(80);
        assertThat(command.rows).isEqualTo(24);
    }

    @Test
    void tellsWhyACommandCannotRun() {
        SpdyClient client = new SpdyClient(SpdyCommand.serving(
                "v4.channel.k8s.io",
                new Streams(false, true, false, false),
                CompletableFuture.failedStage(new IllegalStateException("no such program"))));
        client.open(1, type("error"));
        client.open(3, type("stdout"));

        assertThat(client.heard().get(2)).contains("error executing command in container: no such program");
    }

    @Test
    void letsGoOfTheCommandWhenTheClientGoes() {
        ByteListener server =
                SpdyCommand.serving("v4.channel.k8s.io", new Streams(true, true, false, false), command.found());
        SpdyClient client = new SpdyClient(server);
        client.open(1, type("error"));
        client.open(3, type("stdin"));
        client.open(5, type("stdout"));
        server.onClosed();

        assertThat(command.closed).isTrue();
        assertThat(command.stdin.aborted).isTrue();
    }

    @Test
    void answersPingsAndRefusesWhatItDoesNotKnow() {
        SpdyClient client = client("v4.channel.k8s.io", new Streams(false, true, false, false));
        client.ping(7);
        client.open(1, type("error"));
        client.open(3, type("error"));
        client.open(1, type("stdout"));

        assertThat(client.heard()).containsExactly("ping 7", "reply 1", "reply 3", "reset 3 3", "reset 1 1");
    }

    @Test
    void breaksAConnectionThatSpeaksSomethingElse() {
        SpdyClient client = client("v4.channel.k8s.io", new Streams(false, true, false, false));
        client.bytes(new byte[] {(byte) 0x80, 3, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 99, 99});

        assertThat(client.received.aborted).isTrue();
    }

    @Test
    void breaksAConnectionWithAFrameBeyondAllBounds() {
        SpdyClient client = client("v4.channel.k8s.io", new Streams(false, true, false, false));
        client.bytes("\u0080\u0003\u0000\u0001\u0000\u007f\u00ff\u00ff".getBytes(StandardCharsets.ISO_8859_1));

        assertThat(client.received.aborted).isTrue();
    }
}
