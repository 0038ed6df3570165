package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A watch; its events are gathered as they come. */
final class Watch implements Transport.Listener {
    private static final Duration TO_BEGIN = Duration.ofSeconds(10);
    private static final Duration NOT_TO_BEGIN = Duration.ofSeconds(2);
    private static final Duration TO_DELIVER = Duration.ofSeconds(10);
    private static final Duration TO_CLOSE = Duration.ofSeconds(30);
    /** What follows at once still counts. */
    private static final Duration AFTERMATH = Duration.ofMillis(100);

    private final Pace pace;
    private final Runnable leave;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final List<JsonNode> items = new ArrayList<>();
    private int status;
    private Map<String, List<String>> headers = Map.of();
    private boolean closed;

    /** Opens a watch and waits until its answer begins; for a short while only if none is expected to. */
    Watch(Server server, Pace pace, JsonNode spec) {
        this.pace = pace;
        this.leave = server.open(spec, this);
        boolean expected = !spec.has("status") || !spec.get("status").isNull();
        pace.until(expected ? TO_BEGIN : NOT_TO_BEGIN, this::began);
    }

    private synchronized boolean began() {
        return status != 0 || closed;
    }

    /** 0 if no answer began. */
    synchronized int status() {
        return status;
    }

    synchronized List<String> header(String name) {
        return headers.getOrDefault(name, List.of());
    }

    synchronized boolean closed() {
        return closed;
    }

    @Override
    public synchronized void onHead(int code, Map<String, List<String>> given) {
        status = code;
        headers = given;
    }

    @Override
    public synchronized void onBytes(byte[] piece) {
        for (byte b : piece) {
            if (b == '\n') {
                endLine();
            } else {
                line.write(b);
            }
        }
    }

    @Override
    public synchronized void onEnd() {
        endLine();
        closed = true;
    }

    private void endLine() {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (!text.isBlank()) {
            items.add(Trees.parse(text));
        }
    }

    /**
     * The next events, and whatever follows at once.
     *
     * @param count how many to wait for
     * @param closing whether to wait for the end
     * @param view what counts of the events that have come
     */
    List<JsonNode> take(int count, boolean closing, UnaryOperator<List<JsonNode>> view) {
        Duration patience = closing ? TO_CLOSE : TO_DELIVER;
        pace.until(patience, () -> closed() || (!closing && gathered(view).size() >= count));
        if (!closed()) {
            pace.pause(AFTERMATH);
        }
        synchronized (this) {
            List<JsonNode> taken = gathered(view);
            items.clear();
            return taken;
        }
    }

    private synchronized List<JsonNode> gathered(UnaryOperator<List<JsonNode>> view) {
        return new ArrayList<>(view.apply(items));
    }

    void stop() {
        leave.run();
    }
}
