package dev.amphora.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.common.collect.ImmutableSet;
import dev.amphora.rest.remote.ByteListener;
import dev.amphora.stream.BufferedSink;
import dev.amphora.stream.ByteSink;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request through the proxy that asks for another protocol, such as WebSocket: once the other end agrees, bytes pass in both directions. */
final class ProxyUpgrade implements ByteSink, ByteListener {
    private static final Set<String> NOT_FORWARDED =
            ImmutableSet.of("authorization", "host", "content-length", "transfer-encoding");
    private static final int LARGEST_HEAD = 64 << 10;
    private static final int LARGEST_BODY = 1 << 20;

    private final HttpCall call;
    private final Dial dial;
    private final byte[] question;
    private final Consumer<Throwable> unreachable;
    private final BufferedSink toClient = new BufferedSink();
    private final ByteArrayOutputStream head = new ByteArrayOutputStream();
    private @Nullable ByteSink link;
    /** An answer that declines, while its body is on its way. */
    private @Nullable HttpAnswer declined;

    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private long bodyLength;
    private volatile boolean answered;

    /** Connects to the other end. */
    interface Dial {
        /**
         * Connects.
         *
         * @param received where goes what comes from there
         * @return completes with the way there
         */
        CompletionStage<ByteSink> connect(ByteSink received);
    }

    /**
     * An upgrade to be asked for.
     *
     * @param question the head of the request, as it goes out
     * @param unreachable answers if there is nobody to ask
     */
    ProxyUpgrade(HttpCall call, Dial dial, byte[] question, Consumer<Throwable> unreachable) {
        this.call = call;
        this.dial = dial;
        this.question = question;
        this.unreachable = unreachable;
    }

    void run() {
        dial.connect(this).whenComplete((connected, failure) -> {
            if (failure != null) {
                unreachable.accept(failure);
                return;
            }
            synchronized (this) {
                link = connected;
            }
            connected.write(question);
        });
    }

    /** Waits no longer for the other end, if it has not answered yet. */
    void giveUp() {
        if (!answered) {
            close();
        }
    }

    /** The head of a request that is passed on to a pod, a service or a node. */
    static byte[] question(HttpCall call, String host, String path) {
        StringBuilder text = new StringBuilder(call.method() + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n");
        for (String name : call.headerNames()) {
            if (!NOT_FORWARDED.contains(name.toLowerCase(Locale.ROOT))) {
                // a token that travels among the subprotocols is for this server alone
                List<String> values =
                        name.equalsIgnoreCase("Sec-WebSocket-Protocol") ? call.offeredProtocols() : call.headers(name);
                for (String value : values) {
                    text.append(name).append(": ").append(value).append("\r\n");
                }
            }
        }
        return text.append("\r\n").toString().getBytes(ISO_8859_1);
    }

    // ---- what the other end sends -----------------------------------------------------------------------------------

    @Override
    public CompletionStage<@Nullable Void> write(byte[] piece) {
        if (answered) {
            return toClient.write(piece);
        }
        if (declined != null) {
            more(piece);
            return READY;
        }
        head.writeBytes(piece);
        String text = head.toString(ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        if (end >= 0) {
            answer(text.substring(0, end).split("\r\n"), Arrays.copyOfRange(head.toByteArray(), end + 4, head.size()));
        } else if (head.size() > LARGEST_HEAD) {
            fail("the head of the answer is too long");
        }
        return READY;
    }

    private void answer(String[] lines, byte[] rest) {
        String[] words = lines[0].split(" ", 3);
        int status = words.length > 1 && words[1].matches("[1-5][0-9][0-9]") ? Integer.parseInt(words[1]) : 502;
        HttpAnswer answer = new HttpAnswer(status, new byte[0]);
        bodyLength = Long.MAX_VALUE;
        for (String line : List.of(lines).subList(1, lines.length)) {
            int colon = line.indexOf(':');
            if (colon > 0
                    && (status == 101
                            || !NOT_FORWARDED.contains(line.substring(0, colon).toLowerCase(Locale.ROOT)))) {
                answer.with(line.substring(0, colon), line.substring(colon + 1).strip());
            }
            if (line.toLowerCase(Locale.ROOT).matches("content-length: *[0-9]{1,10}")) {
                bodyLength = Long.parseLong(line.substring(colon + 1).strip());
            }
        }
        if (status == 101) {
            answered = true;
            if (rest.length > 0) {
                toClient.write(rest);
            }
            call.upgrade(answer, this);
        } else {
            declined = answer;
            more(rest);
        }
    }

    /** A part of the body of an answer that declines, which is over at its length or with the connection. */
    private void more(byte[] piece) {
        body.writeBytes(piece);
        if (body.size() >= bodyLength || body.size() > LARGEST_BODY) {
            decline();
        }
    }

    private void decline() {
        HttpAnswer given = declined;
        if (given != null) {
            answered = true;
            HttpAnswer answer = new HttpAnswer(given.status(), body.toByteArray());
            given.headers().forEach(header -> answer.with(header.getKey(), header.getValue()));
            call.answer(answer);
            close();
        }
    }

    @Override
    public void end() {
        if (answered) {
            toClient.end();
        } else if (declined != null) {
            decline();
        } else {
            fail("the connection ended before an answer came");
        }
    }

    @Override
    public void abort() {
        if (answered) {
            toClient.abort();
        } else {
            fail("the connection broke before an answer came");
        }
    }

    private void fail(String why) {
        answered = true;
        unreachable.accept(new EOFException(why));
        close();
    }

    // ---- what the client sends --------------------------------------------------------------------------------------

    @Override
    public void onOpen(ByteSink out) {
        toClient.connect(out);
    }

    @Override
    public CompletionStage<?> onBytes(byte[] bytes) {
        ByteSink to = link();
        return to == null ? READY : to.write(bytes);
    }

    @Override
    public void onClosed() {
        close();
    }

    private void close() {
        ByteSink to = link();
        if (to != null) {
            to.abort();
        }
    }

    private synchronized @Nullable ByteSink link() {
        return link;
    }
}
