package dev.amphora.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.amphora.api.StatusException;
import dev.amphora.rest.remote.ByteListener;
import dev.amphora.stream.BufferedSink;
import dev.amphora.stream.ByteSink;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Asks a kubelet to leave HTTP for another protocol, on behalf of a client that speaks none of its protocols. */
final class KubeletHandshake implements ByteSink {
    private static final int LARGEST_HEAD = 64 << 10;
    private static final int LARGEST_REFUSAL = 20_000;
    private static final String LENGTH = "content-length:";

    private final CompletableFuture<Agreed> agreed = new CompletableFuture<>();
    private final CompletableFuture<ByteSink> link = new CompletableFuture<>();
    private final BufferedSink received = new BufferedSink();
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream();
    /** The status of an answer that declines, while its body is on its way; 0 before. */
    private int declined;

    private int bodyLength = LARGEST_REFUSAL;

    private KubeletHandshake() {}

    /**
     * A connection that has left HTTP.
     *
     * @param head the lines of the kubelet's answer
     * @param out to the kubelet
     * @param received what comes from it, kept until it is known where it goes
     */
    record Agreed(List<String> head, ByteSink out, BufferedSink received) {
        /** Lets somebody speak with the kubelet from here on. */
        void join(ByteListener listener) {
            listener.onOpen(out);
            received.connect(new Heard(listener));
        }
    }

    /**
     * Connects and asks.
     *
     * @param question the head of the request
     * @return completes when the kubelet agrees; exceptionally with a {@link StatusException} of the kubelet's code and text if it
     *     declines, or with what kept the connection from coming about
     */
    static CompletionStage<Agreed> ask(ProxyUpgrade.Dial dial, byte[] question) {
        KubeletHandshake handshake = new KubeletHandshake();
        dial.connect(handshake).whenComplete((connected, failure) -> {
            if (failure != null) {
                handshake.agreed.completeExceptionally(failure);
            } else {
                handshake.link.complete(connected);
                connected.write(question);
            }
        });
        return handshake.agreed;
    }

    @Override
    public CompletionStage<@Nullable Void> write(byte[] piece) {
        if (agreed.isDone()) {
            return received.write(piece);
        }
        begun.writeBytes(piece);
        if (declined == 0) {
            String text = begun.toString(ISO_8859_1);
            int end = text.indexOf("\r\n\r\n");
            if (end >= 0) {
                byte[] rest = Arrays.copyOfRange(begun.toByteArray(), end + 4, begun.size());
                begun.reset();
                answered(List.of(text.substring(0, end).split("\r\n")), rest);
            } else if (begun.size() > LARGEST_HEAD) {
                abort();
            }
        } else {
            declineWhenWhole();
        }
        return READY;
    }

    private void answered(List<String> head, byte[] rest) {
        String[] words = head.get(0).split(" ", 3);
        int status = words.length > 1 && words[1].matches("[1-5][0-9][0-9]") ? Integer.parseInt(words[1]) : 502;
        if (status == 101) {
            if (rest.length > 0) {
                received.write(rest);
            }
            link.thenAccept(out -> agreed.complete(new Agreed(head, out, received)));
            return;
        }
        declined = status;
        for (String line : head) {
            String lower = line.toLowerCase(Locale.ROOT);
            if (lower.matches(LENGTH + " *[0-9]{1,9}")) {
                bodyLength = Math.min(
                        bodyLength,
                        Integer.parseInt(lower.substring(LENGTH.length()).strip()));
            }
        }
        begun.writeBytes(rest);
        declineWhenWhole();
    }

    private void declineWhenWhole() {
        if (begun.size() >= bodyLength) {
            decline();
        }
    }

    private void decline() {
        agreed.completeExceptionally(
                StatusException.of(declined, "", begun.toString(UTF_8).strip(), null));
        link.thenAccept(ByteSink::abort);
    }

    @Override
    public void end() {
        if (agreed.isDone()) {
            received.end();
        } else if (declined > 0) {
            decline();
        } else {
            agreed.completeExceptionally(new EOFException("the connection ended before an answer came"));
        }
    }

    @Override
    public void abort() {
        if (agreed.isDone()) {
            received.abort();
        } else {
            agreed.completeExceptionally(new EOFException("the connection broke before an answer came"));
            link.thenAccept(ByteSink::abort);
        }
    }

    /** What a kubelet sends, for one who listens. */
    private record Heard(ByteListener listener) implements ByteSink {
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
    }
}
