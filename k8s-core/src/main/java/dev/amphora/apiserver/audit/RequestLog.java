package dev.amphora.apiserver.audit;

import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A log that a person can read, one line for each request that is over: {@code 2026-01-31T09:00:00.123Z alice get /api/v1/pods?limit=500 200
 * 3.2ms}. Its policy is {@link #POLICY}.
 */
public final class RequestLog implements AuditSink {
    /** Tells of the end of every request. */
    public static final AuditPolicy POLICY =
            AuditPolicy.everything(AuditLevel.METADATA, AuditStage.REQUEST_RECEIVED, AuditStage.RESPONSE_STARTED);

    private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final Consumer<String> lines;

    /**
     * A log.
     *
     * @param lines takes each line, without a line end; safe for concurrent use
     */
    public RequestLog(Consumer<String> lines) {
        this.lines = lines;
    }

    @Override
    public void take(AuditEvent event) {
        String user = event.request().user().name();
        lines.accept("%s %s %s %s %d %s"
                .formatted(
                        MILLIS.format(event.received()),
                        user.isEmpty() ? "-" : user,
                        event.request().verb(),
                        printable(event.requestUri()),
                        event.code(),
                        text(Duration.between(event.received(), event.at()))));
    }

    /** A line stays a line, whatever a client sends. */
    private static String printable(String text) {
        return text.replaceAll("[^\\x21-\\x7e]", "?");
    }

    private static String text(Duration took) {
        return String.format(Locale.ROOT, "%.1fms", took.toNanos() / 1e6);
    }
}
