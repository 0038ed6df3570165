package dev.amphora.rest.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.stream.BufferedSink;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SpdyCommandClientTest {
    private final Recorder.Command command = new Recorder.Command();
    private final Recorder stdout = new Recorder();
    private final Recorder stderr = new Recorder();

    /** A client whose connection leads to a kubelet. */
    private Session session(Streams streams, CompletionStage<Session.Starter> found) {
        ByteListener kubelet = SpdyCommand.serving("v4.channel.k8s.io", streams, found);
        return SpdyCommandClient.start(streams, new Output(stdout, stderr), client -> {
            BufferedSink back = new BufferedSink();
            kubelet.onOpen(back);
            client.onOpen(to(kubelet));
            back.connect(to(client));
        });
    }

    private static ByteSink to(ByteListener listener) {
        return new ByteSink() {
            @Override
            public CompletionStage<@Nullable Void> write(byte[] piece) {
                return listener.onBytes(piece).thenApply(taken -> null);
            }

            @Override
            public void end() {
                listener.onClosed();
            }

            @Override
            public void abort() {
                listener.onClosed();
            }
        };
    }

    @Test
    void carriesInputOutputAndTheExitCode() {
        Session session = session(new Streams(true, true, true, false), command.found());
        session.stdin().write("in".getBytes(StandardCharsets.UTF_8));
        session.stdin().end();
        command.prints("out");
        command.complains("err");
        assertThat(session.exitCode().toCompletableFuture()).isNotDone();
        command.exitCode.complete(3);

        assertThat(command.stdin.text()).isEqualTo("in");
        assertThat(command.stdin.ended).isTrue();
        assertThat(stdout.text()).isEqualTo("out");
        assertThat(stderr.text()).isEqualTo("err");
        assertThat(session.exitCode().toCompletableFuture().join()).isEqualTo(3);
    }

    @Test
    void passesOnTheSizeOfATerminal() {
        Session session = session(new Streams(true, true, false, true), command.found());
        session.resize(80, 24);

        assertThat(command.columns).isEqualTo(80);
        assertThat(command.rows).isEqualTo(24);
    }

    @Test
    void tellsSuccess() {
        Session session = session(new Streams(false, true, false, false), command.found());
        command.exitCode.complete(0);

        assertThat(session.exitCode().toCompletableFuture().join()).isZero();
    }

    @Test
    void tellsInTheKubeletsWordsWhyACommandCannotRun() {
        Session session = session(
                new Streams(false, true, false, false),
                CompletableFuture.failedStage(new IllegalStateException("no such program")));

        assertThatThrownBy(() -> session.exitCode().toCompletableFuture().join())
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOf(KubeletFailure.class)
                .hasMessage("Internal error occurred: error executing command in container: no such program");
    }

    @Test
    void aBrokenConnectionIsNoSuccess() {
        Streams streams = new Streams(false, true, false, false);
        Session session = SpdyCommandClient.start(streams, new Output(stdout, stderr), client -> {
            client.onOpen(new Recorder());
            client.onClosed();
        });

        assertThatThrownBy(() -> session.exitCode().toCompletableFuture().join())
                .hasRootCauseMessage("error reading from error stream: EOF");
    }

    @Test
    void aClientThatLeavesLetsGoOfTheCommand() {
        Session session = session(new Streams(true, true, true, false), command.found());
        session.close();

        assertThat(command.closed).isTrue();
    }
}
