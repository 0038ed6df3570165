package dev.amphora.rest.remote;

import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Session;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One connection to a pod's port. */
final class ForwardedPort {
    private final String pod;
    private final int port;
    private final ByteSink data;
    private final ByteSink error;

    /** Says where goes what the client sends. */
    interface Receiver {
        void receive(ByteSink to);
    }

    /**
     * A connection to be made.
     *
     * @param pod as error messages name it
     * @param data to the client
     * @param error tells the client what went wrong; ended with the connection
     */
    ForwardedPort(String pod, int port, ByteSink data, ByteSink error) {
        this.pod = pod;
        this.port = port;
        this.data = data;
        this.error = error;
    }

    /** Makes the connection. */
    void open(Session.Dialer dialer, Receiver fromClient) {
        dialer.dial(port, new FromPod()).whenComplete((link, failure) -> {
            if (failure == null) {
                fromClient.receive(new ToPod(link));
                return;
            }
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            error.write(("error forwarding port %d to pod %s: %s".formatted(port, pod, cause.getMessage()))
                    .getBytes(StandardCharsets.UTF_8));
            fromClient.receive(ByteSink.discarding());
            error.end();
            data.end();
        });
    }

    private final class FromPod implements ByteSink {
        @Override
        public CompletionStage<@Nullable Void> write(byte[] piece) {
            return data.write(piece);
        }

        @Override
        public void end() {
            data.end();
            error.end();
        }

        @Override
        public void abort() {
            data.abort();
            error.end();
        }
    }

    private final class ToPod implements ByteSink {
        private final ByteSink link;

        ToPod(ByteSink link) {
            this.link = link;
        }

        @Override
        public CompletionStage<@Nullable Void> write(byte[] piece) {
            return link.write(piece);
        }

        @Override
        public void end() {
            link.end();
        }

        @Override
        public void abort() {
            link.abort();
            error.end();
        }
    }
}
